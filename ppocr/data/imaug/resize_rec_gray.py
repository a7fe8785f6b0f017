"""Resizing of text lines for recognisers that read one grey channel."""

from typing import Literal, Optional, Union

import cv2
import numpy as np
from PIL import Image

from ppocr.data.imaug.operator import Operator
from ppocr.data.imaug.resize_rec import ColourLine, fitted_width, pad_right, resize_line, to_signed_planes
from ppocr.registry import OPERATORS
from ppocr.values import Heads, LineShape, LineSide, Mean, Name, Spread, TextLength

LineSize = tuple[LineSide, LineSide]
GrayShape = tuple[Literal[1], LineSide, LineSide]
Interpolation = Literal[0, 1, 2, 3, 4]


def to_gray(image) -> np.ndarray:
    """Returns H x W of a BGR image; a grey one is returned itself."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


@OPERATORS.register()
class RFLRecResizeImg(Operator):
    """Brings a text line to a fixed size, grey, values in [-1, 1]; sets ``valid_ratio``.

    Args:
        image_shape: (1, height, width).
        padding: keep the proportions and pad with zeros to the right; otherwise stretch.
        interpolation: OpenCV's number of the method.
    """

    reads = ("image",)
    writes = ("image", "valid_ratio")

    def __init__(self, image_shape: GrayShape, padding: bool = True, interpolation: Interpolation = 1):
        _, self.height, self.width = image_shape
        self.padding = padding
        self.interpolation = interpolation

    def __call__(self, data):
        gray = to_gray(data["image"])
        width = fitted_width(gray, self.height, self.width) if self.padding else self.width
        resized = cv2.resize(gray, (width, self.height), interpolation=self.interpolation)
        data["image"] = pad_right(to_signed_planes(resized), self.width)
        data["valid_ratio"] = min(1.0, width / self.width)
        return data


@OPERATORS.register()
class SPINRecResizeImg(Operator):
    """Stretches a text line to a fixed size, grey, and normalizes it; ``image`` becomes 1 x height x width.

    Args:
        image_shape: (width, height).
        interpolation: OpenCV's number of the method.
        mean, std: one number each, of values from 0 to 255.
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(
        self,
        image_shape: LineSize,
        interpolation: Interpolation = 2,
        mean: Optional[tuple[Mean]] = None,
        std: Optional[tuple[Spread]] = None,
    ):
        self.size = tuple(image_shape)
        self.interpolation = interpolation
        self.mean, self.std = (np.float32(127.5 if values is None else values) for values in (mean, std))

    def __call__(self, data):
        resized = cv2.resize(to_gray(data["image"]), self.size, interpolation=self.interpolation)
        data["image"] = ((resized.astype(np.float32) - self.mean.item()) / self.std.item())[None]
        return data


@OPERATORS.register()
class GrayRecResizeImg(Operator):
    """Brings a text line to a fixed size, grey; ``image`` becomes 1 x height x width, ``float32``.

    Args:
        image_shape: (width, height); (1, height, width) with ``padding``.
        resize_type: the library that resizes, ``PIL`` or ``OpenCV``.
        inter_type: PIL's method, like ``Image.BICUBIC``.
        scale: values ``v / 128 - 1``; otherwise ``v / 255``.
        padding: keep the proportions and pad with zeros to the right; otherwise stretch.
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(
        self,
        image_shape: Union[LineSize, GrayShape],
        resize_type: Literal["PIL", "OpenCV"] = "PIL",
        inter_type: Name = "Image.Resampling.LANCZOS",
        scale: bool = True,
        padding: bool = False,
    ):
        self.height, self.width = image_shape[1:] if padding else image_shape[::-1]
        self.by_pil = resize_type == "PIL" and not padding
        self.scale = scale
        self.padding = padding
        self.method = Image.Resampling[inter_type.split(".")[-1]]

    @staticmethod
    def check_arguments(image_shape, inter_type, padding):
        """Yields a shape that is not that of the mode, and an unknown method."""
        if len(image_shape) != 2 + padding:
            wanted = "(1, height, width)" if padding else "(width, height)"
            yield "image_shape", f"'image_shape' must be {wanted}, not {list(image_shape)}"
        if inter_type.split(".")[-1] not in Image.Resampling.__members__:
            known = ", ".join(Image.Resampling.__members__)
            yield "inter_type", f"'inter_type' {inter_type} is not Image. followed by one of {known}"

    def __call__(self, data):
        gray = to_gray(data["image"])
        width = fitted_width(gray, self.height, self.width) if self.padding else self.width
        if self.by_pil:
            resized = np.asarray(Image.fromarray(gray).resize((width, self.height), self.method))
        else:
            resized = cv2.resize(gray, (width, self.height))
        values = resized.astype(np.float32)[None]
        data["image"] = pad_right(values / 128 - 1 if self.scale else values / 255, self.width)
        return data


@OPERATORS.register()
class SRNRecResizeImg(Operator):
    """Brings a text line to a fixed size, grey, values as they are, and adds SRN's positions and attention biases.

    The image is stretched to one, two or three heights of width, whichever first holds it, else to all of the width;
    zeros fill the rest.

    Args:
        image_shape: (1, height, width).
        num_heads: attention heads.
        max_text_length: longest text.

    Sets ``encoder_word_pos`` (height * width / 64, 1), ``gsrm_word_pos`` (max_text_length, 1), and
    ``gsrm_slf_attn_bias1``, ``gsrm_slf_attn_bias2`` (num_heads, max_text_length, max_text_length): -1e9 for what comes
    later, and for what came before.
    """

    reads = ("image",)
    writes = ("image", "encoder_word_pos", "gsrm_word_pos", "gsrm_slf_attn_bias1", "gsrm_slf_attn_bias2")

    def __init__(self, image_shape: GrayShape, max_text_length: TextLength = 25, num_heads: Heads = 8):
        _, self.height, self.width = image_shape
        later = np.triu(np.ones((max_text_length, max_text_length)), 1) * -1e9
        self.constants = {
            "encoder_word_pos": np.arange(self.height * self.width // 64)[:, None],
            "gsrm_word_pos": np.arange(max_text_length)[:, None],
            "gsrm_slf_attn_bias1": np.tile(later, (num_heads, 1, 1)),
            "gsrm_slf_attn_bias2": np.tile(later.T, (num_heads, 1, 1)),
        }

    def __call__(self, data):
        image = data["image"]
        heights = next((n for n in (1, 2, 3) if image.shape[1] <= n * image.shape[0]), None)
        width = min(heights * self.height, self.width) if heights else self.width
        planes = to_gray(cv2.resize(image, (width, self.height))).astype(np.float32)[None]
        data["image"] = pad_right(planes, self.width)
        data.update((key, value.copy()) for key, value in self.constants.items())
        return data


@OPERATORS.register()
class SSLRotateResize(ColourLine):
    """Makes the images of self-supervised learning: a line turned by 0, 90, 180 and 270 degrees, and their numbers.

    Args:
        image_shape: (channels, height, width).
        padding: keep the proportions and pad with zeros to the right; otherwise stretch.
        select_all: all four turns; otherwise 0 and 180 degrees.
        mode: ``train`` gives N x C x H x W and ``label``, 0 to N - 1; ``test`` only the first image and 0.
    """

    reads = ("image",)
    writes = ("image", "label")

    def __init__(
        self,
        image_shape: LineShape,
        padding: bool = False,
        select_all: bool = True,
        mode: Literal["train", "test"] = "train",
    ):
        _, self.height, self.width = image_shape
        self.padding = padding
        self.select_all = select_all
        self.mode = mode

    def _planes(self, image):
        width = fitted_width(image, self.height, self.width) if self.padding else self.width
        return resize_line(image, self.height, width, self.width)

    def __call__(self, data):
        image = data["image"]
        if self.mode == "test":
            data.update(image=self._planes(image), label=0)
            return data
        turned = [image, cv2.rotate(image, cv2.ROTATE_180)]
        if self.select_all:
            turned[1:1] = [cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE)]
            turned.append(cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE))
        data["image"] = np.stack([self._planes(one) for one in turned])
        data["label"] = np.arange(len(turned))
        return data
