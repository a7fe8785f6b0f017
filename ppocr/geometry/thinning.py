"""Skeletons of regions: lines a pixel wide that hang together as the regions do.

Source: Guo and Hall, Parallel Thinning with Two-Subiteration Algorithms (1989), algorithm A1.
"""

import cv2
import numpy as np

# bits of the neighbours of a pixel: east, north-east, north, ... south-east
_BITS = np.array([[8, 4, 2], [16, 0, 1], [32, 64, 128]], np.float32)


def _removable() -> list:
    """Returns for both halves of a step which pixels go, by the bits of their neighbours: uint8 (256) of 0 and 1."""
    x = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(bool).T  # neighbours from the east on, (8, 256)
    following = np.roll(x, -1, axis=0)
    crossings = (~x[::2] & (following[::2] | np.roll(x, -2, axis=0)[::2])).sum(axis=0)
    pairs = [(x[start::2] | following[start::2]).sum(axis=0) for start in (0, 1)]
    neighbours = np.minimum(*pairs)
    ends = (crossings == 1) & (neighbours >= 2) & (neighbours <= 3)
    first = (x[1] | x[2] | ~x[7]) & x[0]
    second = (x[5] | x[6] | ~x[3]) & x[4]
    return [(ends & ~beside).astype(np.uint8) for beside in (first, second)]


_REMOVABLE = _removable()


def thinned(mask) -> np.ndarray:
    """Returns the skeleton of a map: uint8 (H, W) of 0 and 1, as ``mask``."""
    thin = np.zeros_like(mask)
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return thin
    inside = np.pad(mask[top : top + height, left : left + width], 1)
    while True:
        before = cv2.countNonZero(inside)
        for removable in _REMOVABLE:
            neighbours = cv2.filter2D(inside, -1, _BITS, borderType=cv2.BORDER_CONSTANT)
            inside = inside & (1 - cv2.LUT(neighbours, removable))
        if cv2.countNonZero(inside) == before:
            break
    thin[top : top + height, left : left + width] = inside[1:-1, 1:-1]
    return thin
