"""Matching by coverage, counted by hand."""

import numpy as np
import pytest

from ppocr.metrics import build_metric
from ppocr.metrics.coverage import match_by_coverage


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)


LINE = box(0, 0, 100, 10)
LEFT, RIGHT = box(0, 0, 48, 10), box(50, 0, 100, 10)


@pytest.mark.parametrize(
    "truths, ignored, found, counts",
    [
        ([LINE], [0], [box(0, 0, 71, 10)], (1, 1, 1, 1)),
        ([LINE], [0], [box(0, 0, 70, 10)], (0, 0, 1, 1)),  # 0.7 is not above 0.7
        ([LINE], [0], [LEFT, RIGHT], (0.8, 1.6, 1, 2)),
        ([LEFT, RIGHT], [0, 0], [LINE], (1.6, 0.8, 2, 1)),
        ([LINE], [0], [LEFT, box(60, 0, 80, 10)], (0, 0, 1, 2)),  # 0.68 of it
        ([LINE], [0], [box(0, 0, 75, 10), box(80, -30, 100, 10)], (1, 1, 1, 2)),
        ([LINE, box(0, 50, 100, 60)], [0, 1], [LINE, box(0, 54, 100, 64)], (1, 1, 1, 1)),
        ([LINE, box(0, 50, 100, 60)], [0, 1], [LINE, box(0, 55, 100, 65)], (1, 1, 1, 2)),  # a half is not above a half
        ([], [], [LINE], (0, 0, 0, 1)),
        ([LINE], [0], [], (0, 0, 1, 0)),
    ],
)
def test_counts_of_an_image(truths, ignored, found, counts):
    assert match_by_coverage(truths, ignored, found) == pytest.approx(counts)


def test_polygons_of_any_number_of_points_and_texts_that_cannot_be_read():
    octagon = np.array([[2, 0], [8, 0], [10, 2], [10, 8], [8, 10], [2, 10], [0, 8], [0, 2]], float)
    metric = build_metric({"name": "CTMetric"})
    truths = [[octagon, box(50, 50, 60, 60), box(80, 0, 90, 10)]]
    metric([{"points": [octagon, box(50, 50, 60, 60)]}], [None, None, truths, [["a", "???", "b"]]])
    assert metric.get_metric() == {"recall": 0.5, "precision": 1.0, "f_score": pytest.approx(2 / 3)}
    metric.add_unreadable(['[{"transcription": "a", "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}]', "broken"])
    assert metric.totals == {"recalled": 0, "precise": 0, "truths": 1, "detections": 0}
