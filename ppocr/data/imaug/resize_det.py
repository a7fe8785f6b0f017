"""Resizing of whole images for text detection in evaluation and inference."""

import math
from typing import Annotated, Literal, Optional

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.errors import Dropped
from ppocr.registry import OPERATORS
from ppocr.values import PyramidSide, Range

Limit = Annotated[int, Range(32, 20_000)]
SMALL = 64  # images with a smaller sum of sides are padded before anything else
STRIDE = 32
LONG_STRIDE = 128
MOST_PIXELS = 1 << 26  # of an enlarged image; its float planes take 768 MiB


def check_size(image, height: float, width: float) -> None:
    """Refuses a size that an image, a strip of a few pixels, would have to be enlarged to.

    Raises:
        Dropped: it takes too much memory (``too_small``).
    """
    if height * width > max(MOST_PIXELS, image.shape[0] * image.shape[1]):
        old = f"{image.shape[0]} x {image.shape[1]}"
        raise Dropped("too_small", f"an image of {old} pixels would have to become {height:.0f} x {width:.0f}")


def _nearest_multiple(side):
    return max(round(side / STRIDE) * STRIDE, STRIDE)


@OPERATORS.register()
class DetResizeForTest(Operator):
    """Resizes an image so that a detector can take it, and says how in ``shape``.

    The first of these keys that is given decides:

    Args:
        image_shape: (height, width) to reach; with ``keep_ratio`` the width follows the image, up to the next
            multiple of 32.
        limit_side_len: bound for the shorter side (``limit_type`` ``min``: at least this) or the longer one (``max``:
            at most this; ``resize_long``: exactly this), each side then going to the nearest multiple of 32.
        resize_long: the longer side becomes this, each side then going up to a multiple of 128.
        limit_type: see ``limit_side_len``.
        keep_ratio: see ``image_shape``.
        max_side_limit: with ``limit_side_len``: no side gets longer than this.

    Without any: ``limit_side_len: 736``, ``limit_type: min``.

    Sets ``shape``, ``float64``: height and width before the resize, factor of the height, factor of the width.  A
    image with height + width below 64 is padded with zeros to at least 32 x 32, and ``shape`` is the padded one's.
    A narrow strip that would become larger than memory is dropped (``too_small``).
    """

    reads = ("image",)
    writes = ("image", "shape")

    def __init__(
        self,
        image_shape: Optional[tuple[PyramidSide, PyramidSide]] = None,
        limit_side_len: Optional[Limit] = None,
        resize_long: Optional[Limit] = None,
        limit_type: Literal["min", "max", "resize_long"] = "min",
        keep_ratio: bool = False,
        max_side_limit: Limit = 4000,
    ):
        self.image_shape = image_shape
        self.keep_ratio = keep_ratio
        self.resize_long = None if limit_side_len or image_shape else resize_long
        self.limit_side_len = limit_side_len or 736
        self.limit_type = limit_type
        self.max_side_limit = max_side_limit

    def __call__(self, data):
        image = data["image"]
        height, width = image.shape[:2]
        if height + width < SMALL:
            bottom, right = max(STRIDE - height, 0), max(STRIDE - width, 0)
            image = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=0)
            height, width = image.shape[:2]
        new_height, new_width = self._target(height, width)
        check_size(image, new_height, new_width)
        if (new_height, new_width) != (height, width):
            image = cv2.resize(image, (new_width, new_height))
        data["image"] = image
        data["shape"] = np.array([height, width, new_height / height, new_width / width])
        return data

    def _target(self, height, width):
        if self.image_shape:
            return self._fixed(height, width)
        if self.resize_long:
            ratio = self.resize_long / max(height, width)
            return [max(-(-int(side * ratio) // LONG_STRIDE), 1) * LONG_STRIDE for side in (height, width)]
        return self._limited(height, width)

    def _fixed(self, height, width):
        new_height, new_width = self.image_shape
        if self.keep_ratio:
            new_width = math.ceil(width * new_height / height / STRIDE) * STRIDE
        return new_height, new_width

    def _limited(self, height, width):
        limit = self.limit_side_len
        ratio = {
            "max": min(1.0, limit / max(height, width)),
            "min": max(1.0, limit / min(height, width)),
            "resize_long": limit / max(height, width),
        }[self.limit_type]
        sides = [int(height * ratio), int(width * ratio)]
        if max(sides) > self.max_side_limit:
            ratio = self.max_side_limit / max(sides)
            sides = [int(side * ratio) for side in sides]
        return [_nearest_multiple(side) for side in sides]
