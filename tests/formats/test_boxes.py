"""How many boxes of a label count, told in one way by data sets, metric and report."""

import json

import numpy as np
import pytest

from ppocr.data.imaug.det_label import DetLabelEncode
from ppocr.formats.boxes import count_boxes

ROW = [[0, 0], [40, 0], [40, 10], [0, 10]]
BOW = [[0.0, 0], [2, 2], [4, 0], [4, 4], [2, 2.5], [2, 1.5], [0, 4]]


def label(*boxes):
    return json.dumps([{"transcription": text, "points": points} for text, points in boxes])


@pytest.mark.parametrize(
    "boxes, count",
    [
        ([], 0),
        ([("a", ROW), ("###", ROW), ("*", ROW), ("", ROW)], 2),
        ([("a", ROW[:1] * 4)], 1),  # without area: a truth that cannot be found
        ([("a", [[0, 0], [2e5, 0], [2e5, 9], [0, 9]]), ("a", ROW)], 1),
        ([("a", BOW), ("a", ROW)], 1),
    ],
)
def test_those_count_that_evaluation_does_not_ignore(boxes, count):
    text = label(*boxes)
    assert count_boxes(text) == count == int(np.sum(~DetLabelEncode()({"label": text})["ignore_tags"]))


def test_a_label_that_cannot_be_read_has_the_boxes_that_its_texts_name():
    assert count_boxes(label(("a", [[1]]), ("###", ROW), ("b", "points"))) == 2
    assert count_boxes('[{"points": 1}]') == count_boxes("{}") == count_boxes("[") == 0
