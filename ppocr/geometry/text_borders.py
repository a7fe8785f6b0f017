"""Outlines of texts from points on their centre lines and the ways from there to the borders."""

import numpy as np

EXPANSION = (0.5, 3.0)  # pixels of the map: least and most that a border moves out


def moved_out(ways, factor: float) -> np.ndarray:
    """Returns ways (..., 2) to borders made longer by a factor, for half a pixel to 3 pixels."""
    if factor == 1:
        return ways
    lengths = np.maximum(np.linalg.norm(ways, axis=-1, keepdims=True), 1e-6)
    return ways * (1 + np.clip(lengths * (factor - 1), *EXPANSION) / lengths)


def outlines_around(points, ways, scale, ends: float) -> np.ndarray:
    """Returns outlines (texts, 2 N, 2): the upper border from the head to the tail, and the lower one back.

    Args:
        points: (texts, N, 2), N at least 2, of the centre lines in pixels of a map; x comes first.
        ways: (texts, N, 2, 2): to the upper and to the lower border.
        scale: by how much x and y of the result are larger.
        ends: the ends move along the borders by so many times the text's height, as centre lines are shorter than it.
    """
    borders = (points[:, :, None] + ways) * scale  # texts, N, upper and lower, x and y
    moved = borders.copy()
    for last, inner, base in ((0, 1, 0), (-1, -2, -2)):
        height = np.linalg.norm(borders[:, base, 0] - borders[:, base, 1], axis=-1)
        step = np.linalg.norm(borders[:, last, 0] - borders[:, inner, 0], axis=-1) + 1e-6
        ratio = (ends * height / step)[:, None, None]
        moved[:, last] = borders[:, last] + (borders[:, last] - borders[:, inner]) * ratio
    return np.concatenate([moved[:, :, 0], moved[:, ::-1, 1]], axis=1)
