"""What thresholds do: sections about scores, computed by hand and by post-processing itself."""

import numpy as np
import pytest

from ppocr.metrics.detection_iou import match_detections, pair_detections
from ppocr.postprocess.db_post_process import DBPostProcess
from ppocr.postprocess.pse_post_process import PSEPostProcess
from ppocr.tasks import task_of
from ppocr.tasks.compared import PageSample, TextSample, read_pages
from ppocr.tasks.sections.pages import _sizes
from ppocr.tasks.sections.thresholds import SWEPT, above, box_threshold_section, can_sweep, score_section, sweep


@pytest.fixture
def probability():
    """A map with four regions of rising probability."""
    maps = np.zeros((1, 1, 64, 256), np.float32)
    for i, value in enumerate((0.35, 0.5, 0.7, 0.9)):
        maps[0, 0, 20:40, 10 + 60 * i : 50 + 60 * i] = value
    return maps


@pytest.mark.parametrize("box_type", ["quad", "poly"])
def test_boxes_above_a_score_are_those_of_a_post_process_with_that_threshold(probability, box_type):
    shape = np.array([[64, 256, 1.0, 1.0]])
    (found,) = DBPostProcess(box_thresh=0.1, box_type=box_type, return_scores=True)(probability, shape)
    assert len(found["points"]) == 4
    for threshold in SWEPT:
        (expected,) = DBPostProcess(box_thresh=threshold, box_type=box_type)(probability, shape)
        kept = above(found, threshold)["points"]
        assert len(kept) == len(expected["points"])
        assert all(np.array_equal(a, b) for a, b in zip(kept, expected["points"]))


def test_what_has_scores_can_be_swept():
    assert can_sweep(DBPostProcess()) and can_sweep(PSEPostProcess()) and not can_sweep(object())


class LargestBox(DBPostProcess):
    """Keeps one box of those that count, and gives no scores."""

    def __call__(self, preds, shape_list):
        return [{"points": page["points"][:1]} for page in super().__call__(preds, shape_list)]


def test_a_class_that_chooses_among_the_boxes_is_not_swept(probability):
    """At a lower threshold it would choose others than in an evaluation."""
    detector = LargestBox(box_thresh=0.6)
    assert not can_sweep(detector) and task_of("det").watched(detector) is detector
    (page,) = read_pages(detector(probability, np.array([[64, 256, 1.0, 1.0]])), ([[square(0)]], [[False]]), [0])
    assert len(page.detections) == 1 and page.sweep == ()


def square(x, size=10):
    return [[x, 0], [x + size, 0], [x + size, size], [x, size]]


def page(truths, detections, scores, box_thresh=0.5):
    found, ignored = {"points": list(map(np.array, detections)), "scores": scores}, [False] * len(truths)
    kept = above(found, box_thresh)["points"]
    return PageSample(0, truths, kept, pair_detections(truths, ignored, kept), sweep(truths, ignored, found))


def test_a_sweep_counts_what_each_threshold_would_give():
    truths, detections = [square(0), square(40)], [square(0), square(41), square(80)]
    swept = page(truths, detections, [0.9, 0.3, 0.62]).sweep
    assert [swept[SWEPT.index(t)] for t in (0.3, 0.6, 0.65, 0.95)] == [(2, 2, 3), (1, 2, 2), (1, 2, 1), (0, 2, 0)]
    assert swept[0] == match_detections(truths, [False, False], detections)


def test_the_section_names_the_best_threshold():
    pages = [page([square(0), square(40)], [square(0), square(41), square(80)], [0.9, 0.7, 0.62])] * 2
    section = box_threshold_section(pages, 0.5)
    text = "".join(section.body)
    assert "the configuration's 0.5" in text.replace("&#x27;", "'") and "hmean is highest, 1, at 0.65" in text
    assert "<td>0.6</td><td>0.6667</td><td>1</td><td>0.8</td>" in text


def test_recall_and_precision_by_size():
    truths = [square(0, 6), square(20, 30), square(60, 30)]
    listing = _sizes([page(truths, [square(0, 6), square(20, 30), square(200, 30)], [0.9, 0.9, 0.9])])[1]
    rows = [row.split("</tr>")[0] for row in listing.split("<tbody>")[1].split("<tr>")[1:]]
    assert len(rows) == 2 and rows[0].startswith("<td>below 8</td><td>1</td>") and rows[0].count("100.0 %") == 2
    assert rows[1].startswith("<td>24 to 31</td><td>2</td>") and rows[1].count("50.0 %") == 2


def reading(right, confidence):
    return TextSample(0, "a", "a" if right else "b", confidence, 0.0 if right else 1.0)


def test_how_many_readings_a_share_of_errors_costs():
    samples = [reading(True, 0.9)] * 60 + [reading(False, 0.8)] + [reading(True, 0.8)] * 20 + [reading(False, 0.2)] * 19
    text = "".join(score_section(samples).body)
    assert "<td>at most 0.0 %</td><td>0.9</td><td>60.0 %</td><td>0.0 %</td>" in text
    assert "<td>at most 5.0 %</td><td>0.8</td><td>81.0 %</td><td>1.2 %</td>" in text
    assert score_section([reading(True, None)]) is None
    nothing = "".join(score_section([reading(False, 0.9), reading(True, 0.8)]).body)
    assert "<td>at most 0.0 %</td><td>none is high enough</td><td>0.0 %</td><td></td>" in nothing
