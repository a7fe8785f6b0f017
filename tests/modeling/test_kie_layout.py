"""Transformers of texts and their places: names of weights, padding, relations."""

import numpy as np
import paddle
import pytest

from ppocr.losses import build_loss
from ppocr.modeling.architectures import build_model
from ppocr.modeling.layers.relations import possible_pairs

SIZES = {
    "vocab_size": 9, "hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8,
    "max_position_embeddings": 8,
}  # fmt: skip


def build(name, **keys):
    paddle.seed(0)
    model = build_model({"model_type": "kie", "Backbone": {"name": name, **SIZES, **keys}})
    model.eval()
    return model


def page(count, padding=0):
    rng = np.random.default_rng(0)
    places = np.sort(rng.integers(0, 1001, (1, 8, 2, 2)), axis=2).reshape([1, 8, 4])
    words, mask = rng.integers(1, 9, (1, 8)), np.arange(8)[None] < count
    fields = (words, places, mask.astype(np.int64), np.zeros((1, 8), np.int64))
    return [paddle.to_tensor(field[:, : count + padding]) for field in fields]


@pytest.mark.parametrize("name", ["LayoutLMForSer", "LayoutXLMForSer"])
def test_padding_changes_nothing(name):
    model = build(name)
    found, padded = model(page(5)), model(page(5, padding=3))
    np.testing.assert_allclose(padded.numpy()[:, :5], found.numpy(), rtol=1e-4, atol=1e-5)
    assert found.shape == [1, 5, 7]


@pytest.mark.parametrize("name", ["LayoutLMForSer", "LayoutXLMForSer"])
def test_places_matter(name):
    words, places, mask, kinds = page(5)
    model = build(name)
    moved = model([words, (places + 100).clip(max=1000), mask, kinds])
    assert np.abs(moved.numpy() - model([words, places, mask, kinds]).numpy()).max() > 1e-3


def test_weights_have_their_published_names():
    names = set(build("LayoutLMForSer").state_dict())
    start = "backbone.model.layoutlm"
    assert {f"{start}.embeddings.position_ids", f"{start}.encoder.layers.0.self_attn.q_proj.weight"} <= names
    names = set(build("LayoutXLMForRe", mode="vi").state_dict())
    start = "backbone.model.layoutxlm"
    assert {f"{start}.visual_segment_embedding", f"{start}.encoder.layer.0.attention.self.query.bias"} <= names
    assert {f"backbone.model.extractor.{name}" for name in ("ffnn_head.3.bias", "rel_classifier.linear.bias")} <= names


def test_heads_share_the_width_of_sub_words():
    with pytest.raises(ValueError, match="no multiple of 5 heads"):
        build("LayoutLMForSer", num_attention_heads=5)


def test_each_question_is_paired_with_each_answer():
    entities = np.array([[0, 1, 1], [1, 2, 2], [2, 3, 0], [3, 4, 2]])
    assert possible_pairs(entities).tolist() == [[0, 1], [0, 3]]
    assert possible_pairs(entities[1:3]).tolist() == [[0, 1]]


def test_relations_are_learnt_and_found():
    model = build("LayoutXLMForRe", relation_dropout=0.0, dropout=0.0)
    entities = paddle.to_tensor([[[3, 3, 3], [0, 1, 1], [1, 2, 2], [3, 4, 2]]])
    batch = [*page(5), entities, paddle.to_tensor([[[1, 1], [0, 2]]])]
    loss, optimizer = build_loss({"name": "LossFromOutput"}), paddle.optimizer.Adam(0.01, parameters=model.parameters())
    model.train()
    for _ in range(30):
        given = loss(model(batch), batch)["loss"]
        given.backward()
        optimizer.step()
        optimizer.clear_grad()
    model.eval()
    outputs = model(batch)
    assert float(outputs["loss"]) < 0.1 and [found.tolist() for found in outputs["pred_relations"]] == [[[0, 2]]]


def test_a_page_without_entities_has_a_loss_all_the_same():
    nothing = paddle.zeros([1, 1, 3], "int64"), paddle.zeros([1, 1, 2], "int64")
    assert np.isfinite(float(build("LayoutXLMForRe")([*page(5), *nothing])["loss"]))
