"""CAN: reading with and without the true symbols, masks, counts, positions."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.architectures import build_model
from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.rec_can_head import START, positions

CLASSES, LENGTH = 5, 3


def build(**keys):
    paddle.seed(3)
    attdecoder = {"input_size": 4, "hidden_size": 6, "attention": {"attention_dim": 8}, **keys}
    section = {"name": "CANHead", "max_text_length": LENGTH, "attdecoder": attdecoder}
    head = build_head(section, "rec", in_channels=8, out_channels=CLASSES)
    head.eval()
    return head


def test_reading_alone_is_reading_what_was_read():
    head, x = build(word_num=5), paddle.rand([2, 8, 2, 3]) * 4
    alone = head(x)[0].numpy()
    assert alone.shape == (2, LENGTH, CLASSES)
    read = paddle.to_tensor(alone.argmax(axis=2))
    np.testing.assert_allclose(head(x, [None, read])[0].numpy(), alone, rtol=1e-5, atol=1e-6)


def test_reading_stops_when_all_formulas_have_ended():
    head, x = build(), paddle.rand([2, 8, 2, 3])
    head.decoder.word_convert.bias.set_value(paddle.to_tensor([50.0, 0, 0, 0, 0]))
    assert head(x)[0].shape == [2, 1, CLASSES]


def test_without_is_train_an_evaluation_does_not_see_the_label():
    head, x = build(is_train=False), paddle.rand([2, 8, 2, 3])
    label = paddle.to_tensor([[2], [3]])
    np.testing.assert_array_equal(head(x, [None, label])[0].numpy(), head(x)[0].numpy())
    head.train()
    assert head(x, [None, label])[0].shape == [2, 1, CLASSES]


def test_the_first_symbol_follows_the_start():
    head, x = build(), paddle.rand([1, 8, 2, 3])
    before = head(x)[0].numpy()
    weight = head.decoder.embedding.weight.numpy()
    weight[START] += 1.0
    head.decoder.embedding.weight.set_value(weight)
    assert np.abs(head(x)[0].numpy() - before)[:, 0].max() > 1e-3


def test_counts_are_sums_over_what_is_image():
    head, x = build(), paddle.rand([1, 8, 2, 4])
    mask = paddle.ones([1, 1, 32, 64])
    mask[..., 32:] = 0.0
    decoder = head.counting_decoder1
    decoder.pred_layer[0].weight.set_value(paddle.zeros_like(decoder.pred_layer[0].weight))
    label = paddle.to_tensor([[2]])
    _, mean, first, second = head(x, [mask, label])
    np.testing.assert_allclose(first.numpy(), np.full([1, CLASSES], 2 * 2 * 0.5), rtol=1e-6)  # sigmoid(0) at 4 places
    np.testing.assert_allclose(mean.numpy(), (first.numpy() + second.numpy()) / 2, rtol=1e-6)


def test_positions_are_shares_of_the_image():
    found = positions(paddle.to_tensor([[[1.0, 1.0, 0.0]]]), 4).numpy()
    assert found.shape == (1, 1, 3, 4)
    np.testing.assert_allclose(found[0, 0, :2, 2], np.sin(2 * np.pi * np.array([0.5, 1.0])), atol=1e-5)
    np.testing.assert_allclose(found[0, 0, :2, 3], np.cos(2 * np.pi * np.array([0.5, 1.0])), atol=1e-5)


def test_a_plain_list_holds_the_image_and_what_is_fed():
    architecture = {
        "model_type": "rec",
        "in_channels": 1,
        "Backbone": {"name": "DenseNet", "growthRate": 1},
        "Head": {"name": "CANHead", "out_channels": CLASSES, "attdecoder": {"input_size": 4, "hidden_size": 6}},
    }
    model = build_model(architecture)
    model.eval()
    image, mask, label = paddle.rand([1, 1, 32, 32]), paddle.ones([1, 1, 32, 32]), paddle.to_tensor([[2, 0]])
    listed = model([image, mask, label])[0].numpy()
    np.testing.assert_array_equal(listed, model(image, data={"image_mask": mask, "label": label})[0].numpy())


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"hidden": 3}, "attdecoder: the decoder has no key 'hidden'"),
        ({"attention": {"dim": 3}}, "attdecoder: the attention has no key 'dim'"),
    ],
)
def test_keys_that_are_none_are_named(keys, message):
    with pytest.raises(ConfigError, match=message):
        build(**keys)
