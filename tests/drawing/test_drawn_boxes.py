"""Images of results."""

import cv2
import numpy as np
import pytest

from ppocr.drawing.boxes import read_page, with_boxes
from ppocr.drawing.text import TextRenderer
from ppocr.inference.system import Line

PAGE = np.full((80, 200, 3), 100, np.uint8)


@pytest.fixture(scope="module")
def letters():
    return TextRenderer()


def box(x, y, width, height):
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def test_boxes_are_drawn_on_a_copy():
    drawn = with_boxes(PAGE, [box(20, 10, 40, 20)])
    assert drawn[10, 40].tolist() == [0, 200, 0] and drawn[20, 40].tolist() == [100, 100, 100]
    assert (PAGE == 100).all()


def test_texts_stand_in_their_boxes_to_the_right_of_the_page(letters):
    lines = [Line("ab", 0.9, box(20, 10, 100, 20), 0.8), Line("cd", 0.9, box(150, 10, 20, 60))]
    drawn = read_page(PAGE, lines, letters)
    assert drawn.shape == (80, 400, 3)
    text = drawn[:, 200:]
    assert (drawn[1:9, :200] == 100).all() and (text[1:9] == 255).all()
    rows, columns = np.nonzero(text[12:29, 22:119].max(axis=2) < 100)
    assert len(rows) > 20 and columns.max() < 40  # not stretched: at the left of a box that is longer than the text
    tall_rows, tall_columns = np.nonzero(text[12:69, 152:169].max(axis=2) < 100)
    assert len(tall_rows) > 20 and tall_rows.max() < 40  # begins at the top


def test_boxes_that_leave_the_page_or_lie_beside_it(letters):
    drawn = read_page(PAGE, [Line("ab", 0.9, box(-20, -5, 100, 30)), Line("ab", 0.9, box(200, 10, 50, 20))], letters)
    assert drawn.shape == (80, 400, 3)
    rows, columns = np.nonzero(drawn[:22, 200:270].max(axis=2) < 100)
    assert len(rows) > 20 and columns.max() < 40


def test_a_tall_text_runs_down_along_the_right(letters):
    wide = read_page(PAGE, [Line("ab", 0.9, box(0, 0, 60, 20))], letters)[:, 200:]
    tall = read_page(PAGE, [Line("ab", 0.9, box(0, 0, 20, 60))], letters)[:, 200:]
    upright = cv2.rotate(tall[:60, :20], cv2.ROTATE_90_COUNTERCLOCKWISE)[2:18, 2:58].astype(int)
    assert np.abs(upright - wide[2:18, 2:58]).mean() < 40
