"""Pages: reading order, cropping, turning, and what is dropped, with plain functions in place of models."""

import numpy as np
import pytest

from ppocr.geometry.quads import as_quad, crop, is_tall, quad_size, reading_order
from ppocr.inference.system import TextSystem
from ppocr.tasks.results import Boxes, ImageClass, Text


def test_what_comes_without_a_confidence_is_kept_and_turned():
    seen = []

    def recognise(crops):
        seen.extend(crops)
        return [Text("a")] * len(crops)

    read = TextSystem(lambda pages: [Boxes([box(20, 30, 40, 10)])], recognise, lambda crops: [ImageClass("180")])
    assert [(line.text, line.score) for line in read(page())] == [("a", None)]
    assert np.array_equal(seen[0], page()[30:40, 20:60][::-1, ::-1])


def box(x, y, width, height):
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def test_rows_from_top_to_bottom_and_from_left_to_right():
    quads = [box(60, 104, 40, 10), box(0, 50, 30, 12), box(0, 100, 50, 10), box(40, 47, 30, 12), box(80, 0, 9, 9)]
    assert reading_order(quads) == [4, 1, 3, 2, 0]
    assert reading_order([]) == []


def test_a_small_box_beside_a_high_one_is_a_row_of_its_own():
    assert reading_order([box(0, 0, 50, 40), box(60, 30, 20, 10), box(60, 0, 20, 10)]) == [2, 0, 1]


def test_a_polygon_becomes_its_smallest_rectangle():
    polygon = np.array([[10, 10], [30, 8], [50, 10], [50, 20], [10, 20]])
    assert as_quad(polygon).tolist() == [[10, 8], [50, 8], [50, 20], [10, 20]]
    assert as_quad(box(1, 2, 3, 4)).dtype == np.float32
    assert quad_size(box(0, 0, 40, 10)) == (40, 10) and quad_size(box(5, 5, 0, 0)) == (1, 1)


def page():
    """Every pixel holds its own x and y."""
    y, x = np.mgrid[0:100, 0:120]
    return np.stack([x, y, np.zeros_like(x)], axis=2).astype(np.uint8)


def test_a_box_is_cut_out_as_it_stands():
    cut = crop(page(), box(20, 30, 40, 10))
    assert cut.shape == (10, 40, 3)
    assert np.array_equal(cut, page()[30:40, 20:60])


def test_a_tilted_box_is_straightened():
    quad = np.array([[20, 20], [60, 50], [54, 58], [14, 28]], np.float32)  # 50 long, 10 high
    cut = crop(page(), quad)
    assert cut.shape == (10, 50, 3)
    assert np.allclose(cut[0, 0, :2], [20, 20], atol=1) and np.allclose(cut[-1, -1, :2], [54, 57], atol=2)


def test_a_tall_box_is_turned_to_the_left():
    quad = box(20, 30, 10, 40)
    assert is_tall(quad) and not is_tall(box(0, 0, 10, 14))
    cut = crop(page(), quad)
    assert np.array_equal(cut, np.rot90(page()[30:70, 20:30]))
    assert cut[0, 0, :2].tolist() == [29, 30]  # the text begins at the top right


def test_a_box_that_leaves_the_page_repeats_its_edge():
    assert crop(page(), box(110, 50, 20, 4))[0, :, 0].tolist() == [*range(110, 120), *[119] * 10]


BOXES = [box(10, 60, 30, 10), box(60, 20, 10, 30), box(10, 20, 40, 10)]


def detect(images):
    return [Boxes(np.array(BOXES), np.array([0.5, 0.6, 0.7], np.float32)) for _ in images]


def recognise(crops):
    """Reads where the first pixel of a crop comes from; the lower line with little confidence."""
    return [Text("{},{}".format(*c[0, 0, :2]), 0.4 if c[0, 0, 1] > 50 else 0.9) for c in crops]


def test_texts_come_in_reading_order_with_their_boxes():
    lines = TextSystem(detect, recognise, drop_score=0)(page())
    assert [line.text for line in lines] == ["10,20", "69,20", "10,60"]
    assert [line.score for line in lines] == [0.9, 0.9, 0.4]
    assert [line.points[0].tolist() for line in lines] == [[10, 20], [60, 20], [10, 60]]
    assert [line.box_score for line in lines] == pytest.approx([0.7, 0.6, 0.5])


def test_texts_without_confidence_are_dropped():
    assert [line.text for line in TextSystem(detect, recognise)(page())] == ["10,20", "69,20"]


def test_what_stands_upside_down_is_turned_if_the_classifier_is_sure():
    seen = []

    def classify(crops):
        seen.extend(c.shape[:2] for c in crops)
        return [ImageClass("180", 0.95), ImageClass("180", 0.8), ImageClass("0", 0.99)]

    lines = TextSystem(detect, recognise, classify, drop_score=0)(page())
    assert seen == [(10, 40), (10, 30), (10, 30)]
    assert [line.text for line in lines] == ["49,29", "69,20", "10,60"]


def test_all_crops_of_a_page_are_read_in_one_call():
    calls = []
    TextSystem(detect, lambda crops: calls.append(len(crops)) or [Text("x", 1.0)] * len(crops))(page())
    assert calls == [3]


def test_a_page_without_text():
    nothing = TextSystem(lambda pages: [Boxes(np.zeros((0,)))], lambda crops: [], lambda crops: [])
    assert nothing(page()) == []
