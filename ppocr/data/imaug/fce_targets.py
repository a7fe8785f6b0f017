"""Targets of FCENet: text regions, their centre regions and Fourier coefficients of their outlines, at three scales.

Zhu et al., Fourier Contour Embedding for Arbitrary-Shaped Text Detection, 2021.
"""

from typing import Annotated

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.data.imaug.text_ribbon import fill_boxes, ribbon_of
from ppocr.geometry.polygons import following
from ppocr.registry import OPERATORS
from ppocr.values import Fraction, Probability, Range, Rising

Step = Annotated[float, Range(0.5, 1_000)]
Divisor = Annotated[int, Range(1, 128)]
Span = Annotated[tuple[Probability, Probability], Rising()]

OUTLINE_POINTS = 400
START_CANDIDATES = 8


def resample_outline(polygon, count: int) -> np.ndarray:
    """Returns ``count`` points along a closed outline (K x 2), evenly spaced on each edge; none if it has no length."""
    edges = following(polygon) - polygon
    lengths = np.hypot(*edges.T)
    ends = np.append(0, np.cumsum(lengths)) / max(lengths.sum(), 1e-8) * count
    shares = np.diff((ends + 1e-6).astype(int))
    number = np.repeat(np.arange(len(polygon)), shares)
    along = np.arange(shares.sum()) - np.repeat(np.cumsum(shares) - shares, shares)
    return polygon[number] + edges[number] * (along / np.maximum(shares, 1)[number])[:, None]


def fourier_coefficients(polygon, degree: int) -> np.ndarray:
    """Returns the coefficients -degree ... degree (``complex128``) of an outline (K x 2), as x + iy.

    The outline starts at the upper one of the points that are nearest to the vertical line through its middle, and
    runs such that the coefficient 1 is not less than -1.
    """
    points = resample_outline(np.asarray(polygon, np.float64), OUTLINE_POINTS)
    if not len(points):
        return np.zeros(2 * degree + 1, complex)
    middle = np.argsort(np.abs(points[:, 0] - points[:, 0].mean()))[:START_CANDIDATES]
    points = np.roll(points, -middle[np.argmin(points[middle, 1])], axis=0)
    spectrum = np.fft.fft(points[:, 0] + 1j * points[:, 1]) / len(points)
    coefficients = np.take(spectrum, np.arange(-degree, degree + 1), mode="wrap")
    sizes = np.abs(coefficients)
    for order in range(1, degree + 1):
        forward, backward = sizes[degree + order], sizes[degree - order]
        if forward != backward:
            return coefficients if forward > backward else coefficients[::-1]
    return coefficients


@OPERATORS.register()
class FCENetTargets(Operator):
    """Draws ``p3_maps``, ``p4_maps`` and ``p5_maps``, each for the texts whose size fits its scale.

    Args:
        fourier_degree: greatest order k of the coefficients.
        resample_step: pixels (of the map) between the points of a centre line.
        center_region_shrink_ratio: height of the centre region, as a part of the text's.
        level_size_divisors: by how much each map is smaller than the image.
        level_proportion_range: for each map, which texts it shows: the longer side of the text's box, as a part of the
            image's height, is between these.

    Each map is (3 + 2 (2k + 1)) x H x W, ``float32``: text regions, centre regions, what counts (1 everywhere: texts
    that are to be ignored are drawn like the others, as PaddleOCR has it), real and imaginary parts of the coefficients
    -k ... k, where that of order 0 is the way from the pixel.
    """

    reads = ("image", "polys")
    writes = ("p3_maps", "p4_maps", "p5_maps")

    def __init__(
        self,
        fourier_degree: Annotated[int, Range(1, 100)] = 5,
        resample_step: Step = 4.0,
        center_region_shrink_ratio: Fraction = 0.3,
        level_size_divisors: tuple[Divisor, Divisor, Divisor] = (8, 16, 32),
        level_proportion_range: tuple[Span, Span, Span] = ((0, 0.25), (0.2, 0.65), (0.55, 1.0)),
    ):
        self.degree = fourier_degree
        self.step = resample_step
        self.shrink_ratio = center_region_shrink_ratio
        self.levels = list(zip(level_size_divisors, level_proportion_range))

    def __call__(self, data):
        height, width = data["image"].shape[:2]
        polys = np.asarray(data["polys"], np.float32)
        boxes = np.ptp(np.floor(polys), axis=1).reshape(-1, 2) + 1  # in whole pixels
        proportions = boxes.max(axis=1) / height
        unfit = np.ones(len(polys), bool)
        for key, (divisor, (low, high)) in zip(self.writes, self.levels):
            fits = (proportions > low) & (proportions < high)
            size = (height // divisor, width // divisor)
            data[key] = self._draw(size, polys[fits] / divisor)
            unfit &= ~fits
        note_lost_boxes(data, "that_fit_no_level", unfit)
        return data

    def _draw(self, size, polys):
        orders = 2 * self.degree + 1
        maps = np.zeros((3 + 2 * orders, *size), np.float32)
        text, center, counts = maps[:3]
        counts[:] = 1
        for polygon in polys:
            mask = cv2.fillPoly(np.zeros(size, np.uint8), [polygon.astype(np.int32)], 1)
            ys, xs = np.nonzero(mask)
            text[ys, xs] = 1
            self._draw_center(center, polygon)
            coefficients = fourier_coefficients(polygon, self.degree)
            maps[3:, ys, xs] = np.concatenate([coefficients.real, coefficients.imag])[:, None]
            maps[3 + self.degree, ys, xs] -= xs
            maps[3 + self.degree + orders, ys, xs] -= ys
        return maps

    def _draw_center(self, center, polygon):
        ribbon = ribbon_of(polygon, self.step)
        head, tail = (ribbon.end_widths() / 4 // self.step).astype(int)
        fill_boxes(center, ribbon.trimmed(head, tail).narrowed(self.shrink_ratio))
