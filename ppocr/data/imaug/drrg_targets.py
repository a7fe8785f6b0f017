"""Targets of DRRG: text regions, centre regions with the local height and direction, and text components.

Zhang et al., Deep Relational Reasoning Graph Network for Arbitrary Shape Text Detection, 2020.
"""

from typing import Annotated

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.data.imaug.text_ribbon import Ribbon, line_length, pixels_of, resample, ribbon_of
from ppocr.geometry.text_components import unit
from ppocr.registry import OPERATORS
from ppocr.values import Fraction, Index, Positive, Probability, Range

Extent = Annotated[float, Range(0.5, 1_000)]  # pixels

READ_DOWNWARDS = 2.0  # a text that runs so many times as far down as sideways runs from the top to the bottom


def reading_order(ribbon: Ribbon) -> Ribbon:
    """Returns the ribbon such that it runs to the right, or downwards if it is steep."""
    center = ribbon.center
    x, y = center[-1] - center[0]
    return ribbon.reversed() if (y if abs(y) > READ_DOWNWARDS * abs(x) else x) < 0 else ribbon


def distances(xs, ys, start, end) -> np.ndarray:
    """Returns the distances of pixels from the line through two points."""
    x, y = (end - start) / max(np.hypot(*(end - start)), 1e-8)
    return np.abs((xs - start[0]) * y - (ys - start[1]) * x)


@OPERATORS.register()
class DRRGTargets(Operator):
    """Draws the maps and lists the components of the texts.

    Args:
        resample_step: pixels between the points of a centre line.
        num_min_comps: if there are fewer components, random ones outside of the texts are added.
        num_max_comps: components in the list; the rest of it is zero.
        min_width, max_width: bounds of a component's width, in pixels.
        center_region_shrink_ratio: height of the centre region, as a part of the text's.
        comp_shrink_ratio: height and width of a component, as a part of what they would be.
        comp_w_h_ratio: width of a component, as a part of its height.
        text_comp_nms_thr: components of a text are placed as far apart as merging runs of components with more than
            this overlap (intersection over union) would leave them.
        min_rand_half_height, max_rand_half_height: of random components, in pixels.
        jitter_level: how much place, size and direction of components are changed at random.

    Sets ``gt_text_mask``, ``gt_center_region_mask`` and ``gt_mask`` (H x W ``uint8``; the last is 1 everywhere: texts
    that are to be ignored are drawn like the others, as PaddleOCR has it), ``gt_top_height_map``,
    ``gt_bot_height_map``, ``gt_sin_map`` and ``gt_cos_map`` (H x W ``float32``, in the centre regions: pixels to the
    top and the bottom line, direction from bottom to top), and ``gt_comp_attribs`` (``num_max_comps`` x 8
    ``float32``: number of components, x, y, height, width, cosine, sine, number of the text from 1, or 0).  A text
    that is shorter than a component is wide has none.
    """

    reads = ("image", "polys")
    writes = (
        "gt_text_mask",
        "gt_center_region_mask",
        "gt_mask",
        "gt_top_height_map",
        "gt_bot_height_map",
        "gt_sin_map",
        "gt_cos_map",
        "gt_comp_attribs",
    )
    random = True

    def __init__(
        self,
        resample_step: Extent = 8.0,
        num_min_comps: Index = 9,
        num_max_comps: Index = 600,
        min_width: Extent = 8.0,
        max_width: Extent = 24.0,
        center_region_shrink_ratio: Fraction = 0.3,
        comp_shrink_ratio: Fraction = 1.0,
        comp_w_h_ratio: Positive = 0.3,
        text_comp_nms_thr: Probability = 0.25,
        min_rand_half_height: Extent = 8.0,
        max_rand_half_height: Extent = 24.0,
        jitter_level: Probability = 0.2,
    ):
        self.step = resample_step
        self.num_comps = (num_min_comps, num_max_comps)
        self.widths = (min_width, max_width)
        self.center_ratio = center_region_shrink_ratio
        self.comp_ratio = comp_shrink_ratio
        self.comp_w_h_ratio = comp_w_h_ratio
        self.overlap = text_comp_nms_thr
        self.rand_heights = (2 * min_rand_half_height, 2 * max_rand_half_height)
        self.jitter_level = jitter_level

    @staticmethod
    def check_arguments(num_min_comps, num_max_comps, min_width, max_width, min_rand_half_height, max_rand_half_height):
        """Yields bounds that leave nothing between them."""
        pairs = (
            ("num_min_comps", num_min_comps, num_max_comps),
            ("min_width", min_width, max_width),
            ("min_rand_half_height", min_rand_half_height, max_rand_half_height),
        )
        for key, low, high in pairs:
            if low > high:
                yield key, f"'{key}' {low} is above '{key.replace('min', 'max')}' {high}"

    def __call__(self, data, rng):
        size = data["image"].shape[:2]
        text, center = np.zeros((2, *size), np.uint8)
        maps = np.zeros((4, *size), np.float32)
        components = [np.zeros((0, 7))]
        for number, polygon in enumerate(np.asarray(data["polys"], np.float32), 1):
            cv2.fillPoly(text, [polygon.astype(np.int32)], 1)
            ribbon = self._trimmed(reading_order(ribbon_of(polygon, self.step)))
            self._draw(center, maps, ribbon)
            components.append(self._components(ribbon, number))
        note_lost_boxes(data, "shorter_than_a_component", [not len(found) for found in components[1:]])
        attributes = self._list(np.concatenate(components), text, rng)
        masks = (text, center, np.ones(size, np.uint8))
        data.update(zip(self.writes, (*masks, *maps, attributes)))
        return data

    def _trimmed(self, ribbon):
        head, tail = (np.clip(ribbon.end_widths() * self.comp_w_h_ratio, *self.widths) // self.step).astype(int)
        return ribbon.trimmed(head, tail)

    def _draw(self, center, maps, ribbon):
        top, bottom = ribbon
        middles = [(line[:-1] + line[1:]) / 2 for line in ribbon]
        boxes = ribbon.narrowed(self.center_ratio).boxes().astype(np.int32)
        for i, (box, (cos, sin)) in enumerate(zip(boxes, unit(np.subtract(*middles)))):
            ys, xs = pixels_of(box, center.shape)
            center[ys, xs] = 1
            maps[0, ys, xs] = distances(xs, ys, top[i], top[i + 1])
            maps[1, ys, xs] = distances(xs, ys, bottom[i], bottom[i + 1])
            maps[2, ys, xs] = sin
            maps[3, ys, xs] = cos

    def _components(self, ribbon, number):
        """Returns x, y, height, width, cosine, sine and number of a text's components, M x 7."""
        length = line_length(ribbon.center)
        width = np.clip(np.mean(self._heights(ribbon)) * self.comp_w_h_ratio, *self.widths) * self.comp_ratio
        if length < width:
            return np.zeros((0, 7))
        # a run of k boxes one pixel apart is as far from the next box as its middle: (k + 1) / 2
        spacing = max(2 * width * (1 - self.overlap) / (1 + self.overlap) - 1, 1)
        count = int(np.ceil(length / spacing))
        # of twice as many intervals every other limit is the middle of one of `count` intervals
        ribbon = Ribbon(*(resample(line, 2 * count + 1)[1::2] for line in ribbon))
        heights = self._heights(ribbon) * self.comp_ratio
        widths = np.clip(heights * self.comp_w_h_ratio, *self.widths)
        numbers = np.full(count, number)
        return np.column_stack([ribbon.center, heights, widths, unit(ribbon.top - ribbon.bottom), numbers])

    @staticmethod
    def _heights(ribbon):
        return np.hypot(*(ribbon.top - ribbon.bottom).T)

    def _list(self, components, text, rng):
        """Returns the finished list: jittered, filled up with random components, padded with zeros."""
        least, most = self.num_comps
        if len(components) > most:
            components = components[np.sort(rng.permutation(len(components))[:most])]
        components = self._jitter(components, rng)
        missing = min(least, most) - len(components)
        if missing > 0:
            components = np.concatenate([components, self._random_components(missing, text, rng)])
        attributes = np.zeros((most, 8), np.float32)
        attributes[: len(components), 0] = len(components)
        attributes[: len(components), 1:] = components
        return attributes

    def _jitter(self, components, rng):
        x, y, heights, widths, cos, sin, numbers = components.T
        changes = rng.uniform(-0.5, 0.5, (5, len(components))) * self.jitter_level
        angles = np.arctan2(sin, cos) + changes[4] * np.pi
        x = x + changes[0] * (np.abs(cos) * heights + np.abs(sin) * widths)
        y = y + changes[1] * (np.abs(sin) * heights + np.abs(cos) * widths)
        sizes = heights * (1 + changes[2]), widths * (1 + changes[3])
        return np.column_stack([x, y, *sizes, np.cos(angles), np.sin(angles), numbers])

    def _random_components(self, count, text, rng):
        free = np.flatnonzero(text == 0)
        if not len(free):
            return np.zeros((0, 7))
        ys, xs = np.unravel_index(rng.choice(free, count), text.shape)
        heights = rng.uniform(*self.rand_heights, count)
        widths = np.clip(heights * self.comp_w_h_ratio, *self.widths)
        angles = rng.uniform(-np.pi, np.pi, count)
        return np.column_stack([xs, ys, heights, widths, np.cos(angles), np.sin(angles), np.zeros(count)])
