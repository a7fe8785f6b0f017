"""RobustScanner: generation against reading a given text, its two branches, and padded columns."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.rec_robustscanner_head import DynamicFusion, glimpses

CLASSES, LENGTH = 7, 4


def build(**config):
    paddle.seed(3)
    sizes = {"enc_outchannles": 6, "max_text_length": LENGTH}
    return build_head({"name": "RobustScannerHead", **sizes, **config}, "rec", in_channels=5, out_channels=CLASSES)


def label(*classes):
    return paddle.to_tensor([[CLASSES - 2, *classes]])


@pytest.mark.parametrize(
    "config", [{}, {"encode_value": True}, {"mask": False}, {"hybrid_dec_rnn_layers": 1, "position_dec_rnn_layers": 1}]
)
def test_generating_is_reading_what_was_generated(config):
    head, x, ratio = build(**config), paddle.rand([2, 5, 3, 6]) * 4, paddle.to_tensor([0.5, 1.0])
    head.eval()
    generated = head(x, [None, ratio]).numpy()
    assert generated.shape == (2, LENGTH, CLASSES - 1)
    start = np.full([2, 1], CLASSES - 2)
    text = np.concatenate([start, generated.argmax(axis=2)[:, :-1]], axis=1)
    head.train()
    logits = head(x, [paddle.to_tensor(text), ratio])
    np.testing.assert_allclose(paddle.nn.functional.softmax(logits, axis=-1).numpy(), generated, rtol=1e-4, atol=1e-6)


def test_one_branch_follows_the_text_and_the_other_the_position():
    head, x = build(), paddle.rand([1, 5, 3, 6])
    decoder, seen = head.decoder, {}
    decoder.fusion_module.register_forward_pre_hook(lambda layer, given: seen.update(hybrid=given[0], placed=given[1]))
    head(x, [label(1, 2), None])
    first = dict(seen)
    head(x, [label(3, 2), None])
    assert np.array_equal(first["placed"].numpy(), seen["placed"].numpy())
    moved = np.abs((first["hybrid"] - seen["hybrid"]).numpy()).max(axis=(0, 2)) > 1e-6
    assert moved.tolist() == [False, True, True]  # what follows the other character


def test_columns_of_padding_are_not_seen():
    # two 3x3 convolutions of the position branch see two columns beyond the last one of the image
    head, x, ratio = build(), paddle.rand([1, 5, 3, 8]), paddle.to_tensor([0.5])
    moved = x.clone()
    moved[..., 6:] = 9.0
    text = label(1, 2)
    np.testing.assert_allclose(head(moved, [text, ratio]).numpy(), head(x, [text, ratio]).numpy(), atol=1e-6)
    assert float((head(moved, [text, None]) - head(x, [text, None])).abs().max()) > 1e-4
    unmasked = build(mask=False)
    assert np.array_equal(unmasked(x, [text, ratio]).numpy(), head(x, [text, None]).numpy())


def test_a_glimpse_weighs_places_by_unscaled_products():
    keys = paddle.to_tensor([[[[1.0, 0.0]], [[0.0, 2.0]]]])  # two channels, one row of two places
    values = paddle.to_tensor([[[[10.0, 20.0]]]])
    query = paddle.to_tensor([[[1.0, 1.0]]])
    weights = np.exp([1.0, 2.0]) / np.exp([1.0, 2.0]).sum()
    assert glimpses(query, keys, values, None).item() == pytest.approx(weights @ [10, 20], rel=1e-5)
    alone = glimpses(query, keys, values, paddle.to_tensor([[[[0.0, -1e9]]]]))
    assert alone.item() == pytest.approx(10, rel=1e-6)


def test_fusion_is_a_gate():
    fusion = DynamicFusion(1)
    fusion.linear_layer.weight.set_value(paddle.to_tensor([[2.0, 0.0], [0.0, 3.0]]))
    first, second = paddle.to_tensor([[[5.0]]]), paddle.to_tensor([[[0.5]]])
    assert fusion(first, second).item() == pytest.approx(10 / (1 + np.exp(-1.5)), rel=1e-5)
