"""Labels of text detection: ``[{"transcription": text, "points": [[x, y], ...]}, ...]``.

Training, evaluation, the metric and the checks before a run read them here, and so agree on what a label says.
"""

import json
from typing import NamedTuple

import cv2
import numpy as np

from ppocr import json_text
from ppocr.errors import DataError
from ppocr.geometry.polygons import areas, crossing, untangled

IGNORED_TEXTS = ("*", "###")
FARTHEST = 1e5  # pixels: no image is so large; far beyond that, outlines overflow 32 bits and take all memory
MOST_POINTS = 1000  # of one outline: beyond, drawing its targets takes seconds
LEAST_AREA = 1.0  # square pixels

# what is wrong with a box, as it is said of boxes
FAR, NO_AREA, CROSSING = "with_impossible_coordinates", "without_area", "crossing_themselves"
IGNORED_FAULTS = (FAR, CROSSING)  # nobody can tell where such a box is: it is ignored, whatever its text


class Boxes(NamedTuple):
    """The boxes of a label, as they are written there.

    Attributes:
        texts: list of N texts.
        polys: N x K x 2 ``float64``, pixels; shorter ones repeat their last point.
        counts: N ``int64``: how many points each has.
    """

    texts: list
    polys: np.ndarray
    counts: np.ndarray


class Outlines(NamedTuple):
    """Boxes that can be worked with.

    Attributes:
        polys: N x K x 2 ``float64``: corners that cross are put in order, an outline that cannot be put in order has
            become its convex hull, and one with impossible coordinates a point.
        counts: N ``int64``: how many points each has.
        faults: N ``str``: ``FAR``, ``NO_AREA``, ``CROSSING`` (could not be put in order), or empty.
        reordered: N ``bool``: whether crossing sides were put in order.
        areas: N ``float64``, square pixels.
    """

    polys: np.ndarray
    counts: np.ndarray
    faults: np.ndarray
    reordered: np.ndarray
    areas: np.ndarray


def read_boxes(label, flat: bool = False) -> Boxes:
    """Reads a label; an empty list is an image without text.

    Args:
        label: JSON text.
        flat: points may also be written as ``[x, y, x, y, ...]``.

    Raises:
        DataError: it is no such list, a transcription is no text, or an outline has more than 1,000 points.
    """
    try:
        items = json_text.parse(label)
    except ValueError as error:
        raise DataError(f"the label is no JSON: {error}: {label!r:.80}") from error
    if not isinstance(items, list):
        raise DataError(f"the label is no list of {{transcription, points}}: {label!r:.80}")
    try:
        texts, outlines = [item["transcription"] for item in items], [item["points"] for item in items]
    except (TypeError, KeyError) as error:
        raise DataError(f"the label is no list of {{transcription, points}}: {_first_wrong(items)}") from error
    if not all(isinstance(text, str) for text in texts):
        raise DataError(_first_no_text(texts))
    return Boxes(texts, *_stacked([_paired(points) for points in outlines] if flat else outlines))


def _first_wrong(items):
    for number, item in enumerate(items, start=1):
        try:
            item["transcription"], item["points"]
        except (TypeError, KeyError) as error:
            return f"box {number}: {type(error).__name__} {error}"
    raise AssertionError("all items hold both")


def _first_no_text(texts):
    number, text = next((n, text) for n, text in enumerate(texts, start=1) if not isinstance(text, str))
    return f"box {number}: the transcription must be a text, not {json.dumps(text):.40}"


def _paired(points):
    """Returns [x, y, x, y, ...] as pairs, and everything else as it is."""
    even = isinstance(points, list) and len(points) % 2 == 0
    if even and not any(isinstance(value, (list, tuple)) for value in points):
        return [list(pair) for pair in zip(points[::2], points[1::2])]
    return points


def _stacked(outlines):
    """Returns outlines of different lengths as one array, and their lengths."""
    if not outlines:
        return np.zeros((0, 4, 2)), np.zeros(0, np.int64)
    try:
        counts = np.array([len(points) for points in outlines])
        longest = counts.max()
        if longest <= MOST_POINTS:
            polys = np.array([points + points[-1:] * (longest - len(points)) for points in outlines], np.float64)
            if polys.shape[1:] == (longest, 2):
                return polys, counts
    except (TypeError, ValueError, OverflowError, KeyError):
        pass  # found again in the one box that is at fault
    faults = filter(None, map(_wrong, range(1, len(outlines) + 1), outlines))
    raise DataError(next(faults, "a polygon must be a list of [x, y] points"))


def _wrong(number, points):
    """Returns what is wrong with the points of a box, None for nothing."""
    if isinstance(points, list) and len(points) > MOST_POINTS:
        return f"box {number}: a polygon of {len(points)} points, more than {MOST_POINTS}; simplify its outline"
    try:
        shape = np.array(points, np.float64).shape
    except (TypeError, ValueError, OverflowError) as error:
        return f"box {number}: a polygon must be a list of [x, y] points: {error}"
    if len(shape) == 2 and shape[1] == 2:
        return None
    return f"box {number}: a polygon must be a list of [x, y] points, not {points!r:.60}"


def sound_outlines(polys, counts) -> Outlines:
    """Puts outlines in order and says what is wrong with the others; see :class:`Outlines`."""
    faults = np.full(len(polys), "", object)
    far = ~(np.abs(polys) <= FARTHEST).all(axis=(1, 2))
    if far.any():
        polys = np.where(far[:, None, None], 0, polys)
    reordered = np.zeros(len(polys), bool)
    tangled = np.flatnonzero(crossing(polys) & ~far)
    if len(tangled):
        polys, counts = _untangled(polys, counts, tangled, faults, reordered)
    sizes = areas(polys)
    faults[sizes < LEAST_AREA] = NO_AREA
    faults[far] = FAR
    return Outlines(polys, counts, faults, reordered, sizes)


def _untangled(polys, counts, tangled, faults, reordered):
    """Returns polygons and their lengths with some put in order, and says in the last two arguments what was done."""
    outlines = [polygon[:count] for polygon, count in zip(polys, counts)]
    for i in tangled:
        hull = cv2.convexHull(outlines[i].astype(np.float32))[:, 0]
        if cv2.contourArea(hull) < LEAST_AREA:
            continue
        better = untangled(_distinct(outlines[i]))
        reordered[i] = better is not None
        faults[i] = "" if reordered[i] else CROSSING
        outlines[i] = better if reordered[i] else hull
    return _stacked([outline.tolist() for outline in outlines])


def _distinct(outline):
    moving = outline[(outline != np.roll(outline, -1, axis=0)).any(axis=1)]
    return moving if len(moving) > 2 else outline


def outside(outlines: Outlines, width: int, height: int) -> tuple:
    """Tells which outlines have less than a pixel within an image, and which others less than half of their area."""
    seen = areas(np.clip(outlines.polys, 0, (width, height)))
    wholly = seen < LEAST_AREA
    return wholly, (2 * seen < outlines.areas) & ~wholly


def count_boxes(label, ignored=IGNORED_TEXTS) -> int:
    """Returns how many boxes of a label are to be found.

    Where points cannot be read, the texts alone say it; a label without texts has no boxes.
    """
    try:
        boxes = read_boxes(label, flat=True)
    except DataError:
        return _count_texts(label, ignored)
    faults = sound_outlines(boxes.polys, boxes.counts).faults
    return sum(text not in ignored and fault not in IGNORED_FAULTS for text, fault in zip(boxes.texts, faults))


def _count_texts(label, ignored):
    try:
        return sum(item["transcription"] not in ignored for item in json_text.parse(label))
    except (ValueError, TypeError, KeyError):
        return 0
