"""Small operators that every task uses: picking keys, padding, resizing, one grey channel."""

from typing import Annotated, Optional, Union

import cv2
import numpy as np

from ppocr.data.batch import Fields, is_taken
from ppocr.data.imaug.operator import Operator
from ppocr.errors import ConfigError
from ppocr.registry import OPERATORS
from ppocr.values import Distinct, Side, Size, SomeNames


@OPERATORS.register()
class KeepKeys(Operator):
    """Gives the sample as a list of the values of ``keep_keys``, in that order; the list knows their names.

    Raises:
        ConfigError: the sample has no such key.
    """

    def __init__(self, keep_keys: Annotated[SomeNames, Distinct()]):
        self.keep_keys = list(keep_keys)
        self.reads = tuple(self.keep_keys)

    @staticmethod
    def check_arguments(keep_keys):
        """Yields names that a list has for something else: ``batch.index`` would not be the field."""
        for name in filter(is_taken, keep_keys):
            yield "keep_keys", f"'{name}' cannot be the name of a field, since a batch has it for something else"

    def __call__(self, data):
        try:
            return Fields([data[key] for key in self.keep_keys], self.keep_keys)
        except KeyError as error:
            raise ConfigError(f"KeepKeys: no operator sets {error}; the sample has {', '.join(data)}") from None


@OPERATORS.register()
class Pad(Operator):
    """Adds zeros below and to the right of an H x W x C image.

    Args:
        size: the size to reach, one number or (height, width); it must not be less than the image's.
        size_div: without ``size``: each side becomes a multiple of this.
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(self, size: Optional[Union[Side, Size]] = None, size_div: Side = 32):
        self.size = (size, size) if isinstance(size, int) else size
        self.size_div = size_div

    def __call__(self, data):
        image = data["image"]
        height, width = self.size or [-(-side // self.size_div) * self.size_div for side in image.shape[:2]]
        bottom, right = height - image.shape[0], width - image.shape[1]
        if bottom < 0 or right < 0:
            raise ConfigError(f"Pad: an image of {image.shape[:2]} does not fit into {(height, width)}")
        data["image"] = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=0)
        return data


@OPERATORS.register()
class Resize(Operator):
    """Resizes an H x W x C image and the polygons, if there are any.

    Args:
        size: (height, width).
    """

    reads = ("image",)
    writes = ("image", "polys")

    def __init__(self, size: Size = (640, 640)):
        self.size = tuple(size)

    def __call__(self, data):
        height, width = self.size
        image = data["image"]
        if "polys" in data:
            scale = np.array([width / image.shape[1], height / image.shape[0]], np.float32)
            data["polys"] = np.asarray(data["polys"], np.float32) * scale
        data["image"] = cv2.resize(image, (width, height))
        return data


@OPERATORS.register()
class GrayImageChannelFormat(Operator):
    """Makes one grey channel (1 x H x W) of a BGR image; ``src_image`` keeps the image.

    Args:
        inverse: give ``|grey - 1|``, for images with values in [0, 1].
    """

    reads = ("image",)
    writes = ("image", "src_image")

    def __init__(self, inverse: bool = False):
        self.inverse = inverse

    def __call__(self, data):
        image = data["image"]
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[None]
        data["src_image"] = image
        data["image"] = np.abs(gray - 1) if self.inverse else gray
        return data
