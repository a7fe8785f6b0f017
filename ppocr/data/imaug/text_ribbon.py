"""Text outlines as ribbons: a top and a bottom line that run side by side from the head to the tail of a text.

Long et al., TextSnake: A Flexible Representation for Detecting Text of Arbitrary Shapes, 2018.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ppocr.geometry.polygons import following

STANDS_UPRIGHT = 2.0  # a quadrangle is read downwards if it is this many times as high as it is wide


class Ribbon(NamedTuple):
    """A text as N pairs of points, one on its top and one on its bottom line each (N x 2, ``float64``)."""

    top: np.ndarray
    bottom: np.ndarray

    @property
    def center(self) -> np.ndarray:
        """The points half-way, N x 2."""
        return (self.top + self.bottom) / 2

    def reversed(self) -> "Ribbon":
        """Returns the ribbon that runs from the tail to the head."""
        return Ribbon(self.top[::-1], self.bottom[::-1])

    def trimmed(self, head: int, tail: int) -> "Ribbon":
        """Returns the ribbon without some pairs at its ends; all of it if hardly any would be left."""
        count = len(self.top)
        if count <= head + tail + 3:
            return self
        return Ribbon(self.top[head : count - tail], self.bottom[head : count - tail])

    def narrowed(self, ratio: float) -> "Ribbon":
        """Returns the ribbon with the lines at ``ratio`` of their distance to the centre."""
        center = self.center
        return Ribbon(center + (self.top - center) * ratio, center + (self.bottom - center) * ratio)

    def end_widths(self):
        """Returns the distances between top and bottom at the head and at the tail."""
        return np.hypot(*(self.top - self.bottom)[[0, -1]].T)

    def boxes(self) -> np.ndarray:
        """Returns the quadrangles between neighbouring pairs, (N - 1) x 4 x 2."""
        return np.stack([self.top[:-1], self.top[1:], self.bottom[1:], self.bottom[:-1]], axis=1)


def fill_boxes(mask, ribbon: Ribbon, value=1) -> None:
    """Draws a ribbon into a mask, box by box."""
    for box in ribbon.boxes().astype(np.int32):
        cv2.fillPoly(mask, [box], value)


def pixels_of(box, size):
    """Returns the rows and columns of the pixels of a polygon (K x 2, ``int32``) in an image of ``size``."""
    low = np.maximum(box.min(axis=0), 0)
    width, height = np.maximum(np.minimum(box.max(axis=0) + 1, size[::-1]) - low, 0).tolist()
    if not width or not height:
        return np.zeros((2, 0), int)
    mask = cv2.fillPoly(np.zeros((height, width), np.uint8), [box - low], 1)
    return np.array(np.nonzero(mask)) + low[::-1, None]


def ribbon_of(points, step: float) -> Ribbon:
    """Returns the ribbon of an outline (K x 2), with a pair of points about every ``step`` pixels."""
    top, bottom = sides(distinct(points))
    length = (line_length(top) + line_length(bottom)) / 2
    count = max(int(length / step) + 1, 2)
    return Ribbon(resample(top, count), resample(bottom, count))


def distinct(points) -> np.ndarray:
    """Returns an outline without repeated points, ``float64``; fewer than four become the corners of their box."""
    points = np.asarray(points, np.float64)
    moving = points[(points != following(points)).any(axis=1)]
    return moving if len(moving) >= 4 else cv2.boxPoints(cv2.minAreaRect(points.astype(np.float32))).astype(np.float64)


def line_length(line) -> float:
    """Returns the length of a line through points (K x 2)."""
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def resample(line, count: int, start: float = 0.0, end: float = 1.0) -> np.ndarray:
    """Returns ``count`` points at equal distances along a line through points (K x 2).

    Args:
        start, end: where the first and the last point are, as parts of the line's length.
    """
    places = np.append(0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
    wanted = np.linspace(start, end, count) * places[-1]
    return np.stack([np.interp(wanted, places, line[:, axis]) for axis in (0, 1)], axis=1)


def sides(points):
    """Splits an outline (K x 2, K >= 4) into its top and its bottom line, both from the head to the tail."""
    head, tail = _quad_ends(points) if len(points) == 4 else _polygon_ends(points)
    count = len(points)
    first = points[np.arange(head + 1, tail + 1 + (tail < head) * count) % count]
    second = points[np.arange(tail + 1, head + 1 + (head < tail) * count) % count][::-1]
    return (first, second) if first[:, 1].mean() <= second[:, 1].mean() else (second, first)


def _quad_ends(points):
    """Returns the edges at the head and at the tail, each as the number of its first point."""
    edges = np.abs(following(points) - points)
    slopes = np.arctan2(edges[:, 1], edges[:, 0])
    lengths = np.hypot(*edges.T)
    flat = 0 if slopes[::2].sum() < slopes[1::2].sum() else 1
    upright = lengths[1 - flat :: 2].sum() > lengths[flat::2].sum() * STANDS_UPRIGHT
    return (0, 2) if upright == (flat == 0) else (3, 1)


def _polygon_ends(points):
    """The same for more points: the two edges about which an outline turns most, far apart along it.

    An edge counts by the angle between its neighbours, which is half a turn at a square end.
    """
    count = len(points)
    edges = following(points) - points
    directions = np.arctan2(edges[:, 1], edges[:, 0])
    turns = np.angle(np.exp(1j * (np.roll(directions, -1) - np.roll(directions, 1))))
    bends = np.abs(turns) / np.pi
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    balance = np.minimum(apart, count - apart) / (count / 2)
    score = bends[:, None] + bends + balance
    score[np.minimum(apart, count - apart) < 2] = -1
    tail, head = np.unravel_index(np.argmax(np.tril(score)), score.shape)[::-1]
    return int(head), int(tail)
