"""Training samples of PGNet: centre lines of texts, ways to their borders and along them, and points with their texts.

Wang et al., PGNet: Real-time Arbitrarily-Shaped Text Spotting with Point Gathering Network, 2021.
"""

from dataclasses import dataclass
from typing import Literal, Optional

import cv2
import numpy as np

from ppocr.data.imaug.det_crop import Window, whole_within
from ppocr.data.imaug.east_targets import STRIDE, shorter_sides, text_window
from ppocr.data.imaug.line_targets import (
    CENTER_HEIGHT,
    IGNORED_WEIGHT,
    UNFIT,
    center_part,
    check_text_sizes,
    draw_borders,
    place,
    sound_texts,
)
from ppocr.data.imaug.normalize import NormalizeImage
from ppocr.data.imaug.operator import Operator, note, note_lost_boxes
from ppocr.data.imaug.sast_targets import corners_of
from ppocr.data.imaug.text_ribbon import Ribbon, distinct, fill_boxes, line_length, resample
from ppocr.geometry.center_lines import gathering_lines, skeleton_lines
from ppocr.geometry.polygons import signed_areas
from ppocr.geometry.warps import map_points
from ppocr.registry import OPERATORS
from ppocr.text.codec import DictionaryKeys
from ppocr.text.codecs import PgCodec
from ppocr.values import Count, MapSide, Pixels, Side, TextLength

CENTER_ENDS = 0.15  # by how much of the text's height a centre line is shorter, at either end
LEAST_POINTS = 3
LEAST_CHARACTERS = 2  # of a text that is learnt to be read


def clockwise_from_first(polys) -> np.ndarray:
    """Returns polygons (N x K x 2), those that go counter-clockwise the other way round from their first point on."""
    polys = np.array(polys, np.float32)
    turned = np.flatnonzero(signed_areas(polys) < 0) if len(polys) else []
    polys[turned, 1:] = polys[turned, :0:-1]
    return polys


def reading_ribbon(polygon) -> Ribbon:
    """Returns a text from its first point on: that is the head of its top line, and its bottom line comes back."""
    points = distinct(polygon)
    half = -(-len(points) // 2)
    return Ribbon(resample(points[:half], half), resample(points[half:][::-1], half))


def ways_of(ribbon: Ribbon, characters: int):
    """Returns the boxes of a text and the way from a character to the next one in each, (N, 4, 2) and (N, 2)."""
    boxes = ribbon.boxes()
    along = (boxes[:, 1] + boxes[:, 2] - boxes[:, 0] - boxes[:, 3]) / 2
    step = max(line_length(ribbon.center) / max(characters, 1), 1.0)
    return boxes, along / np.maximum(np.hypot(*along.T), 1e-6)[:, None] * step


def smooth_mask(ribbon: Ribbon, size) -> np.ndarray:
    """Returns a centre line, in pixels of the map, uint8 of ``size``: those pixels in whose middle half it is."""
    large = np.zeros([STRIDE * side for side in size], np.uint8)
    fill_boxes(large, Ribbon(*(np.rint(STRIDE * line) for line in ribbon)), 255)
    return (cv2.resize(large, size[::-1]) > 0).astype(np.uint8)


@dataclass(eq=False, repr=False)
class TextRoom(Operator):
    """An operator that makes room for texts.

    Args:
        max_text_length: characters of a text.
        max_text_nums: texts of an image.
        tcl_len: points of a centre line.
    """

    max_text_length: TextLength
    max_text_nums: Count
    tcl_len: Count


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class PGProcessTrain(DictionaryKeys, TextRoom):  # the keys of the base that stands last come first
    """Changes the proportions of an image, scales it, normalizes it and draws the maps.

    Args:
        use_resize: bring an image to the full size, times a random scale; otherwise only what is too large shrinks.
        use_random_crop: take a random part of the image that cuts no text.
        min_crop_size: least width and height of that, in pixels.
        min_text_size, max_text_size: texts whose shorter side is outside of these (pixels) count as if to be ignored.
        point_gather_mode: ``align``: points stand where the post-processing gathers them, pixel by pixel along the
            skeleton of the centre line; null: at equal distances along its middle.
        image_shape: (height, width) of the result; the image is somewhere in it, the rest is zero.

    ``images`` is 3 x H x W ``float32``, normalized as by ``NormalizeImage``.  The maps are H/4 x W/4, ``float32``, and
    measure in pixels of their own: ``tcl_maps`` (1, the centre lines of texts), ``tcl_label_maps`` (1, the number of
    the text in ``label_list`` from 1, in all of it), ``border_maps`` (5: way to the upper border, y and x, to the lower
    border, y and x, one over their distance), ``direction_maps`` (3: way to the next character, x and y, one over the
    height), ``training_masks`` (1, 0.15 in texts to be ignored).

    Of the texts that can be read ``label_list`` has the classes of their characters in lower case (``max_text_nums`` x
    ``max_text_length`` x 1, ``int64``, padded with the blank), ``pos_list`` the points (x ``tcl_len`` x 3, ``int64``:
    0, row, column), a little beside the centre line at random, and ``pos_mask`` which points are there (``float32``).
    The others are found, but not read: those of one character, too long ones, those beyond ``max_text_nums``, those
    that have no known character, and those whose centre line is too short for points.  A text whose centre line has no
    pixel counts as if to be ignored.

    A sample of which no text counts is dropped (``no_text``), one without any is all background.
    """

    reads = ("image", "polys", "texts", "ignore_tags")
    writes = (
        "images",
        "tcl_maps",
        "tcl_label_maps",
        "border_maps",
        "direction_maps",
        "training_masks",
        "label_list",
        "pos_list",
        "pos_mask",
    )
    random = True

    use_resize: bool = True
    use_random_crop: bool = False
    min_crop_size: Side = 24
    min_text_size: Pixels = 4
    max_text_size: Side = 512
    point_gather_mode: Optional[Literal["align"]] = None
    image_shape: tuple[MapSide, MapSide] = (512, 512)

    def __post_init__(self):
        self.codec = self.build_codec(PgCodec)
        self.map_size = tuple(side // STRIDE for side in self.image_shape)
        self.tables = NormalizeImage(order="hwc").tables

    check_arguments = staticmethod(check_text_sizes)

    def __call__(self, data, rng):
        image = data["image"]
        given = {"ignore_tags": data["ignore_tags"], "polys": clockwise_from_first(data["polys"])}
        polys, ignored, there = sound_texts({**data, **given}, image)
        window = self._draw_window(polys, ignored, image, rng)
        inside = whole_within(window, polys, ignored, data)
        data["images"], to_map = place(image, window, tuple(self.image_shape), self.tables, rng, self.use_resize, True)
        ribbons = [reading_ribbon(polygon) for polygon in map_points(polys[inside], to_map)]
        texts, ignored = [data["texts"][i].lower() for i in there[inside]], ignored[inside]
        unfit = self._are_unfit(ribbons)
        page = Page(self, rng)
        for ribbon, text, left_out in zip(ribbons, texts, ignored | unfit):
            if left_out:
                page.leave_out(ribbon)
            else:
                page.add(ribbon, text)
        note_lost_boxes(data, UNFIT, int((unfit & ~ignored).sum()) + page.too_thin)
        data.update(zip(self.writes[1:], page.fields()))
        note(data, "unknown_characters", "".join(sorted(page.missing)), len(page.missing) > 0)
        note_lost_boxes(data, "that_are_found_but_not_read", page.unread)
        return data

    def _draw_window(self, polys, ignored, image, rng):
        height, width = image.shape[:2]
        if not self.use_random_crop:
            return Window(0, 0, width, height)
        return text_window(polys, lambda _: ~ignored, width, height, [self.min_crop_size] * 2, rng)

    def _are_unfit(self, ribbons):
        shorter = STRIDE * shorter_sides(np.reshape([corners_of(ribbon) for ribbon in ribbons], (-1, 4, 2)))
        return (shorter < self.min_text_size) | (shorter > self.max_text_size)


class Page:
    """The maps of an image and the texts that are to be read on it.

    Args:
        keys: the :class:`PGProcessTrain`.
        rng: draws where points stand.

    Attributes:
        missing: characters of texts that the dictionary lacks.
        unread: how many texts are found, but not read.
        too_thin: how many texts were left out, as no pixel of the maps would be their centre line.
    """

    def __init__(self, keys, rng):
        self._keys, self._rng = keys, rng
        size = keys.map_size
        self._score = np.zeros(size, np.uint8)
        self._numbers, self._drawn = np.zeros((2, *size), np.int32)
        self._border = np.zeros((5, *size), np.float32)
        self._ways = np.zeros((*size, 3), np.float32)
        self._ways[..., 2] = 1
        self._mask = np.ones(size, np.float32)
        self._read = []
        self.missing, self.unread, self.too_thin = set(), 0, 0

    def leave_out(self, ribbon):
        """Adds a text that does not count."""
        fill_boxes(self._mask, Ribbon(*map(np.rint, ribbon)), IGNORED_WEIGHT)

    def add(self, ribbon, text: str):
        """Adds a text; it does not count if no pixel of the maps would be its centre line."""
        center = center_part(ribbon, CENTER_ENDS)
        line = smooth_mask(center.narrowed(CENTER_HEIGHT), self._keys.map_size)
        if not line.any():
            self.too_thin += 1
            self.leave_out(ribbon)
            return
        known, _, missing = self._keys.codec.encode(text)
        self.missing.update(missing)
        self._score |= line
        draw_borders(self._border, self._drawn, center, 1)
        height = float(np.mean(np.hypot(*(ribbon.top - ribbon.bottom).T)))
        for box, way in zip(*ways_of(ribbon, len(known))):
            cv2.fillPoly(self._ways, [np.rint(box).astype(np.int32)], (*way.tolist(), 1 / max(height, 1.0)))
        gathered = self._line_of(line, center) if self._can_read(known) else []
        if len(gathered):
            self._read.append((known, gathered, height))
            fill_boxes(self._numbers, Ribbon(*map(np.rint, ribbon)), len(self._read))
        else:
            self.unread += 1

    def _can_read(self, known) -> bool:
        free = len(self._read) < self._keys.max_text_nums
        return free and LEAST_CHARACTERS <= len(known) <= self._keys.max_text_length

    def _line_of(self, line, center):
        """Returns the points, rows and columns, from which those of a text are made; or none."""
        if self._keys.point_gather_mode is None:
            middle = center.center
            return resample(middle, int(line_length(middle)) + 1)[:, ::-1]
        return max(skeleton_lines(line, LEAST_POINTS), key=len, default=[])

    def _points(self) -> list:
        """Returns at most ``tcl_len`` points of each text that is read; they stand about its centre line."""
        if not self._read:
            return []
        _, lines, heights = zip(*self._read)
        if self._keys.point_gather_mode is not None:
            lines = gathering_lines(lines, self._ways[..., :2].transpose(2, 0, 1), self._score, without_holes=True)
        most = self._keys.tcl_len
        lines = [line[np.arange(most) * len(line) // most] if len(line) > most else line for line in lines]
        counts, points = list(map(len, lines)), np.concatenate(lines)
        steps = self._across(points) * CENTER_HEIGHT * np.repeat(heights, counts)[:, None]
        return np.split(self._within(points + steps), np.cumsum(counts)[:-1])

    def _across(self, points):
        """Draws steps of up to half a pixel across the text at some points, so that these stay in their order."""
        rows, columns = self._within(points).T
        across = self._ways[rows, columns, :2] * (1, -1)  # as rows and columns
        lengths = np.maximum(np.hypot(*across.T), 1e-6)
        return across * (self._rng.uniform(-0.5, 0.5, len(points)) / lengths)[:, None]

    def _within(self, points):
        """Returns points as whole pixels of the maps."""
        return np.clip(np.rint(points), 0, np.subtract(self._keys.map_size, 1)).astype(np.int64)

    def fields(self):
        """Returns what the operator writes besides the image, in its order."""
        keys = self._keys
        labels = np.full((keys.max_text_nums, keys.max_text_length, 1), keys.codec.padding, np.int64)
        places = np.zeros((keys.max_text_nums, keys.tcl_len, 3), np.int64)
        present = np.zeros((keys.max_text_nums, keys.tcl_len, 1), np.float32)
        for i, ((classes, *_), points) in enumerate(zip(self._read, self._points())):
            labels[i, : len(classes), 0] = classes
            places[i, : len(points), 1:] = points
            present[i, : len(points)] = 1
        score, numbers, mask = (map_[None].astype(np.float32) for map_ in (self._score, self._numbers, self._mask))
        ways = np.ascontiguousarray(self._ways.transpose(2, 0, 1))
        return score, numbers, self._border, ways, mask, labels, places, present
