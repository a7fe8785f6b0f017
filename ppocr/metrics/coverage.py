"""Matching of detected and true polygons by how much they cover of each other, one to one, one to many, many to one.

Wolf and Jolion, Object Count/Area Graphs for the Evaluation of Object Detection and Segmentation Algorithms (2006),
with the thresholds of the evaluation of Total-Text (https://arxiv.org/abs/1710.10400).
"""

from typing import NamedTuple

import numpy as np
import shapely

from ppocr.metrics.detection_iou import intersections, to_polygons

RECALLED = 0.7  # share of a true polygon that must be covered
PRECISE = 0.6  # share of a detection that must lie in a true polygon
SPLIT = 0.8  # what a match of one with many counts
IGNORED = 0.5  # a detection of which more lies in an ignored polygon does not count


class Coverage(NamedTuple):
    """What one image adds: sums of matches, for recall and for precision, and the numbers of polygons that count."""

    recalled: float
    precise: float
    truths: int
    detections: int


class Group(NamedTuple):
    """Polygons that match: one with one, one true polygon with several detections, or several with one.

    Attributes:
        truths, detections: their numbers among all of an image.
    """

    truths: list
    detections: list


def match_by_coverage(truths, ignored, detections) -> Coverage:
    """Counts what :func:`group_by_coverage` finds."""
    return group_by_coverage(truths, ignored, detections)[0]


def group_by_coverage(truths, ignored, detections):
    """Matches the detections of an image to its true polygons.

    Args:
        truths: list of (points, 2).
        ignored: bool per true polygon.
        detections: list of (points, 2).

    Returns:
        :class:`Coverage`, and the list of :class:`Group`.
    """
    ignored = np.asarray(ignored, bool).reshape(-1)
    recall, precision = _shares(truths, detections)
    seen = ~(precision[ignored] > IGNORED).any(axis=0)
    recall, precision = np.round(recall[~ignored][:, seen], 2), np.round(precision[~ignored][:, seen], 2)
    truths_left, left = np.ones(len(recall), bool), np.ones(recall.shape[1], bool)
    pairs = _one_to_one(recall > RECALLED, precision > PRECISE)
    truths_left[pairs[0]], left[pairs[1]] = False, False
    good = (recall >= RECALLED) & (precision >= PRECISE)
    split = _one_to_many(recall, precision >= PRECISE, RECALLED, good, truths_left, left)
    merged = _one_to_many(precision.T, recall.T >= PRECISE, PRECISE, good.T, left, truths_left)
    groups = [Group([truth], [detection]) for truth, detection in zip(*pairs)]
    groups += [Group([owner], parts) for owner, parts in split] + [Group(parts, [owner]) for owner, parts in merged]
    counts = Coverage(
        sum(_worth(group, group.truths) for group in groups),
        sum(_worth(group, group.detections) for group in groups),
        *recall.shape,
    )
    numbers = np.flatnonzero(~ignored), np.flatnonzero(seen)
    return counts, [Group(*(own[places].tolist() for own, places in zip(numbers, group))) for group in groups]


def _worth(group, side) -> float:
    """Returns what a group counts for one side."""
    return 1.0 if len(group.truths) == len(group.detections) == 1 else SPLIT * len(side)


def _shares(truths, detections):
    """Returns the shared areas as parts of the true polygons and of the detections, both (truths, detections)."""
    shapes = []
    for polygons in (truths, detections):
        valid, which = to_polygons(polygons)
        shapes.append((valid, np.flatnonzero(which), len(polygons)))
    (true, rows, height), (found, columns, width) = shapes
    first, second, areas = intersections(true, found)
    shares = np.zeros((2, height, width))
    shares[0, rows[first], columns[second]] = areas / shapely.area(true)[first]
    shares[1, rows[first], columns[second]] = areas / shapely.area(found)[second]
    return shares


def _one_to_one(covers, lies):
    """Returns the numbers of the pairs that cover each other, and both nothing else by either share."""
    alone = (covers.sum(axis=1, keepdims=True) == 1) & (lies.sum(axis=1, keepdims=True) == 1)
    alone = alone & (covers.sum(axis=0) == 1) & (lies.sum(axis=0) == 1)
    return np.nonzero(covers & lies & alone)


def _one_to_many(covered, fits, enough, good, owners_left, parts_left) -> list:
    """Matches owners with the parts that cover them together; returns pairs of an owner and its parts.

    Args:
        covered: (owners, parts), the share of an owner that a part covers.
        fits: bool (owners, parts), which parts lie in an owner.
        enough: share of an owner that its parts must cover.
        good: bool (owners, parts), which pairs are matches by themselves.
        owners_left, parts_left: bool, what has no match yet; changed.
    """
    matches = []
    for owner in np.flatnonzero(owners_left & ((covered > 0).sum(axis=1) >= 2)):
        parts = np.flatnonzero(fits[owner] & parts_left)
        if good[owner, parts[0]] if len(parts) == 1 else covered[owner, parts].sum() >= enough:
            matches.append((owner, parts))
            owners_left[owner], parts_left[parts] = False, False
    return matches
