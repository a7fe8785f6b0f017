"""Tests of DetMetric and the matching of polygons."""

import json

import numpy as np
import paddle
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.imaug.det_label import DetLabelEncode
from ppocr.metrics import build_metric
from ppocr.metrics.detection_iou import intersections, match_detections, to_polygons


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)


TRUTHS = [box(10, 10, 60, 30), box(80, 10, 120, 30), box(10, 60, 70, 80), box(100, 60, 130, 90)]
IGNORED = [False, False, True, False]
# IoU with the first truth: 48 * 19 / (2000 - 912) = 0.84; the third lies in what is ignored; the others miss
FOUND = [box(12, 11, 62, 31), box(82, 40, 122, 60), box(12, 61, 70, 80), box(300, 300, 320, 320)]


def test_one_image():
    assert match_detections(TRUTHS, IGNORED, FOUND) == (1, 3, 3)


@pytest.mark.parametrize("width, matched", [(100, 0), (101, 0), (99, 1)])
def test_the_threshold_must_be_exceeded(width, matched):
    assert match_detections([box(0, 0, 50, 10)], [False], [box(0, 0, width, 10)]).matched == matched


def test_half_covered_by_an_ignored_box_still_counts():
    truths, ignored = [box(10, 60, 70, 80)], [True]
    # 10 of 20, and 11 of 20 columns lie in the ignored box
    assert match_detections(truths, ignored, [box(60, 60, 80, 80)]).detections == 1
    assert match_detections(truths, ignored, [box(59, 60, 79, 80)]).detections == 0


def test_an_ignored_truth_is_never_matched():
    # 9 of 10 columns are covered, not enough here to leave the detection out
    assert match_detections([box(0, 0, 9, 9)], [True], [box(0, 0, 10, 9)], cover_threshold=0.95) == (0, 0, 1)


def test_one_truth_takes_one_detection_and_the_first_free_one():
    assert match_detections([box(0, 0, 50, 20)], [False], [box(1, 0, 51, 20), box(0, 0, 50, 20)]) == (1, 1, 2)
    # both truths fit the first detection; the second truth then takes the other
    truths = [box(0, 0, 50, 20), box(2, 0, 52, 20)]
    assert match_detections(truths, [False, False], [box(1, 0, 51, 20), box(3, 0, 53, 20)]) == (2, 2, 2)


def test_polygons_that_are_none_do_not_count():
    bow_tie = np.array([[0, 0], [20, 20], [20, 0], [0, 20]])
    line, point = np.array([[0, 0], [5, 5], [0, 0]]), np.array([[3, 3]])
    assert match_detections([box(10, 10, 60, 30)], [False], [bow_tie, line, point, box(10, 10, 60, 30)]) == (1, 1, 1)
    assert match_detections([bow_tie, box(0, 0, 9, 9)], [False, True], [box(0, 0, 9, 9)]) == (0, 0, 0)


def test_polygons_with_different_numbers_of_points():
    triangle, hexagon = [[0, 0], [10, 0], [0, 10]], [[0, 0], [5, 0], [10, 0], [10, 10], [5, 10], [0, 10]]
    polygons, valid = to_polygons([triangle, hexagon, box(0, 0, 4, 5)])
    assert valid.all() and shapely.area(polygons).tolist() == [50, 100, 20]


def test_nothing_on_either_side():
    assert match_detections([], [], []) == (0, 0, 0)
    assert match_detections([], [], [box(0, 0, 5, 5)]) == (0, 0, 1)
    assert match_detections(TRUTHS, IGNORED, np.zeros(0, dtype=np.int32)) == (0, 3, 0)


def test_pairs_that_meet():
    first, _ = to_polygons([box(0, 0, 10, 10), box(20, 0, 30, 10)])
    second, _ = to_polygons([box(5, 5, 15, 15), box(25, 5, 26, 6), box(10, 0, 20, 10)])
    rows, columns, shared = intersections(first, second)
    assert (rows.tolist(), columns.tolist(), shared.tolist()) == ([0, 1], [0, 1], [25.0, 1.0])


def test_sums_over_batches_and_reset():
    metric = build_metric({"name": "DetMetric", "main_indicator": "hmean"})
    metric.update([{"points": FOUND}], [None, None, [TRUTHS], [IGNORED]])
    metric.update([{"points": []}], [None, None, [TRUTHS], [IGNORED]])
    values = metric.get_metric()
    assert values == {"precision": 1 / 3, "recall": 1 / 6, "hmean": pytest.approx(2 / 9)}
    assert metric.get_metric() == {"precision": 0, "recall": 0, "hmean": 0}


def test_batches_of_tensors():
    metric = build_metric({"name": "DetMetric"})
    batch = [None, None, paddle.to_tensor(np.array([TRUTHS])), paddle.to_tensor([IGNORED])]
    metric([{"points": np.array(FOUND, dtype=np.int32)}], batch)
    assert metric.totals == {"matched": 1, "truths": 3, "detections": 3}


def test_boxes_of_unreadable_images_are_missed():
    metric = build_metric({"name": "DetMetric"})
    metric([{"points": [TRUTHS[0]]}], [None, None, [[TRUTHS[0]]], [[False]]])
    boxes = [{"transcription": text, "points": [[0, 0], [1, 0], [1, 1]]} for text in ("a", "*", "###", "")]
    metric.add_unreadable([json.dumps(boxes), "not json", "3", '[{"points": []}]', "null"])
    assert metric.get_metric() == {"precision": 1.0, "recall": 1 / 3, "hmean": 0.5}


corners = st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 20)] * 2).map(
    lambda c: (c[0], c[1], c[0] + c[2], c[1] + c[3])
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(corners, st.booleans()), max_size=6), st.lists(corners, max_size=6))
def test_matching_agrees_with_the_definition(truths, detections):
    """Axis-aligned boxes, whose shared area is simple, in plain loops and whole numbers."""

    def shared(a, b):
        return max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)

    def area(a):
        return shared(a, a)

    counted = [d for d in detections if not any(tag and 2 * shared(t, d) > area(d) for t, tag in truths)]
    free = list(counted)
    matched = 0
    for truth in (t for t, tag in truths if not tag):
        fits = [d for d in free if 3 * shared(truth, d) > area(truth) + area(d)]
        if fits:
            free.remove(fits[0])
            matched += 1
    expected = (matched, sum(not tag for _, tag in truths), len(counted))
    result = match_detections([box(*t) for t, _ in truths], [tag for _, tag in truths], [box(*d) for d in detections])
    assert result == expected


def evaluated(*labels, found):
    """Returns the metrics of detections on images with these labels, read as an evaluation reads them."""
    metric = build_metric({"name": "DetMetric"})
    for label, points in zip(labels, found):
        data = DetLabelEncode()(
            {"label": json.dumps([{"transcription": "a", "points": box.tolist()} for box in label])}
        )
        metric([{"points": points}], [None, None, data["polys"][None], data["ignore_tags"][None]])
    return metric.get_metric()


def test_corners_that_were_written_row_by_row_are_found():
    truths = [box(10, 10, 60, 30), np.array([[80, 12], [120, 10], [121, 30], [81, 32]])]
    row_by_row = [truth[[0, 1, 3, 2]] for truth in truths]
    assert evaluated(row_by_row, found=[truths]) == {"precision": 1.0, "recall": 1.0, "hmean": 1.0}


def test_all_that_is_found_on_an_image_without_text_is_wrong():
    five = [box(10, 10 + 40 * k, 60, 30 + 40 * k) for k in range(5)]
    assert evaluated(TRUTHS[:1], [], found=[TRUTHS[:1], five])["precision"] == pytest.approx(1 / 6)


def test_a_label_that_nests_without_end_has_no_boxes():
    metric = build_metric({"name": "DetMetric"})
    metric.add_unreadable(["[" * 100000, '[{"transcription": "a"}, {"transcription": "###"}]'])
    assert metric.totals == {"matched": 0, "truths": 1, "detections": 0}
