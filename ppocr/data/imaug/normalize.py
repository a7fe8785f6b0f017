"""Scaling of pixel values to floats, and the order of the axes."""

from typing import Annotated, Literal, Optional, Union

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.errors import ConfigError
from ppocr.registry import OPERATORS
from ppocr.values import Mean, Name, Range, Spread, coerce

Factor = Annotated[float, Range(1e-6, 1_000)]

BLOCK = 64  # rows that are worked on at a time, so that they stay in the cache
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def parse_fraction(value) -> float:
    """Returns a number, given as one or as a text like ``"0.5"`` or ``"1./255."``.

    Raises:
        ConfigError: it is no number and no fraction of two.
    """
    if isinstance(value, (int, float)):
        return float(value)
    try:
        numerator, _, denominator = str(value).partition("/")
        return float(numerator) / float(denominator or 1)
    except (ValueError, ZeroDivisionError):
        raise ConfigError(f"{value!r} is no number and no fraction like '1./255.'") from None


def planes_from_table(image, tables) -> np.ndarray:
    """Maps an H x W x C ``uint8`` image through one table of 256 floats a channel; gives C x H x W ``float32``."""
    planes = np.empty((len(tables), *image.shape[:2]), np.float32)
    for top in range(0, len(image), BLOCK):
        block = image[top : top + BLOCK]
        padding = image.flags.c_contiguous and not cv2.countNonZero(block.reshape(len(block), -1))
        channels = tables if padding else cv2.split(block)
        for channel, table, plane in zip(channels, tables, planes[:, top : top + BLOCK]):
            if padding:
                plane.fill(table[0])
            else:
                cv2.LUT(channel, table, dst=plane)
    return planes


@OPERATORS.register()
class NormalizeImage(Operator):
    """Gives ``(image * scale - mean) / std`` as ``float32``, channel by channel.

    Args:
        scale: a number, or a fraction as text.
        mean, std: one number a channel, or a single one for all.
        order: whether the channel is the first axis (``chw``) or the last (``hwc``).
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(
        self,
        scale: Optional[Union[Factor, Name]] = None,
        mean: Optional[Union[tuple[Mean], tuple[Mean, Mean, Mean]]] = None,
        std: Optional[Union[tuple[Spread], tuple[Spread, Spread, Spread]]] = None,
        order: Literal["chw", "hwc"] = "chw",
    ):
        self.order = order
        self.scale = np.float32(1 / 255 if scale is None else parse_fraction(scale))
        self.mean = np.asarray(IMAGENET_MEAN if mean is None else mean, np.float32)
        self.std = np.asarray(IMAGENET_STD if std is None else std, np.float32)
        channels = np.broadcast_shapes(self.mean.shape, self.std.shape)
        values = np.arange(256, dtype=np.float32)[:, None]
        table = (values * self.scale - self.mean) / self.std
        self.tables = np.ascontiguousarray(np.broadcast_to(table, (256, *channels)).T)

    @staticmethod
    def check_arguments(scale):
        """Yields a text that is no fraction."""
        if isinstance(scale, str):
            try:
                coerce(parse_fraction(scale), Factor)
            except ConfigError as error:
                yield "scale", f"'scale' {scale!r}: {error}"

    def __call__(self, data):
        image = np.asarray(data["image"])
        shape = (-1, 1, 1) if self.order == "chw" else (1, 1, -1)
        image = np.multiply(image, self.scale, dtype=np.float32)
        image = image - self.mean.reshape(shape)
        image /= self.std.reshape(shape)
        data["image"] = image
        return data

    def fused_with(self, following):
        """Joins a ``ToCHWImage`` that follows: one pass writes the planes."""
        return NormalizeToCHW(self) if type(following) is ToCHWImage and self.order == "hwc" else None


@OPERATORS.register()
class ToCHWImage(Operator):
    """Brings H x W x C to C x H x W, as a view."""

    reads = ("image",)
    writes = ("image",)

    def __call__(self, data):
        data["image"] = np.asarray(data["image"]).transpose(2, 0, 1)
        return data


class NormalizeToCHW(Operator):
    """``NormalizeImage`` (``hwc``) and ``ToCHWImage`` in one pass; the same numbers, the planes contiguous.

    Args:
        normalize: the first of the two.
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(self, normalize: NormalizeImage):
        self.normalize = normalize
        self.to_chw = ToCHWImage()

    def __call__(self, data):
        image = np.asarray(data["image"])
        tables = self.normalize.tables
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != len(tables):
            return self.to_chw(self.normalize(data))
        data["image"] = planes_from_table(image, tables)
        return data
