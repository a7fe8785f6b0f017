"""Show, Attend and Read: a recurrent decoder with attention on the whole map."""

from collections.abc import Sequence
from typing import Optional

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.recurrent import step
from ppocr.modeling.layers.valid_width import padding_mask, valid_columns
from ppocr.registry import HEADS
from ppocr.values import Classes, Dropout, TextLength, Width


def _recurrent(in_channels, width, bidirectional, dropout, gru):
    kind = nn.GRU if gru else nn.LSTM
    direction = "bidirectional" if bidirectional else "forward"
    return kind(in_channels, width, num_layers=2, direction=direction, dropout=dropout)


class SAREncoder(nn.Layer):
    """One vector for the whole line: the state of a recurrent layer at the last column of the image."""

    def __init__(self, in_channels, width, recurrent):
        super().__init__()
        self.rnn_encoder = _recurrent(in_channels, width, **recurrent)
        self.out_channels = width * (2 if recurrent["bidirectional"] else 1)
        self.linear = nn.Linear(self.out_channels, self.out_channels)

    def forward(self, x, ratio):
        """Maps ``[N, C, H, W]`` to ``[N, out_channels]``."""
        columns = F.max_pool2d(x, [x.shape[2], 1]).squeeze(2).transpose([0, 2, 1])
        states = self.rnn_encoder(columns)[0]
        if ratio is None:
            return self.linear(states[:, -1])
        last = F.one_hot(valid_columns(ratio, states.shape[1]) - 1, states.shape[1]).astype(states.dtype)
        return self.linear((states * last.unsqueeze(2)).sum(axis=1))


class SARDecoder(nn.Layer):
    """Characters one after the other: a recurrent state attends to the map and both predict the next class.

    Args:
        in_channels: channels of the map.
        width: of the recurrent layers and of what the encoder gives.
        classes: all of the dictionary, the last being the padding, which is never predicted, and the one before it
            both start and end.
        max_length: characters that are generated.
        recurrent: ``bidirectional``, ``dropout`` and ``gru`` of the recurrent layers.
        attention_width: channels in which state and map are compared.
        dropout: of the scores.
        concat: predict from state, glimpse and the vector of the line, not from the glimpse alone.
    """

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {"embedding.weight": (0, 0), "prediction.weight": (1, 0), "prediction.bias": (0, 0)}

    def __init__(self, in_channels, width, classes, max_length, recurrent, attention_width, dropout, concat):
        super().__init__()
        self._bidirectional = recurrent["bidirectional"]
        state = width * (2 if self._bidirectional else 1)
        self.conv1x1_1 = nn.Linear(state, attention_width)
        self.conv3x3_1 = nn.Conv2D(in_channels, attention_width, 3, padding=1)
        self.conv1x1_2 = nn.Linear(attention_width, 1)
        self.rnn_decoder = _recurrent(width, width, **recurrent)
        self.embedding = nn.Embedding(classes, width, padding_idx=classes - 1)
        self.pred_dropout = nn.Dropout(dropout)
        self._concat = concat
        self.prediction = nn.Linear(in_channels + (state + width if concat else 0), classes - 1)
        self._start = classes - 2
        self._max_length = max_length

    def forward(self, x, holistic, label, ratio):
        """Returns the logits of what follows each entry of ``label`` ``[N, L]``: ``[N, L, classes - 1]``."""
        keys, mask = self._look(x, ratio)
        inputs = paddle.concat([holistic.unsqueeze(1), self.embedding(label)], axis=1)
        states = self.rnn_decoder(inputs)[0]
        return self._predict(states, x, keys, mask, holistic)[:, 1:]

    def generate(self, x, holistic, ratio):
        """Returns the probabilities of each next character, the likeliest being read, ``[N, max_length, classes]``."""
        keys, mask = self._look(x, ratio)
        token = paddle.full([x.shape[0]], self._start, dtype="int64")
        if self._bidirectional:
            return self._generate_again(x, holistic, keys, mask, token)
        _, memory = step(self.rnn_decoder, holistic)
        probabilities = []
        for _ in range(self._max_length):
            state, memory = step(self.rnn_decoder, self.embedding(token), memory)
            scores = self._predict(state.unsqueeze(1), x, keys, mask, holistic)[:, 0]
            probabilities.append(F.softmax(scores, axis=-1))
            token = probabilities[-1].argmax(axis=-1)
        return paddle.stack(probabilities, axis=1)

    def _generate_again(self, x, holistic, keys, mask, token):
        # A backward layer starts at the end: each new character changes all states, so they are computed anew. The
        # places that are still empty hold the start, as in training none is ever empty.
        start = self.embedding(token).unsqueeze(1)
        inputs = [holistic.unsqueeze(1)] + [start] * (self._max_length + 1)
        probabilities = []
        for i in range(1, self._max_length + 1):
            states = self.rnn_decoder(paddle.concat(inputs, axis=1))[0]
            scores = self._predict(states[:, i : i + 1], x, keys, mask, holistic)[:, 0]
            probabilities.append(F.softmax(scores, axis=-1))
            inputs[i + 1] = self.embedding(probabilities[-1].argmax(axis=-1)).unsqueeze(1)
        return paddle.stack(probabilities, axis=1)

    def _look(self, x, ratio):
        """Returns the map as it is compared, ``[N, 1, H, W, A]``, and what to add where there is no image."""
        keys = self.conv3x3_1(x).transpose([0, 2, 3, 1]).unsqueeze(1)
        return keys, None if ratio is None else padding_mask(x, ratio).unsqueeze([1, 2])

    def _predict(self, states, x, keys, mask, holistic):
        queries = self.conv1x1_1(states).unsqueeze([2, 3])
        scores = self.conv1x1_2((keys + queries).tanh()).squeeze(-1)
        scores = scores if mask is None else scores + mask
        weights = F.softmax(scores.flatten(2), axis=-1)
        glimpses = weights.matmul(x.flatten(2), transpose_y=True)
        if not self._concat:
            return self.pred_dropout(self.prediction(glimpses))
        everywhere = holistic.unsqueeze(1).expand([-1, states.shape[1], -1])
        return self.pred_dropout(self.prediction(paddle.concat([states, glimpses, everywhere], axis=2)))


@HEADS.register()
class SARHead(nn.Layer):
    """Encoder and decoder of Show, Attend and Read.

    Source: Show, Attend and Read (https://arxiv.org/abs/1811.00751).

    Args:
        in_channels: channels of the map.
        out_channels: number of classes, start/end and padding included; follows from the dictionary.
        enc_dim: width of the recurrent layers.
        max_text_length: characters that are generated.
        enc_bi_rnn, dec_bi_rnn: whether the recurrent layers of encoder and decoder run in both directions.
        enc_drop_rnn, dec_drop_rnn: dropout between the two recurrent layers of each.
        enc_gru, dec_gru: gated recurrent units instead of LSTM.
        d_k: channels in which state and map are compared.
        pred_dropout: dropout of the scores.
        pred_concat: predict from state, glimpse and the vector of the line, not from the glimpse alone.
    """

    feed = ("label", "valid_ratio")
    feed_in_use = ("valid_ratio",)

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        enc_dim: Width = 512,
        max_text_length: TextLength = 30,
        enc_bi_rnn: bool = False,
        enc_drop_rnn: Dropout = 0.1,
        enc_gru: bool = False,
        dec_bi_rnn: bool = False,
        dec_drop_rnn: Dropout = 0.0,
        dec_gru: bool = False,
        d_k: Width = 512,
        pred_dropout: Dropout = 0.1,
        pred_concat: bool = True,
    ):
        super().__init__()
        encoding = {"bidirectional": enc_bi_rnn, "dropout": enc_drop_rnn, "gru": enc_gru}
        decoding = {"bidirectional": dec_bi_rnn, "dropout": dec_drop_rnn, "gru": dec_gru}
        self.encoder = SAREncoder(in_channels, enc_dim, encoding)
        width = self.encoder.out_channels
        self.decoder = SARDecoder(
            in_channels, width, out_channels, max_text_length, decoding, d_k, pred_dropout, pred_concat
        )

    def forward(self, x, targets: Optional[Sequence] = None):
        """Maps ``[N, in_channels, H, W]`` to scores of ``out_channels - 1`` classes.

        Args:
            x: the map.
            targets: the label ``[N, L]`` (read in training only) and the share of the width that is image ``[N]``.
                None where neither is known.

        Returns:
            In training logits ``[N, L, classes]`` of what follows each entry of the label; in evaluation probabilities
            ``[N, max_text_length, classes]``.
        """
        label, ratio, *_ = targets or (None, None)
        holistic = self.encoder(x, ratio)
        if self.training:
            return self.decoder(x, holistic, label.astype("int64"), ratio)
        return self.decoder.generate(x, holistic, ratio)
