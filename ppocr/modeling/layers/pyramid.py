"""What feature pyramids do with their levels, which come from the largest map down, each half the size of the last."""

from typing import Annotated

import paddle

from ppocr.modeling.layers.upsample import upsample_nearest
from ppocr.values import Range

PyramidWidth = Annotated[int, Range(4, 4_096, step=4)]  # a quarter of it from each of four levels


def top_down(levels):
    """Adds to every map the enlarged one above it; ``levels`` from the largest map down, and so is the result."""
    merged = [levels[-1]]
    for level in reversed(levels[:-1]):
        merged.insert(0, level + upsample_nearest(merged[0], 2))
    return merged


def upsample_levels(levels):
    """Brings maps, each half the size of the one before, to the size of the first; the smallest comes first."""
    return [upsample_nearest(level, 2**i) for i, level in reversed(list(enumerate(levels)))]


def stack_levels(levels):
    """Returns :func:`upsample_levels` as one map, the channels of the smallest first."""
    return paddle.concat(upsample_levels(levels), axis=1)
