"""The Transformer of NRTR: positions, causality, greedy and beam search."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.rec_nrtr_head import END, START
from ppocr.modeling.layers.transformer_block import PositionalEncoding

WIDTH, CLASSES = 8, 9


def build(seed=0, **config):
    paddle.seed(seed)
    sizes = {"d_model": WIDTH, "nhead": 2, "num_encoder_layers": 1, "num_decoder_layers": 2, "max_len": 6}
    section = {"name": "Transformer", **sizes, "dim_feedforward": 16, "residual_dropout_rate": 0.0, **config}
    head = build_head(section, "rec", in_channels=WIDTH, out_channels=CLASSES - 1)
    head.tgt_word_prj.weight.set_value(head.tgt_word_prj.weight * 4)  # decided enough to tell classes apart
    return head


def test_positions():
    pe = PositionalEncoding(4, 0.0, length=3).pe.numpy()
    assert pe.shape == (3, 1, 4)
    np.testing.assert_allclose(pe[2, 0], [np.sin(2), np.cos(2), np.sin(0.02), np.cos(0.02)], rtol=1e-5)


def test_no_step_sees_what_follows():
    head, x = build(), paddle.rand([1, 5, WIDTH])
    first, second = (head(x, [paddle.to_tensor([[START, 4, 5, last, END]])]).numpy() for last in (6, 7))
    assert first.shape == (1, 4, CLASSES)
    np.testing.assert_allclose(first[:, :3], second[:, :3], atol=1e-6)
    assert np.abs(first[:, 3] - second[:, 3]).max() > 1e-3


def forced(head, x, tokens):
    """Returns the log-probability of every class at every step of given texts."""
    head.train()
    label = paddle.concat([tokens, tokens[:, -1:]], axis=1)
    scores = paddle.nn.functional.log_softmax(head(x, [label]), axis=-1).numpy()
    head.eval()
    return scores


def test_greedy_follows_the_likeliest_class():
    head, x = build(), paddle.rand([2, 5, WIDTH])
    head.eval()
    tokens, chances = head(x)
    assert tokens.shape == chances.shape and tokens[:, 0].tolist() == [START, START]
    scores = forced(head, x, tokens)
    for line in range(2):
        for step in range(1, tokens.shape[1]):
            if END in tokens[line, :step].tolist():
                break
            assert int(tokens[line, step]) == scores[line, step - 1].argmax()
            assert float(chances[line, step]) == pytest.approx(np.exp(scores[line, step - 1].max()), rel=1e-4)


def text_probability(chances):
    return float(chances.prod())


@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_the_likeliest_text(seed):
    x = paddle.rand([1, 5, WIDTH])
    greedy, wide = build(seed, max_len=3), build(seed, max_len=3, beam_size=CLASSES)
    wide.set_state_dict(greedy.state_dict())
    greedy.eval(), wide.eval()
    best, tokens = 0.0, None
    for first in range(CLASSES):
        scores = np.exp(forced(greedy, x, paddle.to_tensor([[START, first]])))
        value = scores[0, 0, first] * (1.0 if first == END else scores[0, 1].max())
        if value > best:
            best, tokens = value, [first] if first == END else [first, int(scores[0, 1].argmax())]
    found, chances = wide(x)
    assert text_probability(chances) == pytest.approx(best, rel=1e-3)
    assert found[0, 1 : 1 + len(tokens)].tolist() == tokens
    assert text_probability(greedy(x)[1]) <= best * 1.001


def test_it_stops_when_every_text_has_ended(monkeypatch):
    head = build()
    head.eval()
    weight = np.zeros([WIDTH, CLASSES], "float32")
    head.decoder[-1].norm3.weight.set_value(np.zeros(WIDTH, "float32"))
    head.decoder[-1].norm3.bias.set_value(np.ones(WIDTH, "float32"))
    weight[:, END] = 9.0
    head.tgt_word_prj.weight.set_value(weight)
    tokens, chances = head(paddle.rand([2, 5, WIDTH]))
    assert tokens.tolist() == [[START, END]] * 2
    np.testing.assert_allclose(chances.numpy(), np.ones([2, 2]), rtol=1e-5)


def test_widths_must_fit():
    with pytest.raises(
        ConfigError, match="'d_model' must be the width of what it reads, 8, and a multiple of 'nhead', 2, not 12"
    ):
        build(d_model=12)
