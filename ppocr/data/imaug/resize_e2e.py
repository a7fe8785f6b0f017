"""Resizing of whole images for reading from end to end, in evaluation and inference."""

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.data.imaug.resize_det import LONG_STRIDE, Limit, check_size
from ppocr.registry import OPERATORS
from ppocr.values import ReadingSet

ENLARGED = 1.25  # by how much images of Total-Text grow


@OPERATORS.register()
class E2EResizeForTest(Operator):
    """Resizes an image, each side going up to a multiple of 128, and says how in ``shape``.

    Args:
        max_side_len: bound in pixels, see ``valid_set``.
        valid_set: ``totaltext``: the image grows by a quarter, but its height to ``max_side_len`` at most; any other:
            its longer side becomes that.

    Sets ``shape``, ``float64``: height and width before, factor of the height, factor of the width.  A narrow strip
    that would become larger than memory is dropped (``too_small``).
    """

    reads = ("image",)
    writes = ("image", "shape")

    def __init__(self, max_side_len: Limit = 768, valid_set: ReadingSet = "totaltext"):
        self.max_side_len = max_side_len
        self.valid_set = valid_set

    def __call__(self, data):
        image = data["image"]
        height, width = image.shape[:2]
        if self.valid_set == "totaltext":
            ratio = min(ENLARGED, self.max_side_len / height)
        else:
            ratio = self.max_side_len / max(height, width)
        sides = [max(-(-int(side * ratio) // LONG_STRIDE), 1) * LONG_STRIDE for side in (height, width)]
        check_size(image, *sides)
        data["image"] = cv2.resize(image, tuple(sides[::-1]))
        data["shape"] = np.array([height, width, sides[0] / height, sides[1] / width])
        return data
