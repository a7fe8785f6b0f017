"""What SDMGR learns from: graphs of boxes."""

import json

import numpy as np
import pytest

from ppocr.data.imaug import create_operators
from ppocr.data.imaug.kie_label import relations
from ppocr.errors import DataError, Dropped
from ppocr.formats.entities import class_numbers
from ppocr.formats.labels import NO_CLASS, Seen

QUAD = [[10, 20], [29, 20], [29, 29], [10, 29]]
FURTHER = [[30, 70], [59, 70], [59, 109], [30, 109]]


@pytest.fixture
def keys(tmp_path):
    """A dictionary of three characters, and three classes of which two say their numbers."""
    (tmp_path / "dict.txt").write_text("a\nb\nc\n")
    (tmp_path / "classes.txt").write_text("0 Ignore\n1,Total\nDate\n")
    return {"character_dict_path": str(tmp_path / "dict.txt"), "class_path": str(tmp_path / "classes.txt")}


def box(text, points=QUAD, **other):
    return {"transcription": text, "points": points, **other}


def encode(keys, *boxes, **settings):
    (operator,) = create_operators([{"KieLabelEncode": {**keys, **settings}}])
    return operator({"label": json.dumps(boxes), "notes": []})


def test_classes_are_found_by_line_name_and_number(keys):
    numbers = class_numbers(keys["class_path"])
    assert [numbers[name] for name in ("0 Ignore", "Ignore", "1,Total", "Total", "Date")] == [0, 0, 1, 1, 2]
    sample = encode(keys, box("a", label="Total"), box("b", label=2), box("c", key_cls="Ignore"))
    assert sample["labels"][:3, 0].tolist() == [1, 2, 0]


def test_a_class_that_is_not_there_is_named(keys):
    with pytest.raises(DataError, match="box 2: 'Sum' is no class of class_path"):
        encode(keys, box("a", label=1), box("b", label="Sum"))
    (operator,) = create_operators([{"KieLabelEncode": keys}])
    seen = Seen()
    assert operator.labels().check(json.dumps([box("ax", label="Sum")]), 0, seen) == (NO_CLASS, "'Sum'")
    assert operator.labels().check(json.dumps([box("ax", label="Date")]), 0, seen) is None
    assert list(seen.unknown) == ["x"] and list(seen.classes) == ["Date"]


def test_texts_become_numbers_from_1_and_what_is_unknown_is_noted(keys):
    sample = encode(keys, box("cax", label=0), box("", label=0))
    assert sample["texts"][0, :3].tolist() == [3, 1, -1] and (sample["texts"][1:] == -1).all()
    assert sample["tag"].tolist() == [2, 2]
    assert [(note.reason, note.detail) for note in sample["notes"]] == [("unknown_characters", "x")]


def test_edges_join_boxes_of_a_group(keys):
    boxes = [box("a", label=1, edge=5), box("b", label=2, edge=5), box("c", label=2, edge=6)]
    assert encode(keys, *boxes)["labels"][:3, 1:4].tolist() == [[-1, 1, 0], [1, -1, 0], [0, 0, -1]]
    assert encode(keys, *boxes, directed=True)["labels"][:3, 1:4].tolist() == [[-1, 1, 0], [0, -1, 0], [0, 0, -1]]


def test_corners_begin_at_the_top_left_and_polygons_become_their_bounds(keys):
    five = [[12, 20], [25, 18], [29, 24], [20, 31], [10, 29]]
    points = encode(keys, box("a", QUAD[2:] + QUAD[:2], label=0), box("a", five, label=0))["points"]
    assert points[:3].tolist() == [[10, 20, 29, 29], [10, 18, 29, 31], [0, 0, 0, 0]]


def test_relations_of_two_boxes():
    found = relations(np.array([[10, 20, 29, 29], [30, 70, 59, 109]]), norm=10)
    assert found[0, 1].tolist() == [2, 5, 2, 4, 3]  # 20 x 10 pixels, and 30 x 40 pixels
    assert found[1, 0].tolist() == [-2, -5, 0.75, 0.25, 0.5]


def test_pages_without_boxes_and_with_too_many(keys):
    with pytest.raises(Dropped, match="no_boxes"):
        encode(keys)
    sample = encode(keys, *[box("a", label=0)] * 302)
    assert sample["tag"].tolist() == [300, 1]
    assert [(note.reason, note.count) for note in sample["notes"]] == [("boxes_beyond_the_first_300", 2)]


@pytest.mark.parametrize("value", [1e9, float("nan")])
def test_impossible_coordinates_are_an_error(keys, value):
    with pytest.raises(DataError, match="beyond any image"):
        encode(keys, box("a", [[value, 0], *QUAD[1:]], label=0))


def test_a_page_is_resized_into_a_square_with_its_boxes():
    image, points = np.full((40, 20, 3), 7, np.uint8), np.array([[2, 4, 10, 20]], np.float32)
    (operator,) = create_operators([{"KieResize": {"img_scale": [80, 60]}}])
    sample = operator({"image": image, "points": points})
    assert sample["shape"].tolist() == [80, 40] and sample["image"].shape == (80, 80, 3)
    assert (sample["image"][:, :40] == 7).all() and not sample["image"][:, 40:].any()
    assert sample["points"].tolist() == [[4, 8, 20, 40]]
    assert sample["ori_image"] is image and sample["ori_boxes"] is points
