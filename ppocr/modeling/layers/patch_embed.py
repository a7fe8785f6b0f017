"""Patches of an image as tokens."""

from typing import Annotated

from paddle import nn

from ppocr.modeling.layers.svtr_block import SVTRConv
from ppocr.values import Range

PatchedSide = Annotated[int, Range(4, 10_000)]  # of an image of which a patch of 4 x 4 pixels becomes a token
TokenWidth = Annotated[int, Range(2, 4_096)]  # halved by the first convolution


def patch_convs(in_channels, width):
    """Returns two convolutions, ``[N, in_channels, H, W]`` to ``[N, width, H / 4, W / 4]``."""
    first = SVTRConv(in_channels, width // 2, 3, 2, bias=True, act="gelu")
    return nn.Sequential(first, SVTRConv(width // 2, width, 3, 2, bias=True, act="gelu"))
