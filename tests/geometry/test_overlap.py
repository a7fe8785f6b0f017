"""Overlaps of outlines, told by bounds or measured, against shapely."""

import numpy as np
import pytest
import shapely

from ppocr.geometry.overlap import Outlines, overlap_exceeds


def box(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def iou(first, second, repaired):
    first, second = shapely.Polygon(first), shapely.Polygon(second)
    if repaired:
        first, second = shapely.make_valid(first), shapely.make_valid(second)
    if not (first.is_valid and second.is_valid):
        return 0.0
    return first.intersection(second).area / first.union(second).area


def exceeds(outlines, first, second, threshold, repaired=False):
    return overlap_exceeds(Outlines.of(outlines, repaired), first, second, threshold).tolist()


def pairs(count):
    first, second = np.triu_indices(count, 1)
    return first, second


@pytest.mark.parametrize("threshold, above", [(0.33, True), (1 / 3, False), (0.34, False)])
def test_the_threshold_has_to_be_exceeded(threshold, above):
    quads = np.array([box(0, 0, 4, 2), box(2, 0, 6, 2)], np.float64)  # 4 of 12 pixels
    assert exceeds(quads, *pairs(2), threshold) == [above]


@pytest.mark.parametrize("repaired", [False, True])
@pytest.mark.parametrize("threshold", [0.1, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("spread", [0.5, 4, 30])
def test_overlaps_are_those_of_shapely(threshold, spread, repaired):
    rng = np.random.default_rng(int(spread))
    quads = np.array(box(10, 10, 60, 30)) + rng.normal(0, spread, (24, 4, 2))
    first, second = pairs(len(quads))
    expected = [iou(quads[i], quads[j], repaired) > threshold for i, j in zip(first, second)]
    assert exceeds(quads, first, second, threshold, repaired) == expected


def test_what_crosses_itself_overlaps_nothing_or_has_the_area_of_its_parts():
    quads = np.array([box(0, 0, 4, 2), [[0, 0], [4, 2], [4, 0], [0, 2]]], np.float64)  # 4 of 8 pixels
    assert exceeds(quads, *pairs(2), 0.01) == [False]
    assert exceeds(quads, *pairs(2), 0.49, repaired=True) == [True]
    assert exceeds(quads, *pairs(2), 0.51, repaired=True) == [False]


def test_nothing_has_no_pairs():
    assert exceeds(np.zeros((0, 4, 2)), np.zeros(0, int), np.zeros(0, int), 0.5) == []
