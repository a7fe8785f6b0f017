"""Training samples of the EAST text detector: a crop, the shrunk texts and the ways from their corners.

Zhou et al., EAST: An Efficient and Accurate Scene Text Detector, 2017.
"""

import cv2
import numpy as np

from ppocr.data.imaug.db_maps import SMALL, clean_polygons
from ppocr.data.imaug.det_crop import Window, contained, draw_free_windows, touching, whole_within
from ppocr.data.imaug.normalize import NormalizeImage, planes_from_table
from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.errors import Dropped
from ppocr.geometry.polygons import following
from ppocr.geometry.warps import fitted, map_points, rotation, scaling, then, translation, warp
from ppocr.registry import OPERATORS
from ppocr.values import Fraction, MapSide, Pixels, Probability

STRIDE = 4  # pixels of the image to one of the maps
SHRINK = 0.3  # how far corners move, as a part of the shorter edge that ends there
SCALES = (0.5, 1.0, 2.0, 3.0)
TURN_PROBABILITY = 0.5
TRIES = 50


def quads_of(polys) -> np.ndarray:
    """Returns polygons (N x K x 2) as quadrangles, N x 4 x 2 ``float32``; others than those become their boxes."""
    polys = np.asarray(polys, np.float32)
    if polys.shape[1] == 4:
        return polys
    return np.stack([cv2.boxPoints(cv2.minAreaRect(polygon)) for polygon in polys]).astype(np.float32)


def shorter_sides(quads) -> np.ndarray:
    """Returns the lengths of the shortest edges of quadrangles (N x 4 x 2)."""
    edges = following(quads, axis=1) - quads
    return np.hypot(edges[..., 0], edges[..., 1]).min(axis=1)


def text_window(polys, counting, width: int, height: int, least, rng) -> Window:
    """Draws a rectangle of an image that cuts no text and holds one that counts; the whole image if none is found.

    Args:
        polys: N x K x 2.
        counting: called with a rectangle; tells which polygons count in it (N ``bool``).
        width, height: of the image.
        least: least width and height of the rectangle.
    """
    low, high = polys.min(axis=1), polys.max(axis=1)
    for window in draw_free_windows(polys, width, height, TRIES, rng):
        large = window.width >= least[0] and window.height >= least[1]
        if large and (contained(low, high, window) & counting(window)).any():
            return window
    return Window(0, 0, width, height)


def empty_window(polys, width: int, height: int, rng):
    """Draws a rectangle without text, at least half as wide and as high as the image; None if none is found."""
    low, high = polys.min(axis=1), polys.max(axis=1)
    for window in draw_free_windows(polys, width, height, TRIES, rng):
        large = 2 * window.width >= width and 2 * window.height >= height
        if large and not touching(low, high, window).any():
            return window
    return None


def shrink_quad(quad) -> np.ndarray:
    """Moves the corners of a quadrangle (4 x 2) along its edges, 0.3 of the shorter one at each; long edges first."""
    lengths = np.hypot(*(following(quad) - quad).T)
    moves = SHRINK * np.minimum(lengths, np.roll(lengths, 1))
    quad = np.array(quad, np.float64)
    longer = 0 if lengths[::2].sum() > lengths[1::2].sum() else 1
    for i in (longer, longer + 2, 1 - longer, 3 - longer):
        j = (i + 1) % 4
        way = quad[j] - quad[i]
        way /= max(np.hypot(*way), 1e-6)
        quad[i] += way * moves[i]
        quad[j] -= way * moves[j]
    return quad


@OPERATORS.register()
class EASTProcessTrain(Operator):
    """Turns (in half of the cases, by right angles), scales and crops an image, normalizes it and draws the maps.

    Args:
        image_shape: (height, width) of the result; what the crop does not fill is zero.
        background_ratio: probability of a crop without text, where half of the width and height have none.
        min_crop_side_ratio: least width and height of the crop, as parts of the image's.
        min_text_size: texts with a shorter side below this (pixels) do not count.

    ``image`` becomes 3 x H x W ``float32``, normalized as by ``NormalizeImage``.  Sets the maps (H/4 x W/4,
    ``float32``) ``score_map`` (1, shrunk texts), ``geo_map`` (9: in these, the way from each corner, x and y in pixels,
    and one over the text's shorter side) and ``training_mask`` (1, 0 in texts that do not count).
    A sample whose polygons are all empty is dropped (``no_text``); one without any is all background.
    """

    reads = ("image", "polys", "ignore_tags")
    writes = ("image", "score_map", "geo_map", "training_mask")
    random = True

    def __init__(
        self,
        image_shape: tuple[MapSide, MapSide] = (512, 512),
        background_ratio: Probability = 0.125,
        min_crop_side_ratio: Fraction = 0.1,
        min_text_size: Pixels = 10,
    ):
        self.height, self.width = image_shape
        self.background_ratio = background_ratio
        self.min_crop_side_ratio = min_crop_side_ratio
        self.min_text_size = min_text_size
        self.tables = NormalizeImage(order="hwc").tables

    def __call__(self, data, rng):
        image = data["image"]
        polys, ignored, areas = clean_polygons(data, image.shape[:2])
        polys, ignored = polys[areas >= 1], ignored[areas >= 1]
        if len(areas) and not len(polys):
            raise Dropped("no_text", "no polygon of at least a pixel")
        matrix, width, height = _turn(image.shape[1], image.shape[0], rng)
        polys = map_points(quads_of(polys), matrix)
        window, scale = self._draw_window(polys, ignored, width, height, rng)
        fit = then(translation(-window.left, -window.top), scaling(scale, scale))
        filled = [max(int(side * scale), 1) for side in (window.width, window.height)]
        data["image"] = np.zeros((3, self.height, self.width), np.float32)
        cropped = warp(image, then(matrix, fit), *filled)
        data["image"][:, : filled[1], : filled[0]] = planes_from_table(cropped, self.tables)
        inside = whole_within(window, polys, ignored, data)
        polys, ignored = map_points(polys[inside], fit), ignored[inside]
        small = shorter_sides(polys) < self.min_text_size
        note_lost_boxes(data, SMALL, small & ~ignored)
        data.update(self._draw_maps(polys, ignored | small))
        return data

    def _draw_window(self, polys, ignored, width, height, rng):
        """Draws the crop and its scale."""
        wanted = float(rng.choice(SCALES))
        shorter = np.where(ignored, 0, shorter_sides(polys))

        def scale_of(window):
            return min(wanted, self.width / window.width, self.height / window.height)

        def counting(window):
            return shorter * scale_of(window) >= self.min_text_size

        background = rng.random() < self.background_ratio
        window = empty_window(polys, width, height, rng) if background else None
        if window is None:
            least = np.maximum(np.array([width, height]) * self.min_crop_side_ratio, 1)
            window = text_window(polys, counting, width, height, least, rng)
        return window, scale_of(window)

    def _draw_maps(self, quads, ignored):
        numbers = np.zeros((self.height, self.width), np.int32)
        mask = np.ones((self.height, self.width), np.float32)
        shorter = shorter_sides(quads)
        for i, quad in enumerate(quads):
            cv2.fillPoly(numbers, [shrink_quad(quad).astype(np.int32)], i + 1)
            if ignored[i]:
                cv2.fillPoly(mask, [quad.astype(np.int32)], 0)
        numbers = numbers[::STRIDE, ::STRIDE]
        ys, xs = np.nonzero(numbers)
        here = numbers[ys, xs] - 1
        geometry = np.zeros((9, *numbers.shape), np.float32)
        ways = np.stack([xs, ys], axis=1)[:, None] * STRIDE - quads[here]
        geometry[:8, ys, xs] = ways.reshape(-1, 8).T
        geometry[8, ys, xs] = 1 / np.maximum(shorter[here], 1)
        score = (numbers > 0).astype(np.float32)
        return {"score_map": score[None], "geo_map": geometry, "training_mask": mask[None, ::STRIDE, ::STRIDE]}


def _turn(width, height, rng):
    """Draws a turn by a right angle or two or three, or none; returns matrix, width and height."""
    turns = int(rng.integers(1, 4)) if rng.random() < TURN_PROBABILITY else 0
    matrix = rotation(90 * turns, (0, 0))
    matrix[:, :2] = np.rint(matrix[:, :2])
    return fitted(matrix, width, height)
