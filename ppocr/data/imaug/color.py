"""Changes of colour, brightness, contrast and sharpness of BGR images (H x W x 3, ``uint8``).

The factors mean what they mean in the usual image libraries: 0 takes the property away, 1 changes nothing.
"""

from functools import partial
from typing import Annotated, Optional

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.registry import OPERATORS
from ppocr.values import Range

Strength = Annotated[float, Range(0, 10)]

CONTRAST_LEVEL = 74  # what a jitter of the contrast leaves as it is, in paddle.vision too
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13


def blend(image, other, factor: float) -> np.ndarray:
    """Returns ``other + factor * (image - other)``, kept in 0 to 255."""
    return cv2.addWeighted(image, factor, other, 1 - factor, 0)


def adjust_brightness(image, factor: float) -> np.ndarray:
    """Multiplies all values."""
    return cv2.addWeighted(image, factor, image, 0, 0)


def adjust_contrast(image, factor: float, level: Optional[float] = None) -> np.ndarray:
    """Multiplies the differences from a level; None is the mean grey."""
    if level is None:
        level = float(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).mean())
    return cv2.addWeighted(image, factor, image, 0, (1 - factor) * level)


def adjust_saturation(image, factor: float) -> np.ndarray:
    """Multiplies the differences from each pixel's grey."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return blend(image, cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), factor)


def adjust_hue(image, turn: float) -> np.ndarray:
    """Turns all hues by ``turn`` full circles."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    table = ((np.arange(256) + round(turn * 180)) % 180).astype(np.uint8)
    keep = np.arange(256, dtype=np.uint8)
    hsv = cv2.LUT(hsv, np.stack([table, keep, keep], axis=1)[:, None])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def adjust_sharpness(image, factor: float) -> np.ndarray:
    """Multiplies the differences from the smoothed image."""
    return blend(image, cv2.filter2D(image, -1, _SMOOTH), factor)


def posterize(image, bits: int) -> np.ndarray:
    """Keeps the upper ``bits`` of each value."""
    return cv2.bitwise_and(image, np.full_like(image, 256 - (1 << (8 - bits))))


def solarize(image, threshold: float) -> np.ndarray:
    """Inverts the values from ``threshold`` on."""
    values = np.arange(256)
    return cv2.LUT(image, np.where(values < threshold, values, 255 - values).astype(np.uint8))


def autocontrast(image) -> np.ndarray:
    """Stretches the values of each channel to 0 to 255."""
    low, high = image.min(axis=(0, 1)).astype(float), image.max(axis=(0, 1)).astype(float)
    scale = 255 / np.maximum(high - low, 1)
    table = (np.arange(256)[:, None] - low) * scale
    table = np.where(high > low, table, np.arange(256)[:, None])
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[:, None])


def equalize(image) -> np.ndarray:
    """Equalizes the histogram of each channel."""
    return cv2.merge([cv2.equalizeHist(channel) for channel in cv2.split(image)])


@OPERATORS.register()
class ColorJitter(Operator):
    """Changes brightness, contrast, saturation and hue at random, in random order.

    Args:
        brightness, saturation: factors are drawn from ``1 - x`` (at least 0) to ``1 + x``.
        contrast: so is the factor of the differences from the level 74.
        hue: the hue turns by up to this part of a circle to either side.
    """

    reads = ("image",)
    writes = ("image",)
    random = True

    def __init__(
        self,
        brightness: Strength = 0.0,
        contrast: Strength = 0.0,
        saturation: Strength = 0.0,
        hue: Annotated[float, Range(0, 0.5)] = 0.0,
    ):
        jitter_contrast = partial(adjust_contrast, level=CONTRAST_LEVEL)
        factors = ((adjust_brightness, brightness), (jitter_contrast, contrast), (adjust_saturation, saturation))
        self.changes = [(change, max(0.0, 1 - x), 1 + x) for change, x in factors if x]
        if hue:
            self.changes.append((adjust_hue, -hue, hue))

    def __call__(self, data, rng):
        image = data["image"]
        for i in rng.permutation(len(self.changes)):
            change, low, high = self.changes[i]
            image = change(image, rng.uniform(low, high))
        data["image"] = image
        return data
