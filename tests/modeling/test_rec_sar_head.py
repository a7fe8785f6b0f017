"""SARHead: generation against reading a given text, and padded columns."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.heads import build_head
from ppocr.modeling.layers.valid_width import valid_columns

CLASSES, LENGTH = 7, 4


def build(**config):
    paddle.seed(3)
    sizes = {"enc_dim": 8, "d_k": 6, "max_text_length": LENGTH, "pred_dropout": 0.0, "enc_drop_rnn": 0.0}
    return build_head({"name": "SARHead", **sizes, **config}, "rec", in_channels=5, out_channels=CLASSES)


def test_valid_columns():
    ratio = paddle.to_tensor([0.0, 0.3, 0.5, 1.0])
    assert valid_columns(ratio, 10).tolist() == [1, 3, 5, 10]


@pytest.mark.parametrize(
    "config", [{}, {"enc_bi_rnn": True}, {"enc_gru": True, "dec_gru": True}, {"pred_concat": False}]
)
def test_generating_is_reading_what_was_generated(config):
    head, x, ratio = build(**config), paddle.rand([2, 5, 3, 6]), paddle.to_tensor([0.5, 1.0])
    head.eval()
    generated = head(x, [paddle.zeros([2, LENGTH], "int64"), ratio]).numpy()
    assert generated.shape == (2, LENGTH, CLASSES - 1)
    np.testing.assert_allclose(generated.sum(axis=2), np.ones([2, LENGTH]), rtol=1e-5)
    start = np.full([2, 1], CLASSES - 2)
    label = np.concatenate([start, generated.argmax(axis=2)[:, :-1]], axis=1)
    head.train()
    logits = head(x, [paddle.to_tensor(label), ratio])
    np.testing.assert_allclose(paddle.nn.functional.softmax(logits, axis=-1).numpy(), generated, rtol=1e-4, atol=1e-6)


def test_a_decoder_of_both_directions_generates():
    head = build(dec_bi_rnn=True)
    head.eval()
    out = head(paddle.rand([2, 5, 3, 6])).numpy()
    np.testing.assert_allclose(out.sum(axis=2), np.ones([2, LENGTH]), rtol=1e-5)


def test_columns_of_padding_are_not_seen():
    # the last column of the image sees one beyond it in the 3x3 convolution
    head, x, ratio = build(), paddle.rand([1, 5, 3, 8]), paddle.to_tensor([0.5])
    label = paddle.to_tensor([[CLASSES - 2, 1, 2]])
    moved = x.clone()
    moved[..., 5:] = 9.0
    np.testing.assert_allclose(head(moved, [label, ratio]).numpy(), head(x, [label, ratio]).numpy(), atol=1e-6)
    assert float((head(moved, [label, None]) - head(x, [label, None])).abs().max()) > 1e-3


def test_names_and_sizes():
    state = build(enc_bi_rnn=True, dec_bi_rnn=True).state_dict()
    assert state["decoder.embedding.weight"].shape == [CLASSES, 16]
    assert state["decoder.prediction.weight"].shape == [5 + 16 + 32, CLASSES - 1]
    assert build(pred_concat=False).state_dict()["decoder.prediction.weight"].shape == [5, CLASSES - 1]
