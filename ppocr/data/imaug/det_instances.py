"""Random scaling, flips, crops and turns of detection images that keep whole texts."""

from typing import Annotated, Union

import cv2
import numpy as np

from ppocr.data.imaug.det_crop import Window, contained, draw_free_windows, free_stretches, keep_texts
from ppocr.data.imaug.operator import Operator
from ppocr.geometry.warps import fitted, map_points, rotation, scaling, then, translation, warp
from ppocr.registry import OPERATORS
from ppocr.values import Angle, Colour, Fraction, Probability, Range, Rising, Side, Zoom

PATCH = 9  # a backdrop is a ninth of the image's width and height, enlarged
FLIP_TRIES = 10
CLEARANCE = 2  # pixels between a text and an edge


def backdrop(image, width: int, height: int, rng) -> np.ndarray:
    """Returns a random patch of an image, enlarged to ``height`` x ``width``."""
    patch_height, patch_width = (max(side // PATCH, 1) for side in image.shape[:2])
    top = int(rng.integers(image.shape[0] - patch_height + 1))
    left = int(rng.integers(image.shape[1] - patch_width + 1))
    return cv2.resize(image[top : top + patch_height, left : left + patch_width], (width, height))


class _Padded(Operator):
    """An operator that fills what an image does not cover, with a fixed colour or with a patch of the image.

    Args:
        pad_with_fixed_color: see there.
        pad_value: that colour.
    """

    reads = ("image", "polys")
    writes = ("image", "polys")
    random = True

    def __init__(self, pad_with_fixed_color: bool = False, pad_value: tuple[Colour, Colour, Colour] = (0, 0, 0)):
        self.pad_value = tuple(pad_value) if pad_with_fixed_color else None

    def canvas(self, image, width, height, rng) -> np.ndarray:
        """Returns what is seen where the image is not."""
        if self.pad_value is None:
            return backdrop(image, width, height, rng)
        return np.full((height, width, len(self.pad_value)), self.pad_value, image.dtype)


@OPERATORS.register()
class RandomScaling(Operator):
    """Scales an image such that its longer side becomes ``size`` times a random factor.

    Args:
        size: pixels.
        scale: range of the factor, or s for the range 1 - s to 1 + s.
    """

    reads = ("image", "polys")
    writes = ("image", "polys")
    random = True

    def __init__(self, size: Side = 800, scale: Union[Zoom, Annotated[tuple[Zoom, Zoom], Rising()]] = (3 / 4, 5 / 2)):
        self.size = size
        self.low, self.high = (1 - scale, 1 + scale) if isinstance(scale, (int, float)) else scale

    def __call__(self, data, rng):
        height, width = data["image"].shape[:2]
        factor = self.size / max(height, width) * rng.uniform(self.low, self.high)
        new_width, new_height = max(int(width * factor), 1), max(int(height * factor), 1)
        matrix = scaling(new_width / width, new_height / height)
        data["image"] = warp(data["image"], matrix, new_width, new_height)
        data["polys"] = map_points(data["polys"], matrix)
        return data


@OPERATORS.register()
class RandomCropFlip(Operator):
    """Mirrors a random rectangle that cuts no text within its image: left to right, top to bottom or both.

    Args:
        crop_ratio: probability.
        iter_num: how many times this is done, one after the other.
        min_area_ratio: least area of the rectangle, as a part of the image's.
    """

    reads = ("image", "polys")
    writes = ("image", "polys")
    random = True

    def __init__(
        self,
        crop_ratio: Probability = 0.5,
        iter_num: Annotated[int, Range(0, 100)] = 1,
        min_area_ratio: Probability = 0.2,
    ):
        self.crop_ratio = crop_ratio
        self.iter_num = iter_num
        self.min_area_ratio = min_area_ratio

    def __call__(self, data, rng):
        height, width = data["image"].shape[:2]
        least = max(self.min_area_ratio * width * height, 1)
        for _ in range(self.iter_num):
            if rng.random() >= self.crop_ratio:
                continue
            windows = draw_free_windows(data["polys"], width, height, FLIP_TRIES, rng)
            window = next((w for w in windows if w.width * w.height >= least), None)
            if window is not None:
                data = _mirror(data, window, code=int(rng.integers(-1, 2)))
        return data


def _mirror(data, window: Window, code: int):
    """Mirrors the window; the code is that of ``cv2.flip``: 1 left to right, 0 top to bottom, -1 both."""
    image = data["image"].copy()
    target = image[window.top : window.top + window.height, window.left : window.left + window.width]
    target[:] = cv2.flip(target, code)
    polys = np.array(data["polys"], np.float32)
    if len(polys):
        inside = contained(polys.min(axis=1), polys.max(axis=1), window)
        if code:
            polys[inside, :, 0] = 2 * window.left + window.width - polys[inside, :, 0]
        if code < 1:
            polys[inside, :, 1] = 2 * window.top + window.height - polys[inside, :, 1]
    data.update(image=image, polys=polys)
    return data


@OPERATORS.register()
class RandomCropPolyInstances(Operator):
    """Crops a random rectangle around one text, drawn at random, that cuts no other; texts outside go.

    Args:
        crop_ratio: probability.
        min_side_ratio: least width and height of the rectangle, as parts of the image's.
    """

    reads = ("image", "polys", "texts", "ignore_tags")
    writes = ("image", "polys", "texts", "ignore_tags")
    random = True

    def __init__(self, crop_ratio: Probability = 5 / 8, min_side_ratio: Fraction = 0.4):
        self.crop_ratio = crop_ratio
        self.min_side_ratio = min_side_ratio

    def __call__(self, data, rng):
        polys = np.asarray(data["polys"], np.float32)
        if not len(polys) or rng.random() >= self.crop_ratio:
            return data
        low, high = polys.min(axis=1), polys.max(axis=1)
        chosen = int(rng.integers(len(polys)))
        height, width = data["image"].shape[:2]
        left, right = self._draw_span(low[:, 0], high[:, 0], width, chosen, rng)
        top, bottom = self._draw_span(low[:, 1], high[:, 1], height, chosen, rng)
        inside = contained(low, high, Window(left, top, right - left, bottom - top))
        data["image"] = data["image"][top:bottom, left:right]
        data["polys"] = polys[inside] - np.float32([left, top])
        return keep_texts(data, inside)

    def _draw_span(self, lows, highs, length, chosen, rng):
        """Draws two places, outside of all intervals or at the ends, around the chosen interval."""
        lows = np.floor(lows).astype(int) - CLEARANCE
        highs = np.ceil(highs).astype(int) + CLEARANCE + 1
        least = int(length * self.min_side_ratio)
        free = free_stretches(lows, highs, length)
        first = _draw_place(free, 0, min(lows[chosen], length - least), 0, rng)
        return first, _draw_place(free, max(first + least, highs[chosen]), length, length, rng)


def _draw_place(stretches, low: int, high: int, end: int, rng) -> int:
    """Draws one of the free stretches within [low, high], and a pixel of it; the ``end`` is one more of them."""
    starts, ends = np.maximum(stretches[0], low), np.minimum(stretches[1], high + 1)
    usable = starts < ends
    i = int(rng.integers(usable.sum() + 1))
    return end if i == usable.sum() else int(rng.integers(starts[usable][i], ends[usable][i]))


@OPERATORS.register()
class RandomRotatePolyInstances(_Padded):
    """Turns an image by a random angle; it grows such that nothing is cut off.

    Args:
        rotate_ratio: probability.
        max_angle: degrees, to either side.
        pad_with_fixed_color, pad_value: what fills the corners; by default a patch of the image.
    """

    def __init__(
        self,
        rotate_ratio: Probability = 0.5,
        max_angle: Angle = 10,
        pad_with_fixed_color: bool = False,
        pad_value: tuple[Colour, Colour, Colour] = (0, 0, 0),
    ):
        super().__init__(pad_with_fixed_color, pad_value)
        self.rotate_ratio = rotate_ratio
        self.max_angle = max_angle

    def __call__(self, data, rng):
        if rng.random() >= self.rotate_ratio:
            return data
        image = data["image"]
        angle = rng.uniform(-self.max_angle, self.max_angle)
        matrix, width, height = fitted(rotation(angle, (0, 0)), image.shape[1], image.shape[0])
        canvas = self.canvas(image, width, height, rng)
        data["image"] = warp(image, matrix, width, height, out=canvas, border=cv2.BORDER_TRANSPARENT)
        data["polys"] = map_points(data["polys"], matrix)
        return data


@OPERATORS.register()
class SquareResizePad(_Padded):
    """Brings an image to a square: padded on both sides of the shorter dimension, or stretched.

    Args:
        target_size: side of the square, in pixels.
        pad_ratio: probability of padding.
        pad_with_fixed_color, pad_value: what the padding is; by default a patch of the image.
    """

    def __init__(
        self,
        target_size: Side,
        pad_ratio: Probability = 0.6,
        pad_with_fixed_color: bool = False,
        pad_value: tuple[Colour, Colour, Colour] = (0, 0, 0),
    ):
        super().__init__(pad_with_fixed_color, pad_value)
        self.target_size = target_size
        self.pad_ratio = pad_ratio

    def __call__(self, data, rng):
        image, side = data["image"], self.target_size
        size = np.array(image.shape[1::-1])
        filled = np.array([side, side])
        if rng.random() < self.pad_ratio:
            filled = np.maximum(size * side // size.max(), 1)
        width, height = filled.tolist()
        left, top = ((side - filled) // 2).tolist()
        matrix = scaling(*(filled / size))
        if width < side or height < side:
            canvas = self.canvas(image, side, side, rng)
            warp(image, matrix, width, height, out=canvas[top : top + height, left : left + width])
        else:
            canvas = warp(image, matrix, side, side)
        data["image"] = canvas
        data["polys"] = map_points(data["polys"], then(matrix, translation(left, top)))
        return data
