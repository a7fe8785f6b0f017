"""Random changes of scene text lines: geometry, deterioration and colour.

Fang et al., Read Like Humans: Autonomous, Bidirectional and Iterative Language Modeling for Scene Text
Recognition, 2021.
"""

from typing import Literal

import cv2
import numpy as np

from ppocr.data.imaug.color import ColorJitter
from ppocr.data.imaug.operator import Operator
from ppocr.data.imaug.perspective import fit_projection, warp_projection
from ppocr.registry import OPERATORS
from ppocr.values import Probability

DEGREES = 45.0
SCALES = (0.5, 2.0)  # by what an image is made smaller
SHEARS = (45.0, 15.0)  # degrees, along x and y
DISTORTION = 0.5
NOISE_VARIANCE = 20.0
BLUR_LENGTH = 6.0  # pixels
BLUR_DEGREES = 90.0
MOST_HALVINGS = 4
FINE_SIZE = (512, 128)  # width and height before halving


def draw_symmetric(limit, rng, size=None):
    """Draws from -limit to limit, mostly near 0: a beta distribution (4, 4)."""
    return (rng.beta(4, 4, size) - 0.5) * 2 * limit


def draw_small(limit, rng, size=None):
    """Draws from 0 to limit, mostly near 0: a beta distribution (1, 4)."""
    return rng.beta(1, 4, size) * limit


def turn(width: int, height: int, rng) -> np.ndarray:
    """Draws a rotation; 3 x 3."""
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), draw_symmetric(DEGREES, rng), 1)
    return matrix


def slant(width: int, height: int, rng) -> np.ndarray:
    """Draws a rotation with scaling and shear; 3 x 3."""
    shears = np.tan(np.radians([draw_symmetric(limit, rng) for limit in SHEARS]))
    linear = np.array([[1, shears[0]], [shears[1], 1]]) / rng.uniform(*SCALES)
    matrix = np.eye(3)
    matrix[:2, :2] = linear @ turn(width, height, rng)[:2, :2]
    return matrix


def tilt(width: int, height: int, rng) -> np.ndarray:
    """Draws a perspective that moves each corner inwards, by up to a quarter of width and height; 3 x 3."""
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    moves = draw_small(DISTORTION / 2, rng, (4, 2)) * (width, height)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    return cv2.getPerspectiveTransform(corners, (corners + moves * inwards).astype(np.float32))


GEOMETRY = (turn, slant, tilt)


def add_gaussian_noise(image, rng) -> np.ndarray:
    """Adds noise with a variance of up to 20."""
    deviation = np.sqrt(max(int(draw_small(NOISE_VARIANCE, rng)), 1))
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(deviation)
    return cv2.add(image, noise, dtype=cv2.CV_8U)


def motion_blur(image, rng) -> np.ndarray:
    """Blurs along a line of up to 6 pixels in any direction."""
    length = max(int(draw_small(BLUR_LENGTH, rng)), 1)
    matrix = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), rng.uniform(-BLUR_DEGREES, BLUR_DEGREES), 1)
    kernel = cv2.warpAffine(np.diag(np.ones(length, np.float32)), matrix, (length, length))
    return cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1e-6))


def lose_resolution(image, rng) -> np.ndarray:
    """Brings an image to 512 x 128 pixels, halves it up to 4 times and brings it back to its size."""
    coarse = cv2.resize(image, FINE_SIZE)
    for _ in range(int(rng.integers(MOST_HALVINGS + 1))):
        coarse = cv2.pyrDown(coarse)
    return cv2.resize(coarse, (image.shape[1], image.shape[0]))


DETERIORATION = (add_gaussian_noise, motion_blur, lose_resolution)


@OPERATORS.register(aliases=("ParseQRecAug",))
class SVTRRecAug(Operator):
    """Changes geometry, sharpness and colour of a text line, each with a probability.

    Args:
        aug_type: 0: one of rotation, affine change and perspective; 1: all of them, in random order.
        geometry_p: probability of a change of the geometry; the size of the image follows.
        deterioration_p: probability of noise, motion blur and lost resolution.
        colorjitter_p: probability of a change of the colours.
    """

    reads = ("image",)
    writes = ("image",)
    random = True
    keeps_size = False

    def __init__(
        self,
        aug_type: Literal[0, 1] = 0,
        geometry_p: Probability = 0.5,
        deterioration_p: Probability = 0.25,
        colorjitter_p: Probability = 0.25,
    ):
        self.all_geometry = aug_type == 1
        self.probabilities = (geometry_p, deterioration_p, colorjitter_p)
        self.jitter = ColorJitter(brightness=0.5, contrast=0.5, saturation=0.5, hue=0.1)

    def __call__(self, data, rng):
        geometry, deterioration, colour = (rng.random(3) < self.probabilities).tolist()
        if geometry:
            data["image"] = self._bend(data["image"], rng)
        if deterioration:
            for i in rng.permutation(len(DETERIORATION)):
                data["image"] = DETERIORATION[i](data["image"], rng)
        return self.jitter(data, rng) if colour else data

    def _bend(self, image, rng):
        """Changes the geometry in one interpolation; what the image does not cover continues its edge."""
        height, width = image.shape[:2]
        matrix, new_width, new_height = np.eye(3), width, height
        order = rng.permutation(len(GEOMETRY)) if self.all_geometry else [rng.integers(len(GEOMETRY))]
        for i in order:
            matrix = GEOMETRY[i](new_width, new_height, rng) @ matrix
            matrix, new_width, new_height = fit_projection(matrix, width, height)
        if self.keeps_size:
            matrix = np.diag([width / new_width, height / new_height, 1]) @ matrix
            new_width, new_height = width, height
        return warp_projection(image, matrix, new_width, new_height, border=cv2.BORDER_REPLICATE)


@OPERATORS.register()
class ABINetRecAug(SVTRRecAug):
    """As :class:`SVTRRecAug` with ``aug_type`` 0, but the image keeps its size.

    Args:
        geometry_p, deterioration_p, colorjitter_p: see there.
    """

    keeps_size = True

    def __init__(
        self, geometry_p: Probability = 0.5, deterioration_p: Probability = 0.25, colorjitter_p: Probability = 0.25
    ):
        super().__init__(0, geometry_p, deterioration_p, colorjitter_p)
