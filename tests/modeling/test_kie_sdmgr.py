"""SDMGR on pages of different sizes."""

import numpy as np
import paddle
import pytest

from ppocr.engine.forward import call_model
from ppocr.losses import build_loss
from ppocr.metrics import build_metric
from ppocr.modeling.architectures import build_model
from ppocr.modeling.heads.kie_sdmgr_head import attention_mask


@pytest.fixture(scope="module")
def model():
    paddle.seed(0)
    sizes = {"fusion_dim": 40, "node_input": 4, "node_embed": 6, "edge_embed": 6, "num_classes": 3}
    built = build_model(
        {"model_type": "kie", "Backbone": {"name": "Kie_backbone"}, "Head": {"name": "SDMGRHead", **sizes}}
    )
    built.eval()
    return built


def pages(counts):
    """Pages of some boxes in fields that have room for four."""
    rng, number = np.random.default_rng(0), len(counts)
    fields = [
        rng.random((2, 3, 32, 32)), rng.random((2, 4, 4, 5)), rng.integers(1, 9, (2, 4, 6)),
        np.tile([4, 4, 20, 12], (2, 4, 1)), rng.integers(0, 2, (2, 4, 5)), np.zeros((2, 2)), np.full((2, 2), 32),
    ]  # fmt: skip
    kinds = ["float32", "float32", "int64", "float32", "int64", "int64", "int64"]
    fields = [paddle.to_tensor(field[:number].astype(kind)) for field, kind in zip(fields, kinds)]
    fields[5] = paddle.to_tensor([[count, 6] for count in counts])
    return fields


def test_a_page_does_not_depend_on_its_neighbour(model):
    (nodes, edges), (first, between) = call_model(model, pages([2, 4])), call_model(model, pages([2]))
    assert nodes.shape == [6, 3] and edges.shape == [4 + 16, 2]
    np.testing.assert_allclose(nodes[:2].numpy(), first.numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(edges[:4].numpy(), between.numpy(), rtol=1e-4, atol=1e-5)


def test_boxes_look_at_others_and_at_themselves_only_where_they_are_alone():
    weights = paddle.nn.functional.softmax(attention_mask([3, 1])[..., 0], axis=2).numpy()
    np.testing.assert_allclose(weights[0], [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]], atol=1e-20)
    np.testing.assert_allclose(weights[1, 0], [1, 0, 0], atol=1e-20)


def test_loss_and_metric_read_only_the_boxes_that_are_there(model):
    batch = pages([2, 4])
    predictions = call_model(model, batch)
    losses, judged = build_loss({"name": "SDMGRLoss"})(predictions, batch), build_metric({"name": "KIEMetric"})
    batch[4][0, 2:] = 0  # behind the boxes of the first page
    again = build_loss({"name": "SDMGRLoss"})(predictions, batch)
    assert float(losses["loss"]) == float(again["loss"]) and np.isfinite(float(losses["loss"]))
    perfect = np.eye(26)[[1, 3, 1, 3, 1, 3]]
    labels = np.zeros((2, 4, 5), np.int64)
    labels[0, :2, 0], labels[1, :, 0] = [1, 3], [1, 3, 1, 3]
    values = judged((perfect, None), [None] * 4 + [labels, batch[5].numpy()])
    assert values["hmean"] == pytest.approx(2 / 12)  # 2 of the 12 classes that count
    judged.add_unreadable(["x"])
    assert judged.remarks() == ["1 page could not be read: their boxes have no part in hmean"]


def test_gradients_stay_finite_where_products_are_zero(model):
    batch = pages([2, 4])
    batch[0] = paddle.zeros_like(batch[0])
    model.head.fusion.linear0.bias.set_value(paddle.zeros_like(model.head.fusion.linear0.bias))
    model.head.fusion.linear0.weight.set_value(paddle.zeros_like(model.head.fusion.linear0.weight))
    model.train()
    build_loss({"name": "SDMGRLoss"})(call_model(model, batch), batch)["loss"].backward()
    model.eval()
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    assert gradients and all(np.isfinite(gradient.numpy()).all() for gradient in gradients)
    model.clear_gradients()
