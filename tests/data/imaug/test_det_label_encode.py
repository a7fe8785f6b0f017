"""Labels of text detection and of direction classification."""

import json

import numpy as np
import pytest
import shapely

from ppocr.data.imaug.cls_label import ClsLabelEncode
from ppocr.data.imaug.ct_targets import CTLabelEncode
from ppocr.data.imaug.det_label import DetLabelEncode
from ppocr.errors import DataError, Dropped

QUAD = [[10, 10], [50, 12], [50, 30], [10, 28]]


def encode(*items, **data):
    label = [{"transcription": text, "points": points} for text, points in items]
    return DetLabelEncode()({"label": json.dumps(label), **data})


def noted(*items, size=(40, 60)):
    """Returns what is noted about boxes on an image of ``size`` (height, width)."""
    data = encode(*items, notes=[], image=np.zeros((*size, 3), np.uint8))
    return faults(data)


def faults(data):
    """Returns what is noted about the label itself."""
    return {lost.reason: lost[1:3] for lost in data["notes"] if not lost.expected}


def test_polygons_of_different_lengths_repeat_their_last_point():
    quad, six = [[0, 0], [4, 0], [4, 2], [0, 2]], [[0, 5], [2, 4], [4, 5], [4, 8], [2, 7], [0, 8]]
    data = encode(("word", quad), ("###", six), ("*", quad))
    assert data["polys"].dtype == np.float32
    assert data["polys"].tolist() == [quad + [[0, 2]] * 2, six, quad + [[0, 2]] * 2]
    assert data["texts"] == ["word", "###", "*"]
    assert data["ignore_tags"].tolist() == [False, True, True]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e6, 10**30, -(2**63)])
def test_polygons_that_are_in_no_image_are_ignored(number):
    """Their outlines would overflow 32 bits, or take all memory and end the process."""
    data = encode(("a", [[number, 1], [5, 1], [5, 5], [1, 5]]), ("b", [[-9, 0], [90000, 0], [4, 2], [0, 2]]))
    assert data["ignore_tags"].tolist() == [True, False]
    assert not data["polys"][0].any() and data["polys"][1, 1].tolist() == [90000, 0]


@pytest.mark.parametrize("encoder", [DetLabelEncode, CTLabelEncode])
def test_an_empty_list_is_an_image_without_text(encoder):
    data = encoder()({"label": "[]"})
    assert np.shape(data["polys"]) in ((0, 4, 2), (0,)) and data["texts"] == []
    with pytest.raises(Dropped, match="no_text") as caught:
        encoder(keep_empty=False)({"label": "[]"})
    assert caught.value.expected


def test_an_empty_list_has_typed_arrays():
    data = DetLabelEncode()({"label": "[]"})
    assert (data["polys"].shape, data["polys"].dtype) == ((0, 4, 2), np.float32)
    assert (data["ignore_tags"].shape, data["ignore_tags"].dtype) == ((0,), bool)


@pytest.mark.parametrize("order", [(0, 1, 3, 2), (0, 2, 1, 3), (2, 1, 3, 0), (0, 2, 3, 1)])
@pytest.mark.parametrize("quad", [QUAD, [[10, 10], [50, 10], [50, 30], [10, 30]]], ids=["slanted", "upright"])
def test_crossing_corners_are_put_in_order_from_the_first_one_on(order, quad):
    """Written row by row, for example; the crossing outline of an upright rectangle has no area at all."""
    given = [quad[i] for i in order]
    data = encode(("a", given), ("b", QUAD), notes=[])
    start = order[0]
    assert data["polys"].tolist() == [quad[start:] + quad[:start], QUAD]
    assert data["ignore_tags"].tolist() == [False, False] and not faults(data)


def test_corners_that_do_not_cross_keep_their_order():
    for quad in (QUAD, QUAD[::-1], [[0, 0], [40, 0], [10, 5], [0, 30]]):
        assert encode(("a", quad))["polys"].tolist() == [quad]


def test_a_knot_in_an_outline_is_cut_off():
    outline = [[0, 0], [40, 0], [40, 20], [21, 20], [20, 21], [21, 21], [20, 20], [0, 20]]
    data = encode(("a", outline), notes=[])
    polygon = shapely.Polygon(data["polys"][0])
    assert polygon.is_valid and polygon.area == pytest.approx(800, abs=1) and not faults(data)
    assert not data["ignore_tags"][0]


def test_an_outline_that_says_nothing_becomes_an_ignored_hull():
    star = [[0, 0], [40, 40], [80, 0], [80, 40], [40, 0], [0, 40]]
    data = encode(("a", star), ("b", QUAD), notes=[])
    assert data["ignore_tags"].tolist() == [True, False]
    assert shapely.Polygon(data["polys"][0]).equals(shapely.box(0, 0, 80, 40))
    assert faults(data) == {"boxes_crossing_themselves": ("1 of 2", 1)}


def test_boxes_that_cannot_count_are_noted():
    far, line, corners = [[1e6, 0], [9, 0], [9, 9], [0, 9]], [[1, 1], [9, 1], [9, 1], [1, 1]], [[1, 1], [30, 30]]
    shares = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
    beyond = [[60, 5], [90, 5], [90, 20], [60, 20]]
    edge = [[50, 5], [90, 5], [90, 20], [50, 20]]
    assert noted(("a", far), ("b", line), ("c", corners), ("d", shares), ("e", beyond), ("f", edge), ("g", QUAD)) == {
        "boxes_with_impossible_coordinates": ("1 of 7", 1),
        "boxes_without_area": ("3 of 7", 3),
        "boxes_outside_of_the_image": ("1 of 7", 1),
        "boxes_mostly_outside_of_the_image": ("1 of 7", 1),
    }


def test_boxes_that_are_not_to_count_are_not_noted():
    assert noted(("###", [[60, 5], [90, 5], [90, 20], [60, 20]]), ("*", [[1, 1], [2, 2]]), ("a", QUAD)) == {}


def test_coordinates_may_be_texts():
    quad = [[str(x), f"{y}.5"] for x, y in QUAD]
    assert encode(("a", quad))["polys"][0].tolist() == [[x, y + 0.5] for x, y in QUAD]


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
        '[{"transcription": null, "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}]',
        '[{"transcription": 5, "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}]',
        f'[{{"transcription": "a", "points": [[{10**400}, 2], [3, 4]]}}]',
        "[" * 100000,
        json.dumps([{"transcription": "a", "points": [[i, i * i % 99] for i in range(1001)]}]),
    ],
    ids=lambda label: label[:40],
)
def test_malformed_labels(label):
    with pytest.raises(DataError, match="label|polygon|box 1: the transcription must be a text, not (null|5)$"):
        DetLabelEncode()({"label": label})


def test_classes():
    op = ClsLabelEncode(["0", "180"])
    assert op({"label": "180"})["label"] == 1
    assert op({"label": "0"})["label"] == 0
    with pytest.raises(Dropped, match="'90' is not one of 0, 180"):
        op({"label": "90"})
