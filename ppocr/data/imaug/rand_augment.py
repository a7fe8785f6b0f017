"""Random augmentation by a few of many simple changes.

Cubuk et al., RandAugment: Practical Automated Data Augmentation with a Reduced Search Space, 2020.
"""

from typing import Annotated

import cv2
import numpy as np

from ppocr.data.imaug import color
from ppocr.data.imaug.operator import Operator
from ppocr.geometry.warps import check_sides
from ppocr.registry import OPERATORS
from ppocr.values import Probability, Range

FILL = (128, 128, 128)


def _move(image, matrix, fill=FILL):
    size = (image.shape[1], image.shape[0])
    check_sides(image, *size)
    return cv2.warpAffine(image, np.float64(matrix), size, borderMode=cv2.BORDER_CONSTANT, borderValue=fill)


def _rotate(image, degrees):
    center = ((image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2)
    return _move(image, cv2.getRotationMatrix2D(center, degrees, 1))


# name -> strength at the highest magnitude, change(image, strength, sign)
CHANGES = {
    "shearX": (0.3, lambda x, s, sign: _move(x, [[1, s * sign, 0], [0, 1, 0]])),
    "shearY": (0.3, lambda x, s, sign: _move(x, [[1, 0, 0], [s * sign, 1, 0]])),
    "translateX": (0.45, lambda x, s, sign: _move(x, [[1, 0, s * sign * x.shape[1]], [0, 1, 0]])),
    "translateY": (0.45, lambda x, s, sign: _move(x, [[1, 0, 0], [0, 1, s * sign * x.shape[0]]])),
    "rotate": (30.0, lambda x, s, sign: _rotate(x, s)),
    "color": (0.9, lambda x, s, sign: color.adjust_saturation(x, 1 + s * sign)),
    "posterize": (4.0, lambda x, s, sign: color.posterize(x, 8 - int(s))),
    "solarize": (256.0, lambda x, s, sign: color.solarize(x, 256 - s)),
    "contrast": (0.9, lambda x, s, sign: color.adjust_contrast(x, 1 + s * sign)),
    "sharpness": (0.9, lambda x, s, sign: color.adjust_sharpness(x, 1 + s * sign)),
    "brightness": (0.9, lambda x, s, sign: color.adjust_brightness(x, 1 + s * sign)),
    "autocontrast": (0.0, lambda x, s, sign: color.autocontrast(x)),
    "equalize": (0.0, lambda x, s, sign: color.equalize(x)),
    "invert": (0.0, lambda x, s, sign: cv2.bitwise_not(x)),
}


@OPERATORS.register()
class RandAugment(Operator):
    """Applies ``num_layers`` changes, each any of 14, to a BGR image.

    Args:
        prob: probability that anything is changed.
        num_layers: number of changes.
        magnitude: their strength, 0 to 10.
    """

    reads = ("image",)
    writes = ("image",)
    random = True

    def __init__(
        self,
        prob: Probability = 0.5,
        num_layers: Annotated[int, Range(0, 100)] = 2,
        magnitude: Annotated[int, Range(0, 10)] = 5,
    ):
        self.prob = prob
        self.num_layers = num_layers
        self.changes = [(strength * magnitude / 10, change) for strength, change in CHANGES.values()]

    def __call__(self, data, rng):
        if rng.random() >= self.prob:
            return data
        for i in rng.integers(len(self.changes), size=self.num_layers):
            strength, change = self.changes[i]
            data["image"] = change(data["image"], strength, rng.choice((-1, 1)))
        return data
