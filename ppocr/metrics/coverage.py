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


def match_by_coverage(truths, ignored, detections) -> Coverage:
    """Matches the detections of an image to its true polygons.

    Args:
        truths: list of (points, 2).
        ignored: bool per true polygon.
        detections: list of (points, 2).
    """
    ignored = np.asarray(ignored, bool).reshape(-1)
    recall, precision = _shares(truths, detections)
    seen = ~(precision[ignored] > IGNORED).any(axis=0)
    recall, precision = np.round(recall[~ignored][:, seen], 2), np.round(precision[~ignored][:, seen], 2)
    truths_left, left = np.ones(len(recall), bool), np.ones(recall.shape[1], bool)
    pairs = _one_to_one(recall > RECALLED, precision > PRECISE)
    truths_left[pairs[0]], left[pairs[1]] = False, False
    good = (recall >= RECALLED) & (precision >= PRECISE)
    split, parts = _one_to_many(recall, precision >= PRECISE, RECALLED, good, truths_left, left)
    merged_parts, merged = _one_to_many(precision.T, recall.T >= PRECISE, PRECISE, good.T, left, truths_left)[::-1]
    count = len(pairs[0])
    return Coverage(count + split + merged_parts, count + parts + merged, len(recall), recall.shape[1])


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


def _one_to_many(covered, fits, enough, good, owners_left, parts_left):
    """Matches owners with the parts that cover them together; returns what both sides gain.

    Args:
        covered: (owners, parts), the share of an owner that a part covers.
        fits: bool (owners, parts), which parts lie in an owner.
        enough: share of an owner that its parts must cover.
        good: bool (owners, parts), which pairs are matches by themselves.
        owners_left, parts_left: bool, what has no match yet; changed.
    """
    gained = np.zeros(2)
    for owner in np.flatnonzero(owners_left & ((covered > 0).sum(axis=1) >= 2)):
        parts = np.flatnonzero(fits[owner] & parts_left)
        single = len(parts) == 1
        if good[owner, parts[0]] if single else covered[owner, parts].sum() >= enough:
            gained += (1, 1) if single else (SPLIT, SPLIT * len(parts))
            owners_left[owner], parts_left[parts] = False, False
    return gained
