"""NRTR: a transformer that reads a text line character after character."""

import math
from collections.abc import Sequence
from typing import Annotated, Optional

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal

from ppocr.modeling.layers.transformer_block import PositionalEncoding, TransformerBlock
from ppocr.registry import HEADS
from ppocr.values import Classes, Depth, Dropout, Heads, Range, TextLength, Width

PADDING, START, END = 0, 2, 3  # classes of the dictionary
NEVER = -1e9


class Embeddings(nn.Layer):
    """A vector for each class but the padding, scaled with the square root of its width."""

    def __init__(self, classes, width, scaled):
        super().__init__()
        weight = ParamAttr(initializer=Normal(0.0, width**-0.5))
        self.embedding = nn.Embedding(classes, width, padding_idx=PADDING, weight_attr=weight)
        self._scale = math.sqrt(width) if scaled else 1.0

    def forward(self, x):
        return self.embedding(x) * self._scale


@HEADS.register()
class Transformer(nn.Layer):
    """Encoder and decoder that give one class after the other.

    Source: NRTR (https://arxiv.org/abs/1806.00926).

    Args:
        in_channels: width of the sequence that is read; must be ``d_model``.
        out_channels: number of classes; follows from the dictionary.
        d_model: width of the layers.
        nhead: attention heads.
        num_encoder_layers: blocks of the encoder; without any, the sequence is read as it is.
        num_decoder_layers: blocks of the decoder.
        beam_size: texts followed at the same time in evaluation; 1 or less follows the likeliest class.
        max_len: classes given in evaluation, the start included.
        dim_feedforward: hidden width of the blocks' linear layers.
        residual_dropout_rate: dropout in the blocks and after the positions.
        scale_embedding: scale the vectors of classes with the square root of their width.
    """

    feed = ("label",)

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {"embedding.embedding.weight": (0, 4), "tgt_word_prj.weight": (1, 4)}

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        d_model: Annotated[int, Range(2, 4_096, step=2)] = 512,
        nhead: Heads = 8,
        num_encoder_layers: Annotated[int, Range(0, 100)] = 6,
        num_decoder_layers: Depth = 6,
        beam_size: Annotated[int, Range(-1, 100)] = 0,
        max_len: TextLength = 25,
        dim_feedforward: Width = 1024,
        residual_dropout_rate: Dropout = 0.1,
        scale_embedding: bool = True,
    ):
        super().__init__()
        classes = out_channels + 1
        self.embedding = Embeddings(classes, d_model, scale_embedding)
        self.positional_encoding = PositionalEncoding(d_model, residual_dropout_rate)
        options = (d_model, nhead, dim_feedforward, residual_dropout_rate)
        self._encodes = num_encoder_layers > 0
        if self._encodes:
            self.encoder = nn.LayerList(
                [TransformerBlock(*options, reads_memory=False) for _ in range(num_encoder_layers)]
            )
        self.decoder = nn.LayerList([TransformerBlock(*options) for _ in range(num_decoder_layers)])
        weight = ParamAttr(initializer=Normal(0.0, d_model**-0.5))
        self.tgt_word_prj = nn.Linear(d_model, classes, weight_attr=weight, bias_attr=False)
        self._beams = max(1, beam_size)
        self._max_len = max_len
        self.out_channels = out_channels

    @staticmethod
    def check_arguments(in_channels, d_model, nhead):
        """Yields a width that does not fit."""
        if in_channels not in (None, d_model) or d_model % nhead:
            width = f"the width of what it reads, {in_channels}, and " if in_channels is not None else ""
            yield "d_model", f"'d_model' must be {width}a multiple of 'nhead', {nhead}, not {d_model}"

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads a sequence ``[N, T, in_channels]``.

        Args:
            x: the sequence.
            targets: the label ``[N, L]``, start and end included; read in training only.

        Returns:
            In training logits ``[N, L - 1, out_channels + 1]`` of what follows each entry of the label but the last.
            In evaluation classes ``[N, T']`` from the start on and their probabilities; T' is at most ``max_len``.
        """
        memory = self._encode(x)
        if not self.training:
            return self._generate(memory)
        label, *_ = targets
        label = label.astype("int64")[:, :-1]
        length = label.shape[1]
        later = paddle.triu(paddle.full([length, length], NEVER), diagonal=1)
        y = self.positional_encoding(self.embedding(label))
        for block in self.decoder:
            y, _ = block(y, block.cross_attn.keys_and_values(memory), later.astype(y.dtype))
        return self.tgt_word_prj(y)

    def _encode(self, x):
        if not self._encodes:
            return x
        x = self.positional_encoding(x)
        for block in self.encoder:
            x, _ = block(x)
        return x

    def _generate(self, memory):
        """Follows the ``beam_size`` likeliest texts of each line; their probabilities multiply up to that of a text."""
        lines, beams = memory.shape[0], self._beams
        memory = memory.repeat_interleave(beams, axis=0) if beams > 1 else memory
        kv = [block.cross_attn.keys_and_values(memory) for block in self.decoder]
        pasts = [None] * len(kv)
        tokens = paddle.full([lines * beams, 1], START, dtype="int64")
        probs = paddle.ones([lines * beams, 1])
        scores = paddle.to_tensor([0.0] + [NEVER] * (beams - 1)).expand([lines, beams])
        first_beam = (paddle.arange(lines) * beams).unsqueeze(1)
        for step in range(self._max_len - 1):
            log_probs, pasts = self._next(tokens[:, -1:], step, kv, pasts)
            log_probs = _only_end_after_end(log_probs, tokens[:, -1])
            classes = log_probs.shape[1]
            totals = (scores.reshape([-1, 1]) + log_probs).reshape([lines, beams * classes])
            scores, chosen = totals.topk(beams, axis=1)
            parents, token = (chosen // classes + first_beam).flatten(), (chosen % classes).reshape([-1, 1])
            prob = log_probs.gather(parents).take_along_axis(token, axis=1).exp()
            tokens = paddle.concat([tokens.gather(parents), token], axis=1)
            probs = paddle.concat([probs.gather(parents), prob], axis=1)
            if beams > 1:
                pasts = [tuple(part.gather(parents) for part in past) for past in pasts]
            if paddle.in_dynamic_mode() and bool((token == END).all()):
                break
        return [tokens[::beams], probs[::beams]]

    def _next(self, token, step, kv, pasts):
        """Returns the log-probability of each class after ``token`` ``[N, 1]``, and the new pasts."""
        y = self.positional_encoding(self.embedding(token), first=step)
        grown = []
        for block, memory, past in zip(self.decoder, kv, pasts):
            y, past = block(y, memory, past=past)
            grown.append(past)
        return F.log_softmax(self.tgt_word_prj(y)[:, 0].astype("float32"), axis=-1), grown


def _only_end_after_end(log_probs, last):
    """Returns the log-probabilities with no other class left than the end where the text has ended."""
    ended = (last == END).astype(log_probs.dtype).unsqueeze(1)
    is_end = F.one_hot(paddle.full([1], END, dtype="int64"), log_probs.shape[1]).astype(log_probs.dtype)
    return log_probs * (1.0 - ended) + ended * (1.0 - is_end) * NEVER
