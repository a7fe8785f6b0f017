"""Sizes of images of tables."""

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.errors import DataError
from ppocr.registry import OPERATORS
from ppocr.values import Side, Size


@OPERATORS.register()
class ResizeTableImage(Operator):
    """Resizes an image so that its longer side is ``max_len``.

    Args:
        max_len: pixels.
        resize_bboxes: ``bboxes`` (pixels) grow with it.
        infer_mode: there are no boxes.

    Sets ``shape``, ``float64``: height and width before, and by how much each grew.
    """

    reads = ("image",)
    writes = ("image", "shape")
    optional = ("bboxes",)

    def __init__(self, max_len: Side, resize_bboxes: bool = False, infer_mode: bool = False):
        self.max_len = max_len
        self.resize_bboxes = resize_bboxes and not infer_mode
        self.writes = ("image", "shape", "bboxes") if self.resize_bboxes else ("image", "shape")

    def __call__(self, data):
        image = data["image"]
        height, width = image.shape[:2]
        ratio = self.max_len / max(height, width)
        sides = [max(int(side * ratio), 1) for side in (height, width)]
        data["image"] = cv2.resize(image, tuple(sides[::-1]))
        if self.resize_bboxes and "bboxes" in data:
            data["bboxes"] = data["bboxes"] * np.float32(ratio)
        data["shape"] = np.array([height, width, ratio, ratio])
        return data


@OPERATORS.register()
class PaddingTableImage(Operator):
    """Puts an image into the top left corner of a black one.

    Args:
        size: height and width of that one.

    The image becomes ``float32``; its new height and width stand behind the entries of ``shape``.
    """

    reads = ("image", "shape")
    writes = ("image", "shape")

    def __init__(self, size: Size):
        self.size = tuple(size)

    def __call__(self, data):
        image = data["image"]
        height, width = image.shape[:2]
        if height > self.size[0] or width > self.size[1]:
            room = " x ".join(map(str, self.size))
            raise DataError(f"an image of {height} x {width} does not fit in {room}; max_len is that at most")
        padded = np.zeros((*self.size, image.shape[2]), np.float32)
        padded[:height, :width] = image
        data["image"] = padded
        data["shape"] = np.array([*data["shape"], *self.size])
        return data
