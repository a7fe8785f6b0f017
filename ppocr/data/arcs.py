"""Strips of text bent along arcs of circles."""

from typing import NamedTuple

import cv2
import numpy as np

_FLAT = 0.01  # the smallest angle, in radians: a straight line would have no circle


class Arc(NamedTuple):
    """Where a strip lies: its middle line on an arc.

    Attributes:
        length, height: of the strip, in pixels.
        bend: angle of the arc in radians; positive ones arch upwards.
        turn: of the whole, in radians, clockwise.
        centre: where the middle of the strip lies, (x, y).
    """

    length: float
    height: float
    bend: float
    turn: float
    centre: tuple

    @property
    def _radius(self):
        """Radius of the middle line; negative where it sags."""
        return self.length / (self.bend if abs(self.bend) > _FLAT else _FLAT)

    def place(self, along, across) -> np.ndarray:
        """Returns points ``(..., 2)`` of the image.

        Args:
            along: distance from the middle of the strip along its middle line, in pixels.
            across: distance from the middle line, downwards.
        """
        radius, angle = self._radius, np.asarray(along) / self._radius
        x, y = (radius - across) * np.sin(angle), radius - (radius - across) * np.cos(angle)
        return np.stack([x, y], axis=-1) @ _turning(self.turn).T + self.centre

    def find(self, points) -> np.ndarray:
        """Returns what :meth:`place` takes, ``(..., 2)``, for points of the image ``(..., 2)``."""
        radius, (x, y) = self._radius, np.moveaxis((points - np.asarray(self.centre)) @ _turning(self.turn), -1, 0)
        side = np.sign(radius)
        along = radius * np.arctan2(side * x, side * (radius - y))
        return np.stack([along, radius - side * np.hypot(x, radius - y)], axis=-1)

    def outline(self, points: int) -> np.ndarray:
        """Returns the polygon ``(points, 2)`` around the strip, clockwise from the text's top left.

        Args:
            points: their number, even; half of them lie above the text.
        """
        along = np.linspace(-self.length / 2, self.length / 2, points // 2)
        return np.concatenate([self.place(along, -self.height / 2), self.place(along[::-1], self.height / 2)])


def bend(strip, arc: Arc, left: int, top: int, width: int, height: int) -> np.ndarray:
    """Returns a part of an image, uint8 ``(height, width)``, that holds nothing but a strip on an arc.

    Args:
        strip: uint8 ``(h, w)``.
        arc: where it lies in the image.
        left, top: first column and row of the part.
        width, height: its size.
    """
    x, y = np.meshgrid(left + 0.5 + np.arange(width), top + 0.5 + np.arange(height))
    found = arc.find(np.stack([x, y], axis=-1))
    rows, columns = strip.shape
    # OpenCV has the middle of pixel 0 at 0
    place = (found / (arc.length, arc.height) + 0.5) * (columns, rows) - 0.5
    return cv2.remap(strip, *np.moveaxis(place.astype(np.float32), -1, 0), cv2.INTER_LINEAR)


def _turning(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
