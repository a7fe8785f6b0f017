"""Merging of neighbouring quadrangles and suppression of the weaker ones."""

import numpy as np
import shapely

from ppocr.geometry.suppression import best_of_overlapping, merge_neighbours


def box(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def iou(first, second):
    first, second = shapely.Polygon(first), shapely.Polygon(second)
    if not (first.is_valid and second.is_valid):
        return 0.0
    return first.intersection(second).area / first.union(second).area


def test_neighbours_are_merged_by_their_weighted_mean():
    quads = np.array([box(0, 0, 10, 4), box(3, 0, 13, 4), box(50, 0, 60, 4), box(0, 0, 10, 4)], np.float64)
    merged, sums = merge_neighbours(quads, [0.5, 1.0, 1.0, 1.0], 0.2)
    assert merged.tolist() == [box(2, 0, 12, 4), box(50, 0, 60, 4), box(0, 0, 10, 4)]
    assert sums.tolist() == [1.5, 1.0, 1.0]


def test_each_takes_away_the_weaker_ones_that_overlap_it_but_not_what_those_overlap():
    quads = np.array([box(0, 0, 10, 4), box(4, 0, 14, 4), box(8, 0, 18, 4), box(50, 0, 60, 4)], np.float64)
    assert best_of_overlapping(quads, [3.0, 2.0, 1.0, 9.0], 0.2).tolist() == [3, 0, 2]
    assert best_of_overlapping(quads, [1.0, 2.0, 1.0, 9.0], 0.2).tolist() == [3, 1]
    assert best_of_overlapping(quads, [1.0, 2.0, 1.0, 9.0], 0.5).tolist() == [3, 1, 0, 2]


def one_by_one(quads, scores, threshold):
    kept = []
    for place in np.argsort(-scores, kind="stable"):
        if all(iou(quads[place], quads[other]) <= threshold for other in kept):
            kept.append(int(place))
    return kept


def test_many_quadrangles_are_suppressed_as_one_by_one(monkeypatch):
    monkeypatch.setattr("ppocr.geometry.suppression.BLOCK", 16)
    rng = np.random.default_rng(6)
    quads = np.array(box(0, 0, 30, 10)) + rng.uniform(0, 60, (90, 1, 2)) + rng.normal(0, 3, (90, 4, 2))
    scores = rng.random(90)
    assert best_of_overlapping(quads, scores, 0.2).tolist() == one_by_one(quads, scores, 0.2)


def test_maps_of_noise_end(monkeypatch):
    monkeypatch.setattr("ppocr.geometry.suppression.MOST", 2)
    quads = np.array([box(i * 20, 0, i * 20 + 10, 10) for i in range(4)], np.float64)
    assert best_of_overlapping(quads, [1.0, 4.0, 2.0, 3.0], 0.2).tolist() == [1, 3]
