"""SATRN: generation against reading a given text, positions, padded columns, and keys."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.rec_satrn_head import AdaptivePositions, EncoderKeys, sinusoids

CLASSES, LENGTH = 7, 4
KEYS = {"n_layers": 2, "n_head": 2, "d_k": 4, "d_v": 3, "d_model": 8, "d_inner": 8, "dropout": 0.0, "n_position": 9}


def build(enc=None, dec=None, in_channels=8):
    paddle.seed(3)
    enc_cfg, dec_cfg = {**KEYS, **(enc or {})}, {**KEYS, "d_embedding": 8, "max_seq_len": LENGTH, **(dec or {})}
    section = {"name": "SATRNHead", "enc_cfg": enc_cfg, "dec_cfg": dec_cfg}
    head = build_head(section, "rec", in_channels=in_channels, out_channels=CLASSES)
    head.encoder.eval()  # batch normalisation is the same in training and in use
    return head


def test_generating_is_reading_what_was_generated():
    head, x, ratio = build({}, {"start_idx": 91}), paddle.rand([2, 8, 3, 6]) * 4, paddle.to_tensor([0.5, 1.0])
    head.training = False
    generated = head(x, [None, ratio]).numpy()
    assert generated.shape == (2, LENGTH, CLASSES - 1)
    start = np.full([2, 1], CLASSES - 2)
    text = np.concatenate([start, generated.argmax(axis=2)[:, :-1]], axis=1)
    head.training = True
    logits = head(x, [paddle.to_tensor(text), ratio])
    np.testing.assert_allclose(paddle.nn.functional.softmax(logits, axis=-1).numpy(), generated, rtol=1e-4, atol=1e-6)


def test_no_step_sees_what_follows():
    head, x = build(), paddle.rand([1, 8, 3, 6])
    first, second = (head(x, [paddle.to_tensor([[5, 1, last, 2]]), None]).numpy() for last in (3, 4))
    np.testing.assert_allclose(first[:, :2], second[:, :2], atol=1e-6)
    assert np.abs(first[:, 2:] - second[:, 2:]).max() > 1e-3


def test_rows_and_columns_have_tables_of_their_own():
    positions = AdaptivePositions(EncoderKeys(**KEYS))
    table = sinusoids(9, 8)
    np.testing.assert_allclose(table[2, :4], np.sin([2, 2 + np.pi / 2, 0.2, 0.2 + np.pi / 2]), rtol=1e-5)
    for scale in (positions.h_scale, positions.w_scale):
        scale[2].weight.set_value(paddle.zeros_like(scale[2].weight))
        scale[2].bias.set_value(paddle.full([8], 0.0 if scale is positions.h_scale else -50.0))
    expected = np.broadcast_to(table[:3].T[None, :, :, None] / 2, [1, 8, 3, 6])  # sigmoid(0) of rows, none of columns
    np.testing.assert_allclose(positions(paddle.zeros([1, 8, 3, 6])).numpy(), expected, atol=1e-6)
    positions.w_position_encoder.set_value(paddle.zeros_like(positions.w_position_encoder))
    assert float(positions.h_position_encoder.abs().max()) == 1.0


def test_columns_of_padding_get_no_attention():
    # each of the two 3x3 convolutions of the encoder sees a column further
    head, ratio = build({"n_layers": 1}), paddle.to_tensor([0.5])
    x = paddle.rand([1, 8, 3, 8])
    x = x - x.mean(axis=[2, 3], keepdim=True)
    moved = x.clone()
    moved[..., 6:] = paddle.flip(x[..., 6:], axis=[3])  # the mean over the map stays
    label = paddle.to_tensor([[CLASSES - 2, 1, 2]])
    np.testing.assert_allclose(head(moved, [label, ratio]).numpy(), head(x, [label, ratio]).numpy(), atol=1e-6)
    assert float((head(moved, [label, None]) - head(x, [label, None])).abs().max()) > 1e-5


@pytest.mark.parametrize(
    "changes, message",
    [
        (({"n_heads": 2}, {}), "enc_cfg: the encoder has no key 'n_heads'"),
        (({}, {"dropout": 1.5}), "dec_cfg: 'dropout' must be"),
        (({}, {"d_embedding": 4}), r"'d_model' and 'd_embedding' must be one number, not \[4, 8\]"),
        (({}, {}, 6), r"must be one number, not \[6, 8\]"),
    ],
)
def test_keys_that_do_not_fit_are_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        build(*changes)
