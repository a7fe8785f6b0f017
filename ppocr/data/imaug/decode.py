"""Decoding of image files."""

import contextlib
import io
import struct
from typing import Literal

import cv2
import numpy as np
from PIL import Image, ImageOps

from ppocr.data.imaug.operator import Operator
from ppocr.errors import DataError, Dropped
from ppocr.registry import OPERATORS

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_HEAD = 4096  # bytes in which the pixels of a PNG file begin, unless it holds profiles or texts
_PNG_KIND, _PNG_WITH_ALPHA = 25, (4, 6)  # the byte of the header that tells what a pixel is, and the kinds with alpha
_ORIENTATION = 0x112  # the EXIF tag; 1: as it is
_PNG_EXIF = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")  # chunks that may hold it
_DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras and scanners put into 16
# what Pillow raises where a file is damaged or of a kind that it does not know; OpenCV has the last word on these
PILLOW_FAILURES = (
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    Image.DecompressionBombError,
)


def surely_opaque(encoded) -> bool:
    """Tells, in no time, of most files that hold no transparency: all JPEG files, and PNG files without it."""
    head = bytes(encoded[:_HEAD])
    if head.startswith(_PNG):
        before_pixels, found, _ = head.partition(b"IDAT")
        return bool(found) and head[_PNG_KIND] not in _PNG_WITH_ALPHA and b"tRNS" not in before_pixels
    return head.startswith(_JPEG)


def on_white(encoded, upright: bool):
    """Returns an image with transparency as it looks on white paper; None for an image without.

    Args:
        encoded: the bytes of its file.
        upright: turn it as its EXIF orientation says.

    Returns:
        H x W x 3 ``uint8``, blue first, or None.
    """
    if surely_opaque(encoded):
        return None
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            if image.mode not in ("RGBA", "LA", "PA", "RGBa", "La") and "transparency" not in image.info:
                return None
            turned = ImageOps.exif_transpose(image) if upright else image
            paper = Image.new("RGBA", turned.size, "white")
            paper.alpha_composite(turned.convert("RGBA"))
    except PILLOW_FAILURES:
        return None
    return cv2.cvtColor(np.asarray(paper), cv2.COLOR_RGBA2BGR)


def _turned(image) -> bool:
    """Tells whether the header of an opened file says that its image is to be turned or mirrored."""
    if image.format == "PNG" and not any(key in image.info for key in _PNG_EXIF):
        return False  # Pillow would decode all of it to look behind the pixels
    return image.getexif().get(_ORIENTATION, 1) != 1


def to_8_bits(image) -> np.ndarray:
    """Returns a ``uint16`` image as ``uint8``: the highest of the bits that it uses, 8, 10, 12, 14 or 16 of them."""
    used = int(image.max()).bit_length()
    return (image >> (next(depth for depth in _DEPTHS if depth >= used) - 8)).astype(np.uint8)


@OPERATORS.register()
class DecodeImage(Operator):
    """Turns the bytes of an image file into an array.

    Args:
        img_mode: ``BGR``, ``RGB``, or ``GRAY`` (three equal channels).
        channel_first: give C x H x W instead of H x W x C.
        ignore_orientation: leave the EXIF orientation aside.

    The result is ``uint8``.  What is transparent lies on white paper; of images with 16 bits the highest bits in use
    are taken.  Bytes that are no image drop the sample (``unreadable_image``); no bytes at all are a
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
        self.flags = (cv2.IMREAD_GRAYSCALE if img_mode == "GRAY" else cv2.IMREAD_COLOR) | cv2.IMREAD_ANYDEPTH
        if ignore_orientation:
            self.flags |= cv2.IMREAD_IGNORE_ORIENTATION

    def __call__(self, data):
        data["image"] = self.arranged(self.in_mode(data["image"]))
        return data

    def in_mode(self, encoded) -> np.ndarray:
        """Returns the image that the bytes hold, H x W x C."""
        return self.coloured(self.decode(encoded))

    def decode(self, encoded) -> np.ndarray:
        """Returns the image that the bytes hold, H x W x 3, blue first whatever ``img_mode``."""
        if not isinstance(encoded, (bytes, bytearray, memoryview)):
            raise DataError(f"DecodeImage needs the bytes of an image file, got {type(encoded).__name__}")
        if not len(encoded):
            raise DataError("the file is empty: no bytes of an image in it")
        image = on_white(encoded, upright=not self.flags & cv2.IMREAD_IGNORE_ORIENTATION)
        if image is not None:
            return image
        try:
            image = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), self.flags)
        except cv2.error as error:
            raise Dropped("unreadable_image", str(error).strip().splitlines()[0]) from error
        if image is None or image.dtype not in (np.uint8, np.uint16):
            raise Dropped("unreadable_image", f"{len(encoded)} bytes that are no image of 8 or 16 bits")
        image = to_8_bits(image) if image.dtype == np.uint16 else image
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image

    def size_of(self, path):
        """Returns width and height of the image that a file holds, as it is decoded; None where it is none.

        Of most files only the header is read.
        """
        with contextlib.suppress(*PILLOW_FAILURES), Image.open(path) as image:
            if not _turned(image):
                return image.size
        try:
            with open(path, "rb") as file:
                return self.decode(file.read()).shape[1::-1]
        except (OSError, ValueError, Dropped):
            return None

    def coloured(self, image) -> np.ndarray:
        """Returns an image, H x W x 3, blue first, as ``img_mode`` wants it."""
        if self.img_mode == "GRAY":
            return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if self.img_mode == "RGB" else image

    def arranged(self, image) -> np.ndarray:
        """Returns an H x W x C image with its axes in the order that is asked for, as a view."""
        return image.transpose(2, 0, 1) if self.channel_first else image
