"""Labels of text detection and of direction classification."""

import json

import numpy as np
import pytest

from ppocr.data.imaug.cls_label import ClsLabelEncode
from ppocr.data.imaug.det_label import DetLabelEncode
from ppocr.data.imaug.operator import Dropped
from ppocr.errors import DataError


def encode(*items):
    label = [{"transcription": text, "points": points} for text, points in items]
    return DetLabelEncode()({"label": json.dumps(label)})


def test_polygons_of_different_lengths_repeat_their_last_point():
    quad, six = [[0, 0], [4, 0], [4, 2], [0, 2]], [[0, 5], [2, 4], [4, 5], [4, 8], [2, 7], [0, 8]]
    data = encode(("word", quad), ("###", six), ("*", quad))
    assert data["polys"].dtype == np.float32
    assert data["polys"].tolist() == [quad + [[0, 2]] * 2, six, quad + [[0, 2]] * 2]
    assert data["texts"] == ["word", "###", "*"]
    assert data["ignore_tags"].tolist() == [False, True, True]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e6, 10**30, -(2**63)])
def test_polygons_that_are_in_no_picture_are_ignored(number):
    """Their outlines would overflow 32 bits, or take all memory and end the process."""
    data = encode(("a", [[number, 1], [5, 1], [5, 5], [1, 5]]), ("b", [[-9, 0], [90000, 0], [4, 2], [0, 2]]))
    assert data["ignore_tags"].tolist() == [True, False]
    assert not data["polys"][0].any() and data["polys"][1, 1].tolist() == [90000, 0]


def test_no_text_at_all_drops_the_sample():
    with pytest.raises(Dropped, match="no_text"):
        DetLabelEncode()({"label": "[]"})


@pytest.mark.parametrize(
    "label",
    [
        "[{]",
        "3",
        "[1]",
        '[{"transcription": "a"}]',
        '[{"transcription": "a", "points": [[1, 2], [3]]}]',
        '[{"transcription": "a", "points": [1, 2, 3, 4]}]',
        '[{"transcription": "a", "points": [["x", 2], [3, 4]]}]',
        '[{"transcription": "a", "points": []}]',
        '[{"transcription": "a", "points": null}]',
        '[{"transcription": "a", "points": 5}]',
        f'[{{"transcription": "a", "points": [[{10**400}, 2], [3, 4]]}}]',
    ],
)
def test_malformed_labels(label):
    with pytest.raises(DataError, match="label|polygon"):
        DetLabelEncode()({"label": label})


def test_classes():
    op = ClsLabelEncode(["0", "180"])
    assert op({"label": "180"})["label"] == 1
    assert op({"label": "0"})["label"] == 0
    with pytest.raises(Dropped, match="'90' is not one of 0, 180"):
        op({"label": "90"})
