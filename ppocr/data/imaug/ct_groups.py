"""Random changes that an image and its maps undergo together: ``image`` is a list of them, the image first."""

import cv2
import numpy as np

from ppocr.data.imaug.det_crop import draw_corner
from ppocr.data.imaug.operator import Operator
from ppocr.geometry.warps import rotation, warp
from ppocr.registry import OPERATORS
from ppocr.values import Angle, Probability, PyramidSide

ANYWHERE = 3 / 8  # how often a crop is drawn without looking for text


class _Group(Operator):
    reads = ("image",)
    writes = ("image",)
    random = True


@OPERATORS.register()
class GroupRandomHorizontalFlip(_Group):
    """Mirrors all, left to right.

    Args:
        p: probability.
    """

    def __init__(self, p: Probability = 0.5):
        self.p = p

    def __call__(self, data, rng):
        if rng.random() < self.p:
            data["image"] = [cv2.flip(image, 1) for image in data["image"]]
        return data


@OPERATORS.register()
class GroupRandomRotate(_Group):
    """Turns all about the middle by up to 10 degrees; the maps take the value of the nearest pixel, outside is 0.

    Args:
        degrees: greatest angle to either side.
    """

    def __init__(self, degrees: Angle = 10.0):
        self.degrees = degrees

    def __call__(self, data, rng):
        image, *maps = data["image"]
        height, width = image.shape[:2]
        matrix = rotation(rng.uniform(-self.degrees, self.degrees), (width / 2, height / 2))
        turned = [warp(one, matrix, width, height, interpolation=cv2.INTER_NEAREST) for one in maps]
        data["image"] = [warp(image, matrix, width, height), *turned]
        return data


@OPERATORS.register()
class GroupRandomCropPadding(_Group):
    """Cuts the same rectangle out of all, mostly one near text, and pads with 0 below and to the right.

    Args:
        target_size: (height, width).

    The first map says where text is.
    """

    def __init__(self, target_size: tuple[PyramidSide, PyramidSide] = (640, 640)):
        self.size = tuple(target_size)

    def __call__(self, data, rng):
        height, width = self.size
        top, left = draw_corner(data["image"][1], self.size, ANYWHERE, rng)
        data["image"] = [self._pad(image[top : top + height, left : left + width]) for image in data["image"]]
        return data

    def _pad(self, image):
        padded = np.zeros((*self.size, *image.shape[2:]), image.dtype)
        padded[: image.shape[0], : image.shape[1]] = image
        return padded
