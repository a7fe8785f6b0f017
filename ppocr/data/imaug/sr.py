"""Pairs of small and large images of text for super-resolution."""

from typing import Annotated, Optional

import cv2
import numpy as np
from PIL import Image

from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.imaug.operator import Operator
from ppocr.errors import DataError, Dropped
from ppocr.registry import OPERATORS
from ppocr.text.strokes import END, STROKES
from ppocr.values import Range, Rising

Side = Annotated[int, Range(1, 4096)]
Quality = Annotated[int, Range(1, 100)]
Sigma = Annotated[float, Range(0, 10)]
_DECODE = DecodeImage(img_mode="BGR")


def _pixels(image):
    """Returns an image as an array, BGR, which may be the bytes of a file, or what Pillow has opened."""
    if isinstance(image, Image.Image):
        return np.asarray(image.convert("RGB"))[:, :, ::-1]
    return image if isinstance(image, np.ndarray) else _DECODE({"image": image})["image"]


@OPERATORS.register()
class SRResize(Operator):
    """Resizes both images of a pair with a bicubic filter that averages where it makes them smaller.

    ``img_hr`` and ``img_lr`` are float32 RGB ``(3, H, W)`` from 0 to 1.  The small image is ``image_lr``, or ``image``
    where there is none; the large one, ``image_hr``, is made where it is there.

    Args:
        imgH, imgW: height and width of the large image.
        down_sample_scale: how much smaller the sides of the small one are.
        infer_mode: make the small image alone.
    """

    reads = ("image",)
    optional = ("image_lr", "image_hr")
    writes = ("img_lr", "img_hr")

    def __init__(self, imgH: Side = 32, imgW: Side = 128, down_sample_scale: Side = 4, infer_mode: bool = False):
        self._large = (imgW, imgH)
        self._small = (imgW // down_sample_scale, imgH // down_sample_scale)
        self._alone = infer_mode

    @staticmethod
    def check_arguments(imgH, imgW, down_sample_scale):
        """Yields a problem if the small image has no whole number of pixels."""
        for name, side in (("imgH", imgH), ("imgW", imgW)):
            if side % down_sample_scale:
                yield name, f"'{name}' {side} is no multiple of 'down_sample_scale' {down_sample_scale}"

    def __call__(self, data):
        small = data["image_lr"] if "image_lr" in data else data["image"]
        data["img_lr"] = _resized(small, self._small)
        if not self._alone and "image_hr" in data:
            data["img_hr"] = _resized(data["image_hr"], self._large)
        return data


def _resized(image, size):
    rgb = np.ascontiguousarray(_pixels(image)[:, :, ::-1])
    resized = np.asarray(Image.fromarray(rgb).resize(size, Image.BICUBIC), np.float32)
    return resized.transpose(2, 0, 1) / np.float32(255)


@OPERATORS.register()
class SRDegrade(Operator):
    """Makes a pair of one image: ``image_hr`` is this, ``image_lr`` what a small, blurred, noisy photo has of it.

    The image is brought to ``imgH`` x ``imgW``, blurred (Gaussian), reduced to a part of its sides by the mean of the
    pixels, gets noise (Gaussian) and is compressed as JPEG.  In use it is left out: there the image is the small one.

    Args:
        imgH, imgW: height and width of the large image.
        down_sample_scale: how much smaller the sides of the small image are.
        blur: least and most standard deviation, in pixels of the large image.
        noise: least and most standard deviation, in levels of 255.
        quality: least and most quality of the JPEG.
    """

    reads = ("image",)
    writes = ("image_lr", "image_hr")
    random = True
    in_use = False  # there the image is the small one

    def __init__(
        self,
        imgH: Side = 32,
        imgW: Side = 128,
        down_sample_scale: Side = 2,
        blur: Annotated[tuple[Sigma, Sigma], Rising()] = (0.5, 1.5),
        noise: Annotated[tuple[Sigma, Sigma], Rising()] = (0.0, 4.0),
        quality: Annotated[tuple[Quality, Quality], Rising()] = (60, 95),
    ):
        self._large = (imgW, imgH)
        self._small = (imgW // down_sample_scale, imgH // down_sample_scale)
        self._blur, self._noise, self._quality = blur, noise, quality

    check_arguments = SRResize.check_arguments

    def __call__(self, data, rng):
        large = cv2.resize(_pixels(data["image"]), self._large, interpolation=cv2.INTER_AREA)
        sigma, level = rng.uniform(*self._blur), rng.uniform(*self._noise)
        quality = int(rng.integers(*self._quality, endpoint=True))
        soft = cv2.GaussianBlur(large, (0, 0), sigma) if sigma > 0 else large
        small = cv2.resize(soft, self._small, interpolation=cv2.INTER_AREA)
        noisy = small + rng.normal(0, level, small.shape)
        small = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
        _, file = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
        data["image_lr"], data["image_hr"] = cv2.imdecode(file, cv2.IMREAD_COLOR), large
        return data


def stroke_table(path: str) -> dict:
    """Returns ``{character: strokes}`` of a file that has a character, a blank and digits from 1 to 9 on each line.

    Raises:
        DataError: it cannot be read, or a line has another form.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"character_dict_path {path}: {getattr(error, 'strerror', None) or error}") from error
    table = {}
    for number, line in enumerate(lines, 1):
        character, *strokes = line.split()[:2] or [""]
        if not line.strip():
            continue
        if not strokes or not set(strokes[0]) <= set(STROKES):
            raise DataError(
                f"{path}, line {number}: must be a character, a blank and its strokes, digits, not {line!r}"
            )
        table[character] = strokes[0]
    return table


@OPERATORS.register()
class SRLabelEncode(Operator):
    """Gives the strokes of a text, for a recogniser that teaches a super-resolution network.

    Source: Text Gestalt: Stroke-Aware Scene Text Image Super-Resolution (https://arxiv.org/abs/2112.08171).

    ``length`` is their number, the end included; ``input_tensor``, int64 ``(max_text_length,)``, what stands before
    each of them, a 0 before the first.  Characters without strokes are left out; a text with more strokes than there
    are places is dropped (``too_long``).

    Args:
        max_text_length: number of places.
        character_dict_path: file with a character, a blank and the digits of its strokes on each line.

    Raises:
        DataError: the file cannot be used.
    """

    reads = ("label",)
    writes = ("length", "input_tensor")

    def __init__(self, max_text_length: Annotated[int, Range(1, 5000)], character_dict_path: Optional[str] = None):
        if character_dict_path is None:
            raise DataError("SRLabelEncode needs character_dict_path: a file of characters and their strokes")
        self._strokes = stroke_table(character_dict_path)
        self._places = max_text_length

    def __call__(self, data):
        strokes = [int(stroke) for character in data["label"] for stroke in self._strokes.get(character, "")]
        length = len(strokes) + 1
        if length > self._places:
            raise Dropped("too_long", f"{length} strokes with the end; max_text_length is {self._places}")
        before = np.full(self._places, END, np.int64)
        before[1:length] = strokes
        data["length"], data["input_tensor"] = length, before
        return data
