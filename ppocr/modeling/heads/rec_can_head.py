"""CAN: a decoder of formulas that counts their symbols first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import paddle
from paddle import nn

from ppocr.registry import HEADS, bind_arguments
from ppocr.values import Classes, Dropout, Kernel, Side, TextLength, Width

COUNTING_WIDTH = 512
COVERAGE_KERNEL = 11
END, START = 0, 1  # classes of the symbols that stand behind and before every formula
TINY = 1e-10
FROM_ELSEWHERE = {
    "encoder_out_channel": "it follows from the backbone",
    "word_num": "it follows from the dictionary",
    "counting_decoder_out_channel": "it follows from the dictionary",
}


class ChannelAttention(nn.Layer):
    """Weighs channels by what the whole map holds."""

    def __init__(self, width, reduction=16):
        super().__init__()
        hidden = width // reduction
        self.fc = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean(axis=[2, 3])).unsqueeze([2, 3])


class CountingDecoder(nn.Layer):
    """How often each symbol stands in a formula: the sum of a map of each."""

    def __init__(self, in_channels, classes, kernel_size):
        super().__init__()
        conv = nn.Conv2D(in_channels, COUNTING_WIDTH, kernel_size, padding=kernel_size // 2, bias_attr=False)
        self.trans_layer = nn.Sequential(conv, nn.BatchNorm2D(COUNTING_WIDTH))
        self.channel_att = ChannelAttention(COUNTING_WIDTH)
        self.pred_layer = nn.Sequential(nn.Conv2D(COUNTING_WIDTH, classes, 1, bias_attr=False), nn.Sigmoid())

    def forward(self, x, mask):
        """Maps ``[N, C, H, W]`` to ``[N, classes]``."""
        return (self.pred_layer(self.channel_att(self.trans_layer(x))) * mask).sum(axis=[2, 3])


class CoverageAttention(nn.Layer):
    """Where to look next, by the state and by where it was looked so far."""

    def __init__(self, hidden_size, width):
        super().__init__()
        self.hidden_weight = nn.Linear(hidden_size, width)
        self.attention_conv = nn.Conv2D(1, width, COVERAGE_KERNEL, padding=COVERAGE_KERNEL // 2, bias_attr=False)
        self.attention_weight = nn.Linear(width, width, bias_attr=False)
        self.alpha_convert = nn.Linear(width, 1)

    def forward(self, state, keys, looked, mask):
        """Returns the weights ``[N, 1, H, W]``.

        Args:
            state: ``[N, hidden_size]``.
            keys: ``[N, H, W, width]``.
            looked: sum of the weights so far, ``[N, 1, H, W]``.
            mask: 1 for what is image, ``[N, 1, H, W]``.
        """
        coverage = self.attention_weight(self.attention_conv(looked).transpose([0, 2, 3, 1]))
        scores = self.alpha_convert((self.hidden_weight(state).unsqueeze([1, 2]) + coverage + keys).tanh())
        scores = scores.transpose([0, 3, 1, 2])
        weights = (scores - scores.max()).exp() * mask
        return weights / (weights.sum(axis=[2, 3], keepdim=True) + TINY)


def positions(mask, width):
    """Returns sines and cosines of row and column, as shares of the image's size, ``[N, H, W, width]``.

    Source: End-to-End Object Detection with Transformers (https://arxiv.org/abs/2005.12872).

    Args:
        mask: 1 for what is image, ``[N, H, W]``.
    """
    half = width // 2
    channel = paddle.arange(half, dtype="float32")
    rate = 10000.0 ** (2 * (channel // 2) / half)
    found = []
    for axis in (1, 2):
        place = mask.cumsum(axis=axis)
        last = place[:, -1:] if axis == 1 else place[:, :, -1:]
        angles = (place / (last + 1e-6) * 2 * math.pi).unsqueeze(3) / rate
        found.append(paddle.stack([angles[..., 0::2].sin(), angles[..., 1::2].cos()], axis=4).flatten(3))
    return paddle.concat(found, axis=3)


class CANDecoder(nn.Layer):
    """Symbols one after the other, by state, last symbol, glimpse of the map and counts."""

    def __init__(self, keys, in_channels, classes, max_length):
        super().__init__()
        attention = AttentionKeys(**bind_arguments(AttentionKeys, keys.attention or {}, "the attention").arguments)
        state, width, kernel = keys.hidden_size, attention.attention_dim, attention.word_conv_kernel
        self.init_weight = nn.Linear(in_channels, state)
        self.embedding = nn.Embedding(classes, keys.input_size)
        self.word_input_gru = nn.GRUCell(keys.input_size, state)
        self.word_attention = CoverageAttention(state, width)
        self.encoder_feature_conv = nn.Conv2D(in_channels, width, kernel, padding=kernel // 2)
        self.word_state_weight = nn.Linear(state, state)
        self.word_embedding_weight = nn.Linear(keys.input_size, state)
        self.word_context_weight = nn.Linear(in_channels, state)
        self.counting_context_weight = nn.Linear(classes, state)
        self.word_convert = nn.Linear(state, classes)
        self.dropout = nn.Dropout(keys.dropout_ratio if keys.dropout else 0.0)
        self._width, self._length = width, max_length

    def forward(self, x, mask, counts, label):
        """Returns logits ``[N, steps, classes]``.

        Args:
            label: ``[N, steps]``; None: the likeliest symbol is read, ``max_length`` times or until all have ended.
        """
        keys = self.encoder_feature_conv(x).transpose([0, 2, 3, 1]) + positions(mask[:, 0], self._width)
        mean = (x * mask).sum(axis=[2, 3]) / mask.sum(axis=[2, 3])
        state = self.init_weight(mean).tanh()
        counted, looked = self.counting_context_weight(counts), paddle.zeros_like(mask)
        token = paddle.full([x.shape[0]], START, dtype="int64")
        ended, logits = token == END, []
        for i in range(self._length if label is None else label.shape[1]):
            symbol = self.embedding(token)
            _, state = self.word_input_gru(symbol, state)
            weights = self.word_attention(state, keys, looked, mask)
            looked = looked + weights
            glimpse = (weights * x).sum(axis=[2, 3])
            parts = self.word_state_weight(state) + self.word_embedding_weight(symbol)
            logits.append(self.word_convert(self.dropout(parts + self.word_context_weight(glimpse) + counted)))
            token = logits[-1].argmax(axis=1) if label is None else label[:, i]
            ended = ended | (token == END)
            if label is None and paddle.in_dynamic_mode() and bool(ended.all()):
                break
        return paddle.stack(logits, axis=1)


@dataclass(frozen=True)
class AttentionKeys:
    """The keys of the attention.

    Attributes:
        attention_dim: channels in which state and map are compared.
        word_conv_kernel: kernel of the convolution of the map.
    """

    attention_dim: Width = 512
    word_conv_kernel: Kernel = 1


@dataclass(frozen=True)
class DecoderKeys:
    """The keys of the decoder.

    Attributes:
        input_size: width of the vectors of symbols.
        hidden_size: width of the recurrent layer.
        dropout, dropout_ratio: whether there is dropout before the symbols are told, and how much.
        is_train: in an evaluation, too, each symbol is predicted from the true ones before it, as the published models
            are measured; otherwise from those that were read.
        attention: keys of :class:`AttentionKeys`.
    """

    input_size: Width = 256
    hidden_size: Width = 256
    dropout: bool = True
    dropout_ratio: Dropout = 0.5
    is_train: bool = True
    attention: Optional[dict] = None

    @staticmethod
    def check_arguments(attention):
        """Yields keys that the attention does not take."""
        for problem in bind_arguments(AttentionKeys, attention or {}, "the attention").problems:
            yield "attention", problem.message


@HEADS.register()
class CANHead(nn.Layer):
    """Counts the symbols of a formula at two scales, then reads them.

    Source: When Counting Meets HMER: Counting-Aware Network for Handwritten Mathematical Expression Recognition
    (https://arxiv.org/abs/2207.11463).

    Args:
        in_channels: channels of the map.
        out_channels: number of symbols; follows from the dictionary.
        attdecoder: keys of :class:`DecoderKeys`.
        max_text_length: symbols that are read in use.
        ratio: of the image's sides to those of the map.

    Attributes:
        guided: whether the label is read in an evaluation, too.
        guided_remark: what is to be said of such an evaluation.
    """

    feed = ("image_mask", "label")
    guided_remark = (
        "this evaluation is teacher-forced: each symbol is predicted from the true ones before it; in use from those "
        "that were read; attdecoder.is_train: false evaluates that way"
    )

    # What follows the dictionary: {parameter: (axis, index of the first symbol)}.
    vocabulary_parameters = {
        "counting_decoder1.pred_layer.0.weight": (0, 0),
        "counting_decoder2.pred_layer.0.weight": (0, 0),
        "decoder.embedding.weight": (0, 0),
        "decoder.counting_context_weight.weight": (0, 0),
        "decoder.word_convert.weight": (1, 0),
        "decoder.word_convert.bias": (0, 0),
    }

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        attdecoder: Optional[dict] = None,
        max_text_length: TextLength = 36,
        ratio: Side = 16,
    ):
        super().__init__()
        keys = DecoderKeys(**_binding(attdecoder).arguments)
        self.counting_decoder1 = CountingDecoder(in_channels, out_channels, 3)
        self.counting_decoder2 = CountingDecoder(in_channels, out_channels, 5)
        self.decoder = CANDecoder(keys, in_channels, out_channels, max_text_length)
        self._ratio, self.guided = ratio, keys.is_train

    @staticmethod
    def check_arguments(attdecoder):
        """Yields keys that the decoder does not take."""
        for problem in _binding(attdecoder).problems:
            yield "attdecoder", f"attdecoder: {problem.message}"

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads a map ``[N, in_channels, H, W]``.

        Args:
            x: the map.
            targets: 1 for what is image ``[N, 1, H * ratio, W * ratio]`` (None: all of it), and the label ``[N, L]``,
                which is not read in an evaluation without ``is_train``.

        Returns:
            Logits ``[N, L, out_channels]``, without a label up to ``max_text_length`` of them, and three counts of
            each symbol ``[N, out_channels]``: the mean of both scales, then each of them.
        """
        mask, label, *_ = targets or (None, None)
        mask = paddle.ones_like(x[:, :1]) if mask is None else _small(mask, x, self._ratio)
        first, second = self.counting_decoder1(x, mask), self.counting_decoder2(x, mask)
        counts = (first + second) / 2
        guided = label is not None and (self.training or self.guided)
        return [self.decoder(x, mask, counts, label.astype("int64") if guided else None), counts, first, second]


def _small(mask, x, ratio):
    return mask[:, :, ::ratio, ::ratio].astype(x.dtype)


def _binding(attdecoder):
    return bind_arguments(DecoderKeys, attdecoder or {}, "the decoder", unread=FROM_ELSEWHERE)
