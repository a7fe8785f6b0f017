"""Random changes of text lines for recognition."""

from dataclasses import dataclass
from typing import Literal, Union

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.data.imaug.text_warp import warp_text_line
from ppocr.registry import OPERATORS
from ppocr.values import Probability

Chance = Union[Literal[-1], Probability]  # -1: never

SMALLEST = 20  # images with a shorter side are neither warped nor cropped
MOST_CROPPED = 8  # pixels


def crop_rows(image, rng) -> np.ndarray:
    """Cuts 1 to 8 rows off the upper or the lower side, as a view."""
    rows = min(int(rng.integers(1, MOST_CROPPED + 1)), image.shape[0] - 1)
    return image[rows:] if rng.integers(2) else image[: image.shape[0] - rows]


def blur(image) -> np.ndarray:
    """Blurs with a Gaussian of 5 x 5 pixels and sigma 1."""
    return cv2.GaussianBlur(image, (5, 5), 1)


def jitter_brightness(image, rng) -> np.ndarray:
    """Takes the colours through 8-bit HSV, in half of the cases one level darker."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    if rng.integers(2):
        hsv = cv2.subtract(hsv, (0, 0, 1, 0))
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def shift(image, rng) -> np.ndarray:
    """Moves the image to the lower right by up to a hundredth of its shorter side, at least by a pixel."""
    short = min(image.shape[:2])
    pixels = int(rng.integers(1, max(short // 100, 1) + 1))
    if pixels >= short:
        return image
    shifted = image.copy()
    shifted[pixels:, pixels:] = image[:-pixels, :-pixels]
    return shifted


def add_noise(image, rng) -> np.ndarray:
    """Darkens each value by one level with probability 0.5.

    That is what Gaussian noise of less than half a level leaves after rounding down to whole levels.
    """
    bits = np.frombuffer(rng.bytes(-(-image.size // 8)), np.uint8)
    return cv2.subtract(image, np.unpackbits(bits, count=image.size).reshape(image.shape))


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class BaseDataAugmentation(Operator):
    """Crops, blurs, jitters, shifts, adds noise to and inverts a text line, each with a probability.

    Args:
        crop_prob: of losing 1 to 8 rows; images with a side below 20 pixels lose none.
        reverse_prob: of inverted colours.
        noise_prob: of noise.
        jitter_prob: of a shift by about a pixel.
        blur_prob: of a Gaussian blur.
        hsv_aug_prob: of a change of brightness.
    """

    reads = ("image",)
    writes = ("image",)
    random = True

    crop_prob: Chance = 0.4
    reverse_prob: Chance = 0.4
    noise_prob: Chance = 0.4
    jitter_prob: Chance = 0.4
    blur_prob: Chance = 0.4
    hsv_aug_prob: Chance = 0.4

    def __post_init__(self):
        colours = (self.blur_prob, self.hsv_aug_prob, self.jitter_prob, self.noise_prob, self.reverse_prob)
        self.probabilities = np.array([self.crop_prob, *colours])

    def __call__(self, data, rng):
        image = data["image"]
        crop, blurred, hsv, jitter, noise, reverse = (rng.random(6) < self.probabilities).tolist()
        if crop and min(image.shape[:2]) >= SMALLEST:
            image = crop_rows(image, rng)
        if blurred:
            image = blur(image)
        if hsv:
            image = jitter_brightness(image, rng)
        if jitter:
            image = shift(image, rng)
        if noise:
            image = add_noise(image, rng)
        if reverse:
            image = cv2.bitwise_not(image)
        data["image"] = image
        return data


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class RecAug(BaseDataAugmentation):
    """Warps a text line, then changes it as :class:`BaseDataAugmentation` does.

    Args:
        tia_prob: of distortion, stretching and perspective; images with a side below 20 pixels are not warped.
    """

    tia_prob: Chance = 0.4

    def __call__(self, data, rng):
        if rng.random() < self.tia_prob and min(data["image"].shape[:2]) >= SMALLEST:
            data["image"] = warp_text_line(data["image"], rng)
        return super().__call__(data, rng)
