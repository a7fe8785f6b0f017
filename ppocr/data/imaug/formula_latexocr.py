"""Images and labels of formulas as LaTeX-OCR (https://github.com/lukas-blecher/LaTeX-OCR) prepares them."""

import cv2
import numpy as np

from ppocr.data.imaug.formula import SubwordLabelEncode, jpeg, light, noise, turn
from ppocr.data.imaug.operator import Operator
from ppocr.registry import OPERATORS
from ppocr.text.subword import LatexOcrCodec
from ppocr.values import Probability, Size

WHITE = 255
DIMENSIONS = {"min_dimensions": (32, 32), "max_dimensions": (672, 192)}  # width and height of published images
CELLS = 5  # of the grid by which an image is distorted, along each side
STRAY = 0.1  # share of a cell by which its corners move
COLOUR_SHIFT = 15


@OPERATORS.register()
class LatexOCRLabelEncode(SubwordLabelEncode):
    """:class:`SubwordLabelEncode` with the marks of LaTeX-OCR."""

    marks = LatexOcrCodec


def size_between(size, least, most):
    """Returns width and height of an image that is shrunk to ``most`` and then filled up to ``least``, and before that.

    Args:
        size: width and height of the image.
        least, most: the same, of the smallest and the largest image.

    Returns:
        (width, height) of the frame, (width, height) of the image in it.
    """
    factor = min(1.0, *(limit / side for limit, side in zip(most, size)))
    shrunk = tuple(max(1, int(side * factor)) for side in size)
    return tuple(map(max, shrunk, least)), shrunk


def misordered(min_dimensions, max_dimensions):
    """Yields which of two sizes is wrong, and why."""
    if any(least > most for least, most in zip(min_dimensions, max_dimensions)):
        yield "min_dimensions", f"'min_dimensions' must not be above 'max_dimensions', {list(max_dimensions)}"


@OPERATORS.register()
class MinMaxResize(Operator):
    """Shrinks an image that is too large, keeping its aspect ratio, and fills one that is too small up with white.

    Args:
        min_dimensions: width and height of the smallest image.
        max_dimensions: those of the largest.
    """

    reads = ("image",)
    writes = ("image",)
    image_limit = "max_dimensions"

    def __init__(
        self,
        min_dimensions: Size = DIMENSIONS["min_dimensions"],
        max_dimensions: Size = DIMENSIONS["max_dimensions"],
    ):
        self.min_dimensions, self.max_dimensions = tuple(min_dimensions), tuple(max_dimensions)

    @staticmethod
    def check_arguments(min_dimensions, max_dimensions):
        """Yields sizes in the wrong order."""
        yield from misordered(min_dimensions, max_dimensions)

    def __call__(self, data):
        image = data["image"]
        size = image.shape[1::-1]
        (width, height), shrunk = size_between(size, self.min_dimensions, self.max_dimensions)
        if shrunk != size:
            image = cv2.resize(image, shrunk, interpolation=cv2.INTER_AREA)
        frame = np.full((height, width, *image.shape[2:]), WHITE, np.uint8)
        frame[: shrunk[1], : shrunk[0]] = image
        data["image"] = frame
        return data


def in_grey(image):
    """Returns a uint8 (H, W, 3) image in grey, with three equal channels."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


@OPERATORS.register()
class LatexTestTransform(Operator):
    """Makes an image grey."""

    reads = ("image",)
    writes = ("image",)

    def __call__(self, data):
        data["image"] = in_grey(data["image"])
        return data


@OPERATORS.register()
class LatexTrainTransform(Operator):
    """Changes an image as print, scanners and cameras do, and makes it grey.

    The image turns and shrinks a little and is distorted, its colours shift, it gets noise, other light, and the traces
    of JPEG, each with a probability of its own.

    Args:
        bitmap_prob: how often all that is not white becomes black instead.
    """

    reads = ("image",)
    writes = ("image",)
    random = True

    def __init__(self, bitmap_prob: Probability = 0.04):
        self.bitmap_prob = bitmap_prob

    def __call__(self, data, rng):
        image = data["image"]
        if rng.random() < self.bitmap_prob:
            data["image"] = np.where(image == WHITE, image, 0)
            return data
        for change, prob in CHANGES:
            if rng.random() < prob:
                image = change(image, rng)
        data["image"] = in_grey(image)
        return data


def _bend(image, rng):
    """Turns an image by up to one degree, shrinks it by up to 15 %, and often distorts it."""
    image = turn(image, rng, least=0.85)
    return _distort(image, rng) if rng.random() < 0.5 else image


def _distort(image, rng):
    """Moves the corners of a grid by up to a tenth of its cells, and what is between them with these."""
    height, width = image.shape[:2]
    moves = rng.uniform(-STRAY, STRAY, (CELLS + 1, CELLS + 1, 2)) * (width / CELLS, height / CELLS)
    fine = cv2.resize(moves.astype(np.float32), (width, height))
    xs, ys = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(image, fine[..., 0] + xs, fine[..., 1] + ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _shift_colours(image, rng):
    return (image + rng.uniform(-COLOUR_SHIFT, COLOUR_SHIFT, 3)).clip(0, WHITE).astype(np.uint8)


CHANGES = ((_bend, 0.15), (_shift_colours, 0.3), (noise, 0.2), (light, 0.2), (jpeg, 0.3))
