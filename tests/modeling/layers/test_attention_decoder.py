import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.modeling.layers.attention_decoder import AttentionDecoder

CLASSES = 4


@pytest.fixture(params=[nn.GRUCell, nn.LSTMCell], ids=["gru", "lstm"])
def decoder(request):
    paddle.seed(0)
    return AttentionDecoder(6, CLASSES, 5, request.param)


def slowly(decoder, x, tokens):
    """The logits after each class, one line and one step at a time."""
    cell, logits = decoder.attention_cell, []
    for line, read in zip(x, tokens):
        state, own = None, []
        hidden = paddle.zeros([1, 5])
        for token in read:
            scores = paddle.stack([cell.score((cell.i2h(column) + cell.h2h(hidden[0])).tanh()) for column in line])
            weights = paddle.exp(scores) / paddle.exp(scores).sum()
            seen = sum(weight * column for weight, column in zip(weights, line))
            before = paddle.to_tensor(np.eye(CLASSES, dtype="float32")[token])
            hidden, state = cell.rnn(paddle.concat([seen, before]).unsqueeze(0), state)
            own.append(decoder.generator(hidden)[0].numpy())
        logits.append(own)
    return np.array(logits)


def test_a_label_is_read_step_by_step(decoder):
    x, label = paddle.rand([2, 3, 6]), [[0, 2, 1], [0, 3, 3]]
    taught = decoder.teach(x, paddle.to_tensor(label))
    np.testing.assert_allclose(taught.numpy(), slowly(decoder, x, label), atol=1e-5)


def test_the_likeliest_class_is_read_next(decoder):
    x = paddle.rand([2, 3, 6])
    decoder.generator.bias.set_value(paddle.to_tensor([0.0, 0.1, 0.2, 0.0]))
    given = decoder.generate(x, 4).numpy()
    read = np.concatenate([np.zeros([2, 1], int), given.argmax(axis=2)[:, :-1]], axis=1)
    assert len(set(read.flatten().tolist())) > 1
    np.testing.assert_allclose(given, slowly(decoder, x, read), atol=1e-5)
