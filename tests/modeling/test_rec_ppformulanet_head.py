"""The decoder of formulas gives with past keys and values what it gives without, one sub-word or three at a time."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.architectures import build_model
from ppocr.modeling.heads import build_head
from ppocr.modeling.layers.generation import end_texts
from ppocr.modeling.layers.mbart import hidden_from
from ppocr.text.subword import END, PADDING

CLASSES, STEPS = 12, 9


def head(step=1, **more):
    paddle.seed(3)
    config = {
        "name": "PPFormulaNet_Head", "out_channels": CLASSES, "encoder_hidden_size": 8, "decoder_hidden_size": 32,
        "decoder_layers": 2, "decoder_ffn_dim": 16, "max_new_tokens": STEPS, "use_parallel": step > 1,
        "parallel_step": step, **more,
    }  # fmt: skip
    built = build_head(config, "rec", in_channels=8)
    for parameter in built.parameters():
        parameter.set_value(paddle.randn(parameter.shape))
    built.eval()
    return built


def blocks(length, step):
    group = paddle.arange(length) // step
    return hidden_from((group.unsqueeze(0) > group.unsqueeze(1))[None, None], "float32")


def generated_without_past(built, memories, step):
    """Reads all that was given so far again for each step."""
    tokens = paddle.zeros([memories[0][0].shape[0], step], "int64")
    ended = paddle.zeros([tokens.shape[0], 1], "bool")
    while tokens.shape[1] < step + STEPS and not bool(ended.all()):
        scores, _ = built.decoder(tokens, memories, blocks(tokens.shape[1], step))
        new, ended = end_texts(scores[:, -step:].argmax(axis=2), ended, END, PADDING)
        tokens = paddle.concat([tokens, new], axis=1)
    return tokens.numpy()


@pytest.mark.parametrize("step", [1, 3])
@paddle.no_grad()
def test_past_keys_and_values_change_nothing(step):
    built, x = head(step), paddle.randn([4, 5, 8])
    memories = built.decoder.model.decoder.memories(built.enc_to_dec_proj(x))
    given = built(x).numpy()
    assert given.shape[1] <= step + STEPS and len(np.unique(given)) > 2
    np.testing.assert_array_equal(given, generated_without_past(built, memories, step))


def test_padding_stands_behind_the_first_end():
    tokens, ended = end_texts(
        paddle.to_tensor([[5, 2, 6], [5, 6, 7], [5, 6, 7]]), paddle.to_tensor([[False]] * 2 + [[True]]), END, PADDING
    )
    assert tokens.tolist() == [[5, 2, 1], [5, 6, 7], [1, 1, 1]]
    assert ended.tolist() == [[True], [False], [True]]


@pytest.mark.parametrize("step", [1, 3])
def test_what_follows_is_not_seen_while_learning(step):
    built, x = head(step), paddle.randn([1, 5, 8])
    built.train()
    present = paddle.ones([1, 8], "int64")
    label = paddle.to_tensor([[0, 4, 5, 6, 7, 8, 9, 2]])
    other = paddle.to_tensor([[0, 4, 5, 6, 7, 8, 3, 2]])
    with paddle.no_grad():
        for layer in built.sublayers():
            if isinstance(layer, paddle.nn.Dropout):
                layer.p = 0.0
        scores = [built(x, (one, present)).numpy() for one in (label, other)]

    unseen = 6  # the entry that differs is in the last group that is read
    np.testing.assert_array_equal(scores[0][:, :unseen], scores[1][:, :unseen])


def test_a_width_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="'encoder_hidden_size' must be the width of what the head reads, 8, not 9"):
        head(encoder_hidden_size=9)
    with pytest.raises(ValueError, match="'parallel_step' must be 1 or more"):
        head(0, use_parallel=True)


@paddle.no_grad()
def test_a_grey_image_is_read_as_three_equal_channels_and_a_batch_as_its_parts():
    paddle.seed(1)
    width = {"encoder_hidden_size": 2048, "decoder_hidden_size": 16, "decoder_ffn_dim": 8, "decoder_layers": 1}
    model = build_model(
        {
            "model_type": "rec",
            "Backbone": {"name": "PPHGNetV2_B4_Formula", "class_num": 2},
            "Head": {"name": "PPFormulaNet_Head", "out_channels": CLASSES, "max_new_tokens": 4, **width},
        }
    )
    grey = paddle.randn([2, 1, 64, 64])
    model.eval()
    given = model(grey).numpy()
    np.testing.assert_array_equal(given, model(grey.expand([-1, 3, -1, -1])).numpy())
    np.testing.assert_array_equal(given, model([grey]).numpy())
    model.train()
    label = paddle.to_tensor([[0, 4, 5, 2]] * 2)
    assert model([grey, label, paddle.ones_like(label)]).shape == [2, 3, CLASSES]
    with pytest.raises(ConfigError, match="reads images of 3 channels, the data gives 2"):
        model(paddle.zeros([2, 2, 64, 64]))
