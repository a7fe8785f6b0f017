"""Lettering and pictures of results."""

import cv2
import numpy as np
import pytest

from ppocr.errors import DataError
from ppocr.inference import lettering
from ppocr.inference.drawing import read_page, text_sheet, with_boxes
from ppocr.inference.lettering import HEIGHT, Lettering
from ppocr.inference.system import Line

UNASSIGNED = "\U0010fffe"
PAGE = np.full((80, 200, 3), 100, np.uint8)


@pytest.fixture(scope="module")
def letters():
    return Lettering()


def box(x, y, width, height):
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def test_a_text_is_as_wide_as_its_letters(letters):
    one, two = letters.draw("abg"), letters.draw("abgabg")
    assert one.dtype == np.uint8 and one.shape[0] == HEIGHT and one.max() > 200
    assert abs(two.shape[1] - 2 * one.shape[1]) <= 3
    assert not letters.draw(" ").any() and letters.draw("").shape == (HEIGHT, 1)
    assert np.array_equal(letters.draw("a\nb"), letters.draw("a b"))


def test_what_no_font_has_is_said_once(ppocr_caplog, monkeypatch):
    monkeypatch.setattr(lettering, "_has_unicode_font", lambda: False)
    monkeypatch.setattr(lettering.logger, "propagate", False)
    letters = Lettering()
    strip = letters.draw("a号b")
    assert strip.any() and letters.draw("号码").shape[1] > 20
    said = [record.getMessage() for record in ppocr_caplog.records]
    assert said == ["no font here has 号; name one with --font", "no font here has 码; name one with --font"]


@pytest.mark.skipif(not lettering._has_unicode_font(), reason="this OpenCV has no Unicode font")
def test_chinese_comes_from_opencv(letters, ppocr_caplog):
    assert not np.array_equal(letters.draw("号"), letters.draw("码"))
    assert letters.draw("a号").shape[1] > letters.draw("a").shape[1] + 30
    assert not ppocr_caplog.records


def test_a_font_of_ones_own():
    named = Lettering("DejaVuSerif.ttf")
    assert not np.array_equal(named.draw("a"), Lettering().draw("a"))
    with pytest.raises(DataError, match="nowhere.ttf"):
        Lettering("/nowhere.ttf")


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


def test_a_tall_text_runs_down_along_the_right(letters):
    wide = read_page(PAGE, [Line("ab", 0.9, box(0, 0, 60, 20))], letters)[:, 200:]
    tall = read_page(PAGE, [Line("ab", 0.9, box(0, 0, 20, 60))], letters)[:, 200:]
    upright = cv2.rotate(tall[:60, :20], cv2.ROTATE_90_COUNTERCLOCKWISE)[2:18, 2:58].astype(int)
    assert np.abs(upright - wide[2:18, 2:58]).mean() < 40


def test_a_sheet_has_a_row_for_each_picture(letters):
    pictures = [(np.zeros((24, 48, 3), np.uint8), "ab"), (np.full((10, 300, 3), 9, np.uint8), "")]
    sheet = text_sheet(pictures, letters)
    assert sheet.shape[0] == 104 and sheet.shape[1] > 640
    assert (sheet[:48, :96] == 0).all() and (sheet[:48, 96:640] == 255).all() and (sheet[52:100, :640] == 9).all()
    assert sheet[:48, 648:].min() < 60
