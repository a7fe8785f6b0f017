"""Matching of detected and true polygons by intersection over union, as in the ICDAR 2015 evaluation."""

from typing import NamedTuple

import numpy as np
import shapely


class Matching(NamedTuple):
    """What one image adds to precision (matched / detections) and recall (matched / truths)."""

    matched: int
    truths: int
    detections: int


class Pairs(NamedTuple):
    """Which polygons of an image belong together.

    Attributes:
        matches: list of (number of the true polygon, number of the detection).
        truths: bool per true polygon: whether it counts.
        detections: bool per detection: whether it counts.
    """

    matches: list
    truths: np.ndarray
    detections: np.ndarray


def match_detections(truths, ignored, detections, iou_threshold=0.5, cover_threshold=0.5) -> Matching:
    """Counts what :func:`pair_detections` finds."""
    pairs = pair_detections(truths, ignored, detections, iou_threshold, cover_threshold)
    return Matching(len(pairs.matches), int(pairs.truths.sum()), int(pairs.detections.sum()))


def pair_detections(truths, ignored, detections, iou_threshold=0.5, cover_threshold=0.5) -> Pairs:
    """Matches each true polygon to the first free detection with an IoU above the threshold.

    Polygons that cross themselves do not count.  Detections of which more than ``cover_threshold`` lies in an ignored
    polygon count neither as right nor as wrong.

    Args:
        truths: list of (points, 2), or an array (polygons, points, 2).
        ignored: bool per true polygon.
        detections: as ``truths``.
        iou_threshold: what a match must exceed.
        cover_threshold: what the covered share of a detection must exceed to be left out.
    """
    truths, valid = to_polygons(truths)
    counts = valid & ~np.asarray(ignored, dtype=bool).reshape(-1)
    ignored = ~counts[valid]
    detections, detected = to_polygons(detections)
    rows, columns, shared = intersections(truths, detections)
    truth_areas, areas = shapely.area(truths), shapely.area(detections)

    covered = ignored[rows] & (shared > cover_threshold * areas[columns])
    left_out = np.zeros(len(detections), dtype=bool)
    left_out[columns[covered]] = True

    union = truth_areas[rows] + areas[columns] - shared
    good = (shared > iou_threshold * union) & ~ignored[rows] & ~left_out[columns]
    matches = _greedy(np.flatnonzero(valid)[rows[good]].tolist(), np.flatnonzero(detected)[columns[good]].tolist())
    detected[detected] = ~left_out
    return Pairs(matches, counts, detected)


def to_polygons(points):
    """Makes shapely polygons of all that are valid.

    Args:
        points: list of (points, 2), or an array (polygons, points, 2).

    Returns:
        The polygons (array of objects), and bool per entry of ``points``: whether it is among them.
    """
    points = [np.asarray(p, dtype=np.float64).reshape(-1, 2) for p in points]
    valid = np.array([len(p) > 2 for p in points], dtype=bool)
    rings = [p for p, good in zip(points, valid) if good]
    if not rings:
        return np.empty(0, dtype=object), valid
    owner = np.repeat(np.arange(len(rings)), [len(p) for p in rings])
    polygons = shapely.polygons(shapely.linearrings(np.concatenate(rings), indices=owner))
    simple = shapely.is_valid(polygons)
    valid[valid] = simple
    return polygons[simple], valid


def intersections(first, second):
    """Returns indices into both arrays of polygons and the shared area, for the pairs whose bounding boxes meet.

    The pairs are ordered by the first index, then by the second.
    """
    a, b = shapely.bounds(first).reshape(-1, 1, 4), shapely.bounds(second).reshape(1, -1, 4)
    meet = (np.maximum(a[..., :2], b[..., :2]) < np.minimum(a[..., 2:], b[..., 2:])).all(axis=-1)
    rows, columns = np.nonzero(meet)
    return rows, columns, shapely.area(shapely.intersection(first[rows], second[columns]))


def _greedy(rows, columns):
    taken, taken_columns = {}, set()
    for row, column in zip(rows, columns):
        if row not in taken and column not in taken_columns:
            taken[row] = column
            taken_columns.add(column)
    return list(taken.items())
