"""Resizing of text lines for recognition and for direction classification."""

import math
from typing import Optional

import cv2
import numpy as np

from ppocr.data.imaug.normalize import NormalizeImage, planes_from_table
from ppocr.data.imaug.operator import Operator, tell
from ppocr.registry import OPERATORS
from ppocr.values import Channels, Fraction, LineShape, LineSide, TextLength

SARShape = tuple[Channels, LineSide, LineSide, LineSide]
COLOURS = 3
LONGEST = 200  # heights; an image that is longer is no line of text, and would take memory without end
_SIGNED = ((np.arange(256, dtype=np.float32) / 255 - 0.5) / 0.5).astype(np.float32)


def to_signed_planes(image) -> np.ndarray:
    """Returns a ``uint8`` image as C x H x W ``float32`` in [-1, 1]; H x W gives one plane."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    return planes_from_table(image, [_SIGNED] * channels)


def pad_right(planes, width: int, value: float = 0.0) -> np.ndarray:
    """Returns C x H x ``width`` with ``value`` to the right of the planes."""
    if planes.shape[2] == width:
        return planes
    padded = np.empty((*planes.shape[:2], width), planes.dtype)
    padded[:, :, : planes.shape[2]] = planes
    padded[:, :, planes.shape[2] :] = value
    return padded


def fitted_width(image, height: int, limit: int) -> int:
    """Returns the width that keeps the image's proportions at ``height``, at most ``limit``."""
    return min(limit, math.ceil(height * image.shape[1] / image.shape[0]))


def resize_line(image, height: int, width: int, limit: int) -> np.ndarray:
    """Resizes a text line to ``height`` x ``width`` and pads it to ``limit``; C x H x W ``float32`` in [-1, 1]."""
    return pad_right(to_signed_planes(cv2.resize(image, (width, height))), limit)


class ColourLine(Operator):
    """An operator that gives as many channels as images have, which is three; grey ones have three equal ones."""

    @staticmethod
    def check_arguments(image_shape):
        """Yields another number of channels."""
        if image_shape[0] != COLOURS:
            yield (
                "image_shape",
                f"'image_shape' {list(image_shape)}: images have {COLOURS} channels here, in img_mode GRAY too; for "
                "a model that reads one grey channel use GrayRecResizeImg, and Architecture.in_channels: 1",
            )


@OPERATORS.register()
class RecResizeImg(ColourLine):
    """Brings a text line to a fixed height; sets ``valid_ratio``, the filled part of the width.

    Args:
        image_shape: (channels, height, width).
        infer_mode: for inference: the width grows with the image (unless ``character_dict_path`` is null).
        eval_mode: the width grows with the image: height x its proportions (at most 200) where that is more than the
            width.
        character_dict_path: see ``infer_mode``.
        padding: keep the proportions and pad with zeros to the right; otherwise stretch.

    ``image`` becomes channels x height x width, ``float32`` in [-1, 1].  Where inference would make an image wider
    than an evaluation does, it says so (``SampleFacts.wider``).
    """

    reads = ("image",)
    writes = ("image", "valid_ratio")

    def __init__(
        self,
        image_shape: LineShape,
        infer_mode: bool = False,
        eval_mode: bool = False,
        character_dict_path: Optional[str] = "./ppocr/utils/ppocr_keys_v1.txt",
        padding: bool = True,
    ):
        _, self.height, self.width = image_shape
        self.padding = padding
        self.growing = eval_mode or (infer_mode and character_dict_path is not None)
        self._always_grows = eval_mode

    def __call__(self, data):
        image = data["image"]
        fixed, grown = self._fitted(image), self._grown(image)
        if fixed != grown and not self._always_grows:
            tell(data, wider=True)
        width, limit = grown if self.growing else fixed
        data["image"] = resize_line(image, self.height, width, limit)
        data["valid_ratio"] = min(1.0, width / limit)
        return data

    def _fitted(self, image):
        """Returns the width of the text line, and that of the array that it is put into."""
        return fitted_width(image, self.height, self.width) if self.padding else self.width, self.width

    def _grown(self, image):
        """Returns the same where the width grows with the image."""
        ratio = max(self.width / self.height, min(image.shape[1] / image.shape[0], LONGEST))
        limit = int(self.height * ratio)
        return fitted_width(image, self.height, limit), limit


@OPERATORS.register()
class SVTRRecResizeImg(ColourLine):
    """Brings a text line to a fixed size; sets ``valid_ratio``, the filled part of the width.

    Args:
        image_shape: (channels, height, width).
        padding: keep the proportions and pad with zeros to the right; otherwise stretch.
    """

    reads = ("image",)
    writes = ("image", "valid_ratio")

    def __init__(self, image_shape: LineShape, padding: bool = True):
        _, self.height, self.width = image_shape
        self.padding = padding

    def __call__(self, data):
        image = data["image"]
        width = fitted_width(image, self.height, self.width) if self.padding else self.width
        data["image"] = resize_line(image, self.height, width, self.width)
        data["valid_ratio"] = min(1.0, width / self.width)
        return data


@OPERATORS.register()
class ClsResizeImg(ColourLine):
    """Brings a text line to a fixed size for classification, padded with zeros to the right.

    Args:
        image_shape: (channels, height, width).
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(self, image_shape: LineShape):
        _, self.height, self.width = image_shape

    def __call__(self, data):
        image = data["image"]
        width = fitted_width(image, self.height, self.width)
        data["image"] = resize_line(image, self.height, width, self.width)
        return data


def stretch(image, height: int, width: int) -> np.ndarray:
    """Resizes an image without keeping its proportions."""
    return cv2.resize(image, (width, height))


class _StretchRecResizeImg(ColourLine):
    """Stretches a text line to a fixed size, values as ``tables`` has them for each channel; ``valid_ratio`` is 1."""

    reads = ("image",)
    writes = ("image", "valid_ratio")
    tables: tuple = ()

    def __init__(self, image_shape: LineShape):
        _, self.height, self.width = image_shape

    def __call__(self, data):
        data["image"] = planes_from_table(stretch(data["image"], self.height, self.width), self.tables)
        data["valid_ratio"] = 1.0
        return data


@OPERATORS.register()
class VLRecResizeImg(_StretchRecResizeImg):
    """Stretches a text line to a fixed size, values in [0, 1]; sets ``valid_ratio`` to 1.

    Args:
        image_shape: (channels, height, width).
    """

    tables = (np.arange(256, dtype=np.float32) / 255,) * 3


@OPERATORS.register()
class ABINetRecResizeImg(_StretchRecResizeImg):
    """Stretches a text line to a fixed size and normalizes with the mean and deviation of ImageNet.

    Args:
        image_shape: (channels, height, width).

    Sets ``valid_ratio`` to 1.
    """

    tables = NormalizeImage(order="hwc").tables


@OPERATORS.register()
class PRENResizeImg(Operator):
    """Stretches a text line to a fixed size, values in [-1, 1].

    Args:
        image_shape: (height, width).
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(self, image_shape: tuple[LineSide, LineSide]):
        self.height, self.width = image_shape

    def __call__(self, data):
        data["image"] = to_signed_planes(stretch(data["image"], self.height, self.width))
        return data


@OPERATORS.register()
class SARRecResizeImg(ColourLine):
    """Brings a text line to a fixed height and a bounded width, padded with -1 to the right.

    Args:
        image_shape: (channels, height, least width, greatest width).
        width_downsample_ratio: the width becomes a multiple of one over this.

    Sets ``resized_shape``, ``pad_shape`` (channels, height, width) and ``valid_ratio``.
    """

    reads = ("image",)
    writes = ("image", "resized_shape", "pad_shape", "valid_ratio")

    def __init__(self, image_shape: SARShape, width_downsample_ratio: Fraction = 0.25):
        _, self.height, self.least, self.greatest = image_shape
        self.divisor = int(1 / width_downsample_ratio)

    @staticmethod
    def check_arguments(image_shape):
        """Yields another number of channels, and widths that leave nothing between them."""
        yield from ColourLine.check_arguments(image_shape)
        if image_shape[2] > image_shape[3]:
            yield (
                "image_shape",
                f"'image_shape': the least width {image_shape[2]} is above the greatest, {image_shape[3]}",
            )

    def __call__(self, data):
        image = data["image"]
        width = math.ceil(self.height * image.shape[1] / image.shape[0])
        if width % self.divisor:
            width = round(width / self.divisor) * self.divisor
        width = max(width, self.least)
        data["valid_ratio"] = min(1.0, width / self.greatest)
        width = min(width, self.greatest)
        planes = to_signed_planes(cv2.resize(image, (width, self.height)))
        data["resized_shape"] = planes.shape
        data["image"] = pad_right(planes, self.greatest, -1.0)
        data["pad_shape"] = data["image"].shape
        return data


@OPERATORS.register()
class RobustScannerRecResizeImg(SARRecResizeImg):
    """As :class:`SARRecResizeImg`, with ``word_positons``: 0, 1, ... (PaddleOCR spells it so).

    Args:
        image_shape, width_downsample_ratio: see there.
        max_text_length: how many positions.
    """

    writes = (*SARRecResizeImg.writes, "word_positons")

    def __init__(self, image_shape: SARShape, max_text_length: TextLength, width_downsample_ratio: Fraction = 0.25):
        super().__init__(image_shape, width_downsample_ratio)
        self.max_text_length = max_text_length

    def __call__(self, data):
        data["word_positons"] = np.arange(self.max_text_length)
        return super().__call__(data)
