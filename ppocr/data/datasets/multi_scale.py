"""MultiScaleDataSet: text lines resized to the size that the sampler chose for their batch."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ppocr.data.datasets.simple import SimpleDataSet
from ppocr.data.imaug import run_operators
from ppocr.errors import ConfigError, DataError
from ppocr.formats.lines import split_line
from ppocr.registry import DATASETS


@DATASETS.register()
@dataclass(eq=False, repr=False)
class MultiScaleDataSet(SimpleDataSet):
    """SimpleDataSet for ``MultiScaleSampler``.

    Between the last operator (``KeepKeys``) and the one before it an image is resized to the height of its batch,
    keeping its aspect ratio up to the batch's width, scaled to [-1, 1] and padded with zeros at the right: float32
    ``(3, height, width)``; ``valid_ratio`` is the share of the width that is image.  Without a sampler the operators
    run as they are.

    Args:
        ds_width: lines are ``path label width height``; the sampler groups images of similar aspect ratio, and the
            width of a batch follows from it.

    Raises:
        DataError: ``ds_width`` and a line without width and height.
    """

    gives_late = ("valid_ratio",)

    ds_width: bool = False

    def __post_init__(self):
        super().__post_init__()
        if not self.ds_width:
            return
        if len(self) != self.sample_count():
            raise ConfigError("ds_width needs all lines: ratio_list must be 1.0")
        self.wh_ratio = np.array([self._aspect_ratio(index) for index in range(len(self))], np.float32)

    def process(self, data, key, rng):
        """Returns the sample at the size that ``key`` asks for."""
        if key.height is None:
            return super().process(data, key, rng)
        width = key.width if key.ratio is None else key.height * max(1, round(key.ratio))
        data = run_operators(data, self.ops[:-1], rng)
        data["image"], data["valid_ratio"] = resize_and_pad(data["image"], key.height, int(width))
        return run_operators(data, self.ops[-1:], rng)

    def split(self, line):
        """See :class:`SimpleDataSet`; with ``ds_width`` the delimiter stands before width and height too."""
        return split_line(line, self.delimiter, self.ds_width)

    def _aspect_ratio(self, index):
        parts = self.split(self.lines.line(index).decode("utf-8", "replace"))
        try:
            width, height = map(float, parts.further if parts else ())
            ratio = width / height
        except (ValueError, ZeroDivisionError):
            ratio = 0.0
        if not (ratio > 0 and math.isfinite(ratio)):
            raise DataError(
                f"{self.describe(index)}: with ds_width a line is path, label, width and height, "
                f"with {self.delimiter!r} between them"
            )
        return ratio


def resize_and_pad(image, height: int, width: int):
    """Fits a text line into ``height`` by ``width`` without distorting it more than the width demands.

    Args:
        image: uint8 ``(h, w, 3)``.

    Returns:
        float32 ``(3, height, width)`` in [-1, 1], zero where there is no image, and the valid share of the width.
    """
    fitted = min(width, math.ceil(height * image.shape[1] / image.shape[0]))
    resized = cv2.resize(image, (fitted, height))
    padded = np.zeros((3, height, width), np.float32)
    np.multiply(resized.transpose(2, 0, 1), 1 / 127.5, out=padded[:, :, :fitted], dtype=np.float32)
    padded[:, :, :fitted] -= 1
    return padded, fitted / width
