"""Decoding of picture files."""

from typing import Literal

import cv2
import numpy as np

from ppocr.data.imaug.operator import Dropped, Operator
from ppocr.errors import DataError
from ppocr.registry import OPERATORS


@OPERATORS.register()
class DecodeImage(Operator):
    """Turns the bytes of a picture file into an array.

    Args:
        img_mode: ``BGR``, ``RGB``, or ``GRAY`` (three equal channels).
        channel_first: give C x H x W instead of H x W x C.
        ignore_orientation: leave the EXIF orientation aside.

    The result is ``uint8``.  Bytes that are no picture drop the sample (``unreadable_image``); no bytes at all are a
    :class:`~ppocr.errors.DataError`.
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(
        self,
        img_mode: Literal["BGR", "RGB", "GRAY"] = "RGB",
        channel_first: bool = False,
        ignore_orientation: bool = False,
    ):
        self.img_mode = img_mode
        self.channel_first = channel_first
        self.flags = cv2.IMREAD_GRAYSCALE if img_mode == "GRAY" else cv2.IMREAD_COLOR
        if ignore_orientation:
            self.flags |= cv2.IMREAD_IGNORE_ORIENTATION

    def __call__(self, data):
        data["image"] = self.arranged(self.picture(data["image"]))
        return data

    def picture(self, encoded) -> np.ndarray:
        """Returns the picture that the bytes hold, H x W x C."""
        return self.coloured(self.decode(encoded))

    def decode(self, encoded) -> np.ndarray:
        """Returns the picture that the bytes hold, H x W x 3, blue first whatever ``img_mode``."""
        if not isinstance(encoded, (bytes, bytearray, memoryview)):
            raise DataError(f"DecodeImage needs the bytes of a picture file, got {type(encoded).__name__}")
        if not len(encoded):
            raise DataError("the file is empty: no bytes of a picture in it")
        try:
            image = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), self.flags)
        except cv2.error as error:
            raise Dropped("unreadable_image", str(error).strip().splitlines()[0]) from error
        if image is None:
            raise Dropped("unreadable_image", f"{len(encoded)} bytes that are no picture")
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image

    def coloured(self, image) -> np.ndarray:
        """Returns a picture, H x W x 3, blue first, as ``img_mode`` wants it."""
        if self.img_mode == "GRAY":
            return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if self.img_mode == "RGB" else image

    def arranged(self, picture) -> np.ndarray:
        """Returns an H x W x C picture with its axes in the order that is asked for, as a view."""
        return picture.transpose(2, 0, 1) if self.channel_first else picture
