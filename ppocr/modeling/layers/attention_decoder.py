"""Recurrent decoder with attention on a sequence: one class after the other.

Source: Robust Scene Text Recognition with Automatic Rectification (https://arxiv.org/abs/1603.03915), section 3.2.
"""

import paddle
import paddle.nn.functional as F
from paddle import nn


class AttentionCell(nn.Layer):
    """One step: the state chooses where to look, and takes in what is there and the class before.

    Args:
        in_channels: channels of the sequence.
        width: of the state.
        classes: number of classes.
        recurrent: class of the recurrent cell, ``nn.GRUCell`` or ``nn.LSTMCell``.
    """

    def __init__(self, in_channels, width, classes, recurrent):
        super().__init__()
        self.i2h = nn.Linear(in_channels, width, bias_attr=False)
        self.h2h = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias_attr=False)
        self.rnn = recurrent(in_channels + classes, width)
        self._classes = classes

    def start(self, x):
        """Returns the state before the first step for a sequence ``[N, T, in_channels]``."""
        return self.rnn.get_initial_states(x, dtype=x.dtype)

    def forward(self, x, keys, state, token):
        """Returns what the step gives, ``[N, width]``, and the next state.

        Args:
            x: the sequence ``[N, T, in_channels]``.
            keys: ``i2h`` of it, the same at every step.
            state: the state, of an LSTM its output and its memory.
            token: the class before, ``[N]``.
        """
        output = state[0] if isinstance(state, (list, tuple)) else state
        scores = self.score((keys + self.h2h(output).unsqueeze(1)).tanh())
        glimpse = F.softmax(scores, axis=1).matmul(x, transpose_x=True).squeeze(1)
        before = F.one_hot(token, self._classes).astype(glimpse.dtype)
        return self.rnn(paddle.concat([glimpse, before], axis=1), state)


class AttentionDecoder(nn.Layer):
    """Gives a class at each step; the class before the first one is 0.

    Args:
        in_channels: channels of the sequence.
        out_channels: number of classes.
        hidden_size: width of the state.
        recurrent: see :class:`AttentionCell`.
        first: class of the first character of the dictionary.
    """

    def __init__(self, in_channels, out_channels, hidden_size, recurrent, first=1):
        super().__init__()
        self.attention_cell = AttentionCell(in_channels, hidden_size, out_channels, recurrent)
        self.generator = nn.Linear(hidden_size, out_channels)
        # What follows the dictionary: {parameter: (axis, index of the first character)}.
        self.vocabulary_parameters = {
            "attention_cell.rnn.weight_ih": (1, in_channels + first),
            "generator.weight": (1, first),
            "generator.bias": (0, first),
        }

    def teach(self, x, label):
        """Returns the logits of what follows each entry of a label: ``[N, T, in_channels]`` to ``[N, L, classes]``.

        Args:
            x: the sequence.
            label: int64 ``[N, L]``.
        """
        keys, state, outputs = self.attention_cell.i2h(x), self.attention_cell.start(x), []
        for token in label.unbind(axis=1):
            output, state = self.attention_cell(x, keys, state, token)
            outputs.append(output)
        return self.generator(paddle.stack(outputs, axis=1))

    def generate(self, x, steps):
        """Returns the logits of each next class where the likeliest is read, ``[N, steps, classes]``."""
        keys, state, logits = self.attention_cell.i2h(x), self.attention_cell.start(x), []
        token = paddle.zeros([x.shape[0]], dtype="int64")
        for _ in range(steps):
            output, state = self.attention_cell(x, keys, state, token)
            logits.append(self.generator(output))
            token = logits[-1].argmax(axis=1)
        return paddle.stack(logits, axis=1)
