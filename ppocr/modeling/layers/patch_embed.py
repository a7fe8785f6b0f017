"""Patches of an image as tokens."""

from typing import Annotated

from paddle import nn

from ppocr.modeling.layers.svtr_block import SVTRConv
from ppocr.modeling.layers.tokens import to_tokens
from ppocr.values import Range

PatchedSide = Annotated[int, Range(4, 10_000)]  # of an image of which a patch of 4 x 4 pixels becomes a token
TokenWidth = Annotated[int, Range(2, 4_096)]  # halved by the first convolution


def patch_convs(in_channels, width):
    """Returns two convolutions, ``[N, in_channels, H, W]`` to ``[N, width, H / 4, W / 4]``."""
    first = SVTRConv(in_channels, width // 2, 3, 2, bias=True, act="gelu")
    return nn.Sequential(first, SVTRConv(width // 2, width, 3, 2, bias=True, act="gelu"))


class PatchEmbedding(nn.Layer):
    """One linear map of every patch, ``[N, in_channels, H, W]`` to tokens ``[N, T, width]``, row by row.

    Args:
        in_channels: channels of the image.
        width: of a token.
        patch_size: height and width of a patch.
    """

    def __init__(self, in_channels, width, patch_size):
        super().__init__()
        self.proj = nn.Conv2D(in_channels, width, patch_size, stride=patch_size)

    def forward(self, x):
        return to_tokens(self.proj(x))
