"""SEED: a decoder with attention whose first state is the meaning of the text."""

import math
from collections.abc import Sequence
from typing import Annotated, Optional

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import HEADS
from ppocr.values import Classes, Count, Range, TextLength, Width

MEANING = 300  # numbers of a word vector
MARKS = 3  # end, padding, unknown: the last classes


class Embedder(nn.Layer):
    """The word vector of the text from all steps of the sequence together."""

    def __init__(self, in_channels, steps):
        super().__init__()
        self.eEmbed = nn.Linear(in_channels * steps, MEANING)

    def forward(self, x):
        return self.eEmbed(x.flatten(1))


class AttentionUnit(nn.Layer):
    """Where to look on the sequence, given the state."""

    def __init__(self, in_channels, width, hidden):
        super().__init__()
        self.sEmbed = nn.Linear(width, hidden)
        self.xEmbed = nn.Linear(in_channels, hidden)
        self.wEmbed = nn.Linear(hidden, 1)

    def forward(self, x, keys, state):
        """Returns what is there, ``[N, in_channels]``; ``keys`` are ``xEmbed`` of ``x`` ``[N, T, in_channels]``."""
        scores = self.wEmbed((keys + self.sEmbed(state).unsqueeze(1)).tanh())
        return F.softmax(scores, axis=1).matmul(x, transpose_x=True).squeeze(1)


class DecoderUnit(nn.Layer):
    """One step: the class before, and what the state looks at, make the next state and class."""

    def __init__(self, in_channels, width, hidden, classes):
        super().__init__()
        self.attention_unit = AttentionUnit(in_channels, width, hidden)
        self.tgt_embedding = nn.Embedding(classes + 1, hidden)  # the last one is for the start
        self.gru = nn.GRUCell(in_channels + hidden, width)
        self.fc = nn.Linear(width, classes)
        self.embed_fc = nn.Linear(MEANING, width)

    def forward(self, x, keys, state, token):
        glimpse = self.attention_unit(x, keys, state)
        output, state = self.gru(paddle.concat([self.tgt_embedding(token), glimpse], axis=1), state)
        return output, state


class Decoder(nn.Layer):
    """Writes a text class after class."""

    def __init__(self, in_channels, width, hidden, classes, longest, beams):
        super().__init__()
        self.decoder = DecoderUnit(in_channels, width, hidden, classes)
        self._start, self._end = classes, classes - MARKS
        self._longest, self._beams = longest, beams

    def teach(self, x, meaning, label):
        """Returns the logits of each entry of a label ``[N, L]`` after those before it, ``[N, L, classes]``."""
        unit, outputs = self.decoder, []
        keys, state = unit.attention_unit.xEmbed(x), unit.embed_fc(meaning)
        before = paddle.concat([paddle.full_like(label[:, :1], self._start), label[:, :-1]], axis=1)
        for token in before.unbind(axis=1):
            output, state = unit(x, keys, state, token)
            outputs.append(output)
        return unit.fc(paddle.stack(outputs, axis=1))

    def search(self, x, meaning):
        """Returns the classes of the likeliest text that a beam finds, ``[N, longest]``, filled up with ends.

        A text that has ended leaves the beam; the likeliest of these and of those that are left at last is found.
        """
        lines, beams, unit = x.shape[0], self._beams, self.decoder
        x = x.repeat_interleave(beams, axis=0)
        keys = unit.attention_unit.xEmbed(x)
        state = unit.embed_fc(meaning).repeat_interleave(beams, axis=0)
        first = (paddle.arange(lines) * beams).unsqueeze(1)
        places = paddle.arange(self._longest)
        token = paddle.full([lines * beams], self._start, "int64")
        texts = paddle.full([lines * beams, self._longest], self._end, "int64")
        scores = paddle.to_tensor([0.0] + [-math.inf] * (beams - 1)).expand([lines, beams])
        best, found = paddle.full([lines, 1], -math.inf), texts[::beams]
        for step in range(self._longest):
            output, state = unit(x, keys, state, token)
            chances = F.log_softmax(unit.fc(output).astype("float32"), axis=-1)
            classes = chances.shape[1]
            totals = (scores.reshape([-1, 1]) + chances).reshape([lines, beams * classes])
            scores, chosen = totals.topk(beams, axis=1)
            parents, token = (chosen // classes + first).flatten(), (chosen % classes).flatten()
            state, texts = state.gather(parents), texts.gather(parents)
            texts = paddle.where(places == step, token.unsqueeze(1), texts)
            ended = (token == self._end).reshape([lines, beams])
            counted = ended if step + 1 < self._longest else paddle.ones_like(ended)
            best, found = _better(best, found, scores, texts, counted)
            scores = paddle.where(ended, paddle.full_like(scores, -math.inf), scores)
            if paddle.in_dynamic_mode() and bool((scores.max(axis=1, keepdim=True) <= best).all()):
                break  # a longer text is never likelier
        return found


def _better(best, found, scores, texts, counted):
    """Returns score and text of each line: the best so far, or the best of the beam that counts, if it is likelier."""
    lines, beams = scores.shape
    scores = paddle.where(counted, scores, paddle.full_like(scores, -math.inf))
    place = scores.argmax(axis=1, keepdim=True)
    score = scores.max(axis=1, keepdim=True)
    text = texts.gather((place + (paddle.arange(lines) * beams).unsqueeze(1)).flatten())
    return paddle.maximum(best, score), paddle.where(score > best, text, found)


@HEADS.register()
class AsterHead(nn.Layer):
    """Predicts the word vector of the text, and starts the decoder with it.

    Source: SEED: Semantics Enhanced Encoder-Decoder Framework (https://arxiv.org/abs/2005.10977), on the decoder of
    ASTER (TPAMI 2018).

    Args:
        in_channels: width of the sequence.
        out_channels: number of classes; follows from the dictionary.
        sDim: width of the decoder's state.
        attDim: width of the attention and of the vectors of classes.
        max_len_labels: the most classes that are given in evaluation.
        time_step: length of the sequence.
        beam_width: texts followed at the same time in evaluation.
    """

    feed = ("label", "length")
    fixed_size = True  # all steps together have one linear layer

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {
        "decoder.decoder.tgt_embedding.weight": (0, 0),
        "decoder.decoder.fc.weight": (1, 0),
        "decoder.decoder.fc.bias": (0, 0),
    }

    def __init__(
        self,
        in_channels: int,
        out_channels: Annotated[Classes, Range(MARKS + 1)],
        sDim: Width,
        attDim: Width,
        max_len_labels: TextLength,
        time_step: Count = 25,
        beam_width: Annotated[int, Range(1, 100)] = 5,
    ):
        super().__init__()
        self.decoder = Decoder(in_channels, sDim, attDim, out_channels, max_len_labels, beam_width)
        self.embedder = Embedder(in_channels, time_step)

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads a sequence ``[N, time_step, in_channels]``.

        Args:
            x: the sequence.
            targets: label ``[N, L]`` and length, the end included, ``[N]``; read in training only.

        Returns:
            ``embedding_vectors`` ``[N, 300]``, and ``rec_pred``: in training logits ``[N, L', classes]`` for the
            entries of the longest text, in evaluation classes ``[N, max_len_labels]``.  These have ``rec_pred_scores``,
            which are 1: a beam has chances of whole texts alone.
        """
        meaning = self.embedder(x)
        if self.training:
            label, length, *_ = targets
            longest = int(length.max())  # the steps that follow would be for nothing: comes to the host
            logits = self.decoder.teach(x, meaning, label.astype("int64")[:, :longest])
            return {"rec_pred": logits, "embedding_vectors": meaning}
        found = self.decoder.search(x, meaning)
        scores = paddle.ones_like(found).astype("float32")
        return {"rec_pred": found, "rec_pred_scores": scores, "embedding_vectors": meaning}
