"""LaTeX-OCR and UniMERNet: their decoders with past keys and values, their backbones, their counts."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.losses.rec_formula_loss import counts_of
from ppocr.modeling.backbones import build_backbone
from ppocr.modeling.backbones.rec_donut_swin import relative_position_index, shifted_window_mask
from ppocr.modeling.backbones.rec_hybridvit import StandardisedConv, pad_evenly
from ppocr.modeling.heads import build_head
from ppocr.modeling.layers.generation import end_texts
from ppocr.modeling.layers.windows import from_windows, to_windows

CLASSES, STEPS, WIDTH = 12, 9, 32
LATEX = {"name": "LaTeXOCRHead", "embed_dim": 24, "depth": 2, "num_heads": 2, "max_seq_len": STEPS}
UNIMERNET = {
    "name": "UniMERNetHead", "encoder_hidden_size": WIDTH, "decoder_layers": 2, "decoder_ffn_dim": 8,
    "max_new_tokens": STEPS,
}  # fmt: skip
MARKS = {"LaTeXOCRHead": (1, 2, 0), "UniMERNetHead": (0, 2, 1)}  # start, end, padding


def head(config):
    paddle.seed(3)
    built = build_head({"out_channels": CLASSES, **config}, "rec", in_channels=WIDTH)
    for parameter in built.parameters():
        parameter.set_value(paddle.randn(parameter.shape))
    for layer in built.sublayers():
        if isinstance(layer, paddle.nn.Dropout):
            layer.p = 0.0
    return built


def scores(built, x, tokens):
    """Returns the scores of what follows each sub-word, as in learning but each sequence by itself."""
    built.train()
    label = paddle.concat([tokens, tokens[:, :1]], axis=1)
    rows = [built(x[i : i + 1], (label[i : i + 1], paddle.ones_like(label[i : i + 1]))) for i in range(x.shape[0])]
    return paddle.concat([row["logits"] if isinstance(row, dict) else row for row in rows])


@pytest.mark.parametrize("config", [LATEX, UNIMERNET, {**UNIMERNET, "length_aware": False}], ids=str)
@paddle.no_grad()
def test_past_keys_and_values_change_nothing(config):
    built, x = head(config), paddle.randn([4, 5, WIDTH])
    start, end, padding = MARKS[config["name"]]
    built.eval()
    given = built(x).numpy()
    tokens = paddle.full([4, 1], start, "int64")
    ended = paddle.zeros([4, 1], "bool")
    while tokens.shape[1] <= STEPS and not bool(ended.all()):
        new, ended = end_texts(scores(built, x, tokens)[:, -1:].argmax(axis=2), ended, end, padding)
        tokens = paddle.concat([tokens, new], axis=1)
    assert len(np.unique(given)) > 2
    np.testing.assert_array_equal(given, tokens.numpy())


@paddle.no_grad()
def test_a_result_does_not_depend_on_the_other_images():
    built, x = head(UNIMERNET), paddle.randn([3, 5, WIDTH])
    built.eval()
    together = built.decoder.counting_decoder(x).numpy()
    alone = np.concatenate([built.decoder.counting_decoder(x[i : i + 1]).numpy() for i in range(3)])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-4)
    built.train()
    alone = built.decoder.counting_decoder(x[:1]).numpy()
    np.testing.assert_allclose(together[:1], alone, rtol=1e-4, atol=1e-3)


def test_counts_are_of_what_follows_the_start():
    label = paddle.to_tensor([[0, 3, 3, 2, 1, 1], [0, 3, 4, 4, 4, 2]])
    assert counts_of(label, 5).tolist() == [[0, 0, 1, 2, 0], [0, 0, 1, 1, 3]]


@pytest.mark.parametrize(("key", "value"), [("cross_attend", False), ("rel_pos_bias", True), ("use_scalenorm", True)])
def test_a_decoder_that_is_not_there_is_refused(key, value):
    with pytest.raises(ConfigError, match=f"'{key}' must be {str(not value).lower()}"):
        head({**LATEX, "decoder_args": {key: value}})


@paddle.no_grad()
def test_a_kernel_is_read_with_mean_0_and_variance_1():
    conv, x = StandardisedConv(3, 4, 3), paddle.randn([1, 3, 5, 6])
    expected = conv(x)
    conv.weight.set_value(7 * conv.weight + 3)
    np.testing.assert_allclose(conv(x), expected, rtol=1e-3, atol=1e-3)


def test_padding_divides_the_size_by_the_stride_rounded_up():
    assert pad_evenly(paddle.zeros([1, 1, 5, 8]), 3, 2).shape == [1, 1, 7, 9]
    assert pad_evenly(paddle.ones([1, 1, 1, 4]), 3, 2)[0, 0].tolist() == [[0] * 5, [1, 1, 1, 1, 0], [0] * 5]
    assert pad_evenly(paddle.zeros([1, 1, 4, 4]), 1, 2).shape == [1, 1, 4, 4]


@paddle.no_grad()
def test_smaller_images_have_the_places_of_the_upper_left_part():
    config = {"name": "HybridTransformer", "img_size": [32, 64], "embed_dim": 8, "depth": 1, "num_heads": 1}
    model = build_backbone(config, "rec", in_channels=1)
    places = model.pos_embed[:, 1:].reshape([2, 4, 8])
    np.testing.assert_array_equal(model._places([2, 3])[0], places[:, :3].reshape([6, 8]))
    with pytest.raises(ConfigError, match=r"images of \[32, 80\] pixels are larger than Backbone.img_size, \[32, 64\]"):
        model(paddle.zeros([1, 1, 32, 80]))


def test_windows_go_to_and_fro():
    x = paddle.arange(2 * 4 * 6 * 3).reshape([2, 4, 6, 3])
    windows = to_windows(x, 2)
    assert windows.shape == [12, 4, 3]
    assert windows[1].tolist() == x[0, :2, 2:4].reshape([4, 3]).tolist()
    assert from_windows(windows, 2, 4, 6).tolist() == x.tolist()


def test_a_bias_belongs_to_a_distance():
    places = relative_position_index(3)
    assert places[4].tolist() == [18, 17, 16, 13, 12, 11, 8, 7, 6] and places[0, 8] == 0 and places[8, 0] == 24


def test_only_neighbours_of_a_moved_map_see_each_other():
    hidden = shifted_window_mask(4, 4, 2, 1)[:, 0] != 0
    assert shifted_window_mask(4, 4, 2, 1) is shifted_window_mask(4, 4, 2, 1)  # made once
    assert not hidden[0].any()  # from the middle of the map
    assert hidden[1].tolist() == [[i % 2 != j % 2 for j in range(4)] for i in range(4)]  # right border beside the left
    assert hidden[3].tolist() == [[i != j for j in range(4)] for i in range(4)]
