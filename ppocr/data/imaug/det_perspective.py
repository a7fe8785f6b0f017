"""Random perspective of detection images and their polygons."""

from typing import Annotated

import cv2
import numpy as np

from ppocr.data.imaug.det_crop import Window, keep_texts, touching
from ppocr.data.imaug.operator import Operator
from ppocr.data.imaug.perspective import fit_projection, project, shift, warp_projection
from ppocr.registry import OPERATORS
from ppocr.values import Angle, Colour, Decay, Probability, Range

FOLLOWED = 0.25  # how far outside an image, as a part of its size, points are mapped; the horizon is farther away


@OPERATORS.register()
class RandomPerspective(Operator):
    """Turns, scales, shears and tilts an image about its middle.

    Args:
        prob: probability.
        degrees: greatest angle to either side.
        scale: the factor is between ``1 - scale`` and ``1 + scale``.
        shear: greatest shear angle along each axis, in degrees.
        perspective: greatest change of the scale per pixel along each axis.
        fit_output: the size follows such that nothing is cut off; otherwise it stays, and texts that end up outside go.
        fill_value: colour of what the image does not cover.
    """

    reads = ("image", "polys", "texts", "ignore_tags")
    writes = ("image", "polys", "texts", "ignore_tags")
    random = True

    def __init__(
        self,
        prob: Probability = 0.5,
        degrees: Angle = 0.0,
        scale: Decay = 0.1,
        shear: Annotated[float, Range(0, below=90)] = 10.0,
        perspective: Probability = 0.001,
        fit_output: bool = True,
        fill_value: tuple[Colour, Colour, Colour] = (114, 114, 114),
    ):
        self.prob = prob
        self.degrees = degrees
        self.scale = scale
        self.shear = shear
        self.perspective = perspective
        self.fit_output = fit_output
        self.fill_value = tuple(fill_value)

    def draw(self, width: int, height: int, rng):
        """Returns a 3 x 3 matrix on pixel corners, and the width and height of the result."""
        limits = np.array([self.degrees, self.scale, self.shear, self.shear, self.perspective, self.perspective])
        degrees, scale, shear_x, shear_y, tilt_x, tilt_y = rng.uniform(-limits, limits)
        # farther than that a corner of the image would come near the horizon
        steep = max((abs(tilt_x) * width + abs(tilt_y) * height) / 2, 1e-9)
        tilt = np.eye(3)
        tilt[2, :2] = np.array([tilt_x, tilt_y]) * min(1, 0.5 / steep)
        turn = np.eye(3)
        turn[:2] = cv2.getRotationMatrix2D((0, 0), degrees, 1 + scale)
        slant = np.eye(3)
        slant[0, 1], slant[1, 0] = np.tan(np.radians([shear_x, shear_y]))
        matrix = slant @ turn @ tilt @ shift(-width / 2, -height / 2)
        if not self.fit_output:
            return shift(width / 2, height / 2) @ matrix, width, height
        return fit_projection(matrix, width, height)

    def __call__(self, data, rng):
        if rng.random() >= self.prob:
            return data
        image = data["image"]
        matrix, width, height = self.draw(image.shape[1], image.shape[0], rng)
        data["image"] = warp_projection(image, matrix, width, height, fill=self.fill_value)
        size = np.array(image.shape[1::-1])
        data["polys"] = project(np.clip(data["polys"], -FOLLOWED * size, (1 + FOLLOWED) * size), matrix)
        if not len(data["polys"]):
            return data
        seen = touching(data["polys"].min(axis=1), data["polys"].max(axis=1), Window(0, 0, width, height))
        data["polys"] = data["polys"][seen]
        return keep_texts(data, seen)
