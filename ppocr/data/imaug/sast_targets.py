"""Training samples of the SAST text detector: centre lines and the ways to borders, corners and centres of texts.

Wang et al., A Single-Shot Arbitrarily-Shaped Text Detector based on Context Attended Multi-Task Learning, 2019.
"""

import cv2
import numpy as np

from ppocr.data.imaug.det_crop import whole_within
from ppocr.data.imaug.east_targets import STRIDE, shorter_sides, text_window
from ppocr.data.imaug.line_targets import (
    IGNORED_WEIGHT,
    UNFIT,
    center_part,
    check_text_sizes,
    draw_borders,
    place,
    sound_texts,
)
from ppocr.data.imaug.normalize import NormalizeImage
from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.data.imaug.text_ribbon import Ribbon, distinct, resample, sides
from ppocr.geometry.warps import map_points
from ppocr.registry import OPERATORS
from ppocr.values import Fraction, MapSide, Pixels, Side

CENTER_ENDS = 0.3  # by how much of the text's height a centre line is shorter, at either end


def text_ribbon(polygon) -> Ribbon:
    """Returns a text as as many pairs of points as its longer side has."""
    top, bottom = sides(distinct(polygon))
    count = max(len(top), len(bottom), 2)
    return Ribbon(resample(top, count), resample(bottom, count))


def corners_of(ribbon: Ribbon) -> np.ndarray:
    """Returns the corners of a text, clockwise from the head of its top line: its own four, or its box's (4 x 2)."""
    ends = np.stack([ribbon.top[0], ribbon.top[-1], ribbon.bottom[-1], ribbon.bottom[0]])
    if len(ribbon.top) == 2:
        return ends
    box = cv2.boxPoints(cv2.minAreaRect(np.concatenate(ribbon).astype(np.float32)))
    turned = [np.roll(box[::step], i, axis=0) for step in (1, -1) for i in range(4)]
    return min(turned, key=lambda corners: np.square(corners - ends).sum())


@OPERATORS.register()
class SASTProcessTrain(Operator):
    """Changes the proportions of an image, crops and scales it, normalizes it and draws the maps.

    Args:
        image_shape: (height, width) of the result; the crop is somewhere in it, the rest is zero.
        min_crop_size: least width and height of the crop, in pixels.
        min_crop_side_ratio: the same as parts of the image's.
        min_text_size, max_text_size: texts whose shorter side is outside of these (pixels) count as if to be ignored.

    ``image`` becomes 3 x H x W ``float32``, normalized as by ``NormalizeImage``.  The maps are H/4 x W/4, ``float32``,
    and measure in pixels of their own: ``score_map`` (1, the centre lines of texts), and in these ``border_map`` (5:
    way to the upper border, y and x, to the lower border, y and x, one over their distance), ``tvo_map`` (9: way from
    each corner, x and y, one over the shorter side) and ``tco_map`` (3: the same for the middle); ``training_mask``
    (1, 0.15 in texts to be ignored).

    A sample of which no text counts is dropped (``no_text``), one without any is all background; a crop that would
    fill less than half of the height or width is rejected.
    """

    reads = ("image", "polys", "ignore_tags")
    writes = ("image", "score_map", "border_map", "training_mask", "tvo_map", "tco_map")
    random = True

    def __init__(
        self,
        image_shape: tuple[MapSide, MapSide] = (512, 512),
        min_crop_size: Side = 24,
        min_crop_side_ratio: Fraction = 0.3,
        min_text_size: Pixels = 4,
        max_text_size: Side = 512,
    ):
        self.height, self.width = image_shape
        self.min_crop_size = min_crop_size
        self.min_crop_side_ratio = min_crop_side_ratio
        self.text_sizes = (min_text_size / STRIDE, max_text_size / STRIDE)
        self.tables = NormalizeImage(order="hwc").tables

    check_arguments = staticmethod(check_text_sizes)

    def __call__(self, data, rng):
        image = data["image"]
        polys, ignored, _ = sound_texts(data, image)
        size = np.array([image.shape[1], image.shape[0]])
        least = np.maximum(size * self.min_crop_side_ratio, self.min_crop_size)
        window = text_window(polys, lambda _: ~ignored, *size.tolist(), least, rng)
        inside = whole_within(window, polys, ignored, data)
        data["image"], to_map = place(image, window, (self.height, self.width), self.tables, rng)
        polys, ignored = map_points(polys[inside], to_map), ignored[inside]
        ribbons = [text_ribbon(polygon) for polygon in polys]
        corners = np.reshape([corners_of(ribbon) for ribbon in ribbons], (-1, 4, 2))
        shorter = shorter_sides(corners)
        unfit = (shorter < self.text_sizes[0]) | (shorter > self.text_sizes[1])
        note_lost_boxes(data, UNFIT, unfit & ~ignored)
        data.update(self._draw_maps(polys, ribbons, corners, ignored | unfit))
        return data

    def _draw_maps(self, polys, ribbons, corners, left_out):
        size = (self.height // STRIDE, self.width // STRIDE)
        numbers = np.zeros(size, np.int32)
        border, vertices, centers = (np.zeros((channels, *size), np.float32) for channels in (5, 9, 3))
        mask = np.ones(size, np.float32)
        for i, polygon in enumerate(polys):
            if left_out[i]:
                cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], IGNORED_WEIGHT)
            else:
                draw_borders(border, numbers, center_part(ribbons[i], CENTER_ENDS), i + 1)
        ys, xs = np.nonzero(numbers)
        here = numbers[ys, xs] - 1
        pixels = np.stack([xs, ys], axis=1)
        vertices[:8, ys, xs] = (pixels[:, None] - corners[here]).reshape(-1, 8).T
        centers[:2, ys, xs] = (pixels - corners.mean(axis=1)[here]).T
        vertices[8, ys, xs] = centers[2, ys, xs] = 1 / np.maximum(shorter_sides(corners), 1)[here]
        maps = ((numbers > 0).astype(np.float32)[None], border, mask[None], vertices, centers)
        return dict(zip(self.writes[1:], maps))
