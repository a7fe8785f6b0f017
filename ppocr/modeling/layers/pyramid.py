"""What feature pyramids do with their levels, which come from the largest map down, each half the size of the last."""

from typing import Annotated

import paddle
import paddle.nn.functional as F

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


def merge_in_steps(maps, levels):
    """Adds up maps one by one, each sum brought to the size of the next map.

    Args:
        maps: in the order in which they are added.
        levels: for each map (lateral, step): what it passes before it is added, and what the sum passes.

    Returns:
        What the last step gives.
    """
    (lateral, step), *others = levels
    merged = step(lateral(maps[0]))
    for x, (lateral, step) in zip(maps[1:], others):
        merged = step(F.relu(merged + lateral(x)))
    return merged
