"""TBSRN, whose places attend to each other, taught by a recogniser of characters.

Source: Scene Text Telescope: Text-Focused Scene Image Super-Resolution (CVPR 2021).
"""

from dataclasses import dataclass

import numpy as np
import paddle
from paddle import nn

from ppocr.modeling.layers.annotated_attention import FeedForward, SampleNorm, SeenAttention
from ppocr.modeling.layers.super_resolution import ResidualBlock, SuperResolution
from ppocr.modeling.layers.tokens import sinusoids, to_map, to_tokens
from ppocr.registry import TRANSFORMS
from ppocr.text.strokes import LETTERS, letters_of

PLACE_WIDTH = 64  # channels that say where a place is
HEADS = 4


def places(height, width, channels=PLACE_WIDTH):
    """Returns ``[height * width, channels]``: sinusoids of the column, then of the row."""
    columns, rows = sinusoids(width, channels // 2), sinusoids(height, channels // 2)
    return np.concatenate([np.tile(columns, (height, 1)), np.repeat(rows, width, axis=0)], axis=1)


class Enhancer(nn.Layer):
    """Attention among the places of a map, and two linear layers for each; ``[N, C, H, W]`` stays.

    Args:
        channels: of the map.
        size: height and width of the map.
    """

    def __init__(self, channels, size):
        super().__init__()
        width = channels + PLACE_WIDTH
        self.multihead = SeenAttention(HEADS, width)
        self.mul_layernorm1 = SampleNorm(width)
        self.pff = FeedForward(width, width)
        self.mul_layernorm3 = SampleNorm(width)
        self.linear = nn.Linear(width, channels)
        self.register_buffer("_places", paddle.to_tensor(places(*size)).unsqueeze(0), persistable=False)
        self._size = size

    def forward(self, x):
        tokens = to_tokens(x)
        where = self._places.astype(x.dtype) + 0 * tokens[:, :, :1]  # for every image
        tokens = paddle.concat([tokens, where], axis=2)
        tokens = self.mul_layernorm1(tokens + self.multihead(tokens, tokens)[0])
        tokens = self.mul_layernorm3(tokens + self.pff(tokens))
        return to_map(self.linear(tokens), *self._size)


class AttendingBlock(ResidualBlock):
    """Convolutions and attention; the sequence layers are in checkpoints, but take no part."""

    def __init__(self, channels, size):
        super().__init__(channels)
        self.feature_enhancer = Enhancer(channels, size)
        unused = self.feature_enhancer.multihead.compress_attention_linear
        self._idle = [*self.gru1.parameters(), *self.gru2.parameters(), *unused.parameters()]

    def forward(self, x):
        y = x + self.feature_enhancer(self.convolve(x))
        if not self.training:
            return y
        return y + sum(
            0.0 * weights.sum() for weights in self._idle
        )  # gradients of 0, which several processes wait for


@TRANSFORMS.register()
@dataclass(eq=False, repr=False)
class TBSRN(SuperResolution):
    """Makes images of text sharper and larger with attention; its recogniser knows digits and small letters.

    Source: Scene Text Telescope (CVPR 2021), section 3.2.
    """

    teacher_name = "transformer"
    classes = len(LETTERS)
    teaching = ("label",)

    def make_block(self, channels):
        """See :class:`SuperResolution`."""
        return AttendingBlock(channels, self.small_size)

    def spell(self, label):
        """Returns the characters of texts and their numbers, with the end."""
        texts = [letters_of(text) for text in label]
        lengths = [len(text) for text in texts]
        classes = np.zeros([len(texts), max(lengths)], np.int64)
        for row, text in zip(classes, texts):
            row[: len(text)] = text
        return paddle.to_tensor(classes), paddle.to_tensor(lengths)
