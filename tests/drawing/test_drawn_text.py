"""TextRenderer, sheets of text lines, and images of what a model read."""

import numpy as np
import pytest

from ppocr.drawing import text
from ppocr.drawing.samples import BLACK, draw_texts, text_sheet
from ppocr.drawing.text import HEIGHT, TextRenderer
from ppocr.errors import DataError


@pytest.fixture(scope="module")
def letters():
    return TextRenderer()


def test_a_text_is_as_wide_as_its_letters(letters):
    one, two = letters.draw("abg"), letters.draw("abgabg")
    assert one.dtype == np.uint8 and one.shape[0] == HEIGHT and one.max() > 200
    assert abs(two.shape[1] - 2 * one.shape[1]) <= 3
    assert not letters.draw(" ").any() and letters.draw("").shape == (HEIGHT, 1)
    assert np.array_equal(letters.draw("a\nb"), letters.draw("a b"))


def test_what_no_font_has_is_said_once(ppocr_caplog, monkeypatch):
    monkeypatch.setattr(text, "_has_unicode_font", lambda: False)
    monkeypatch.setattr(text.logger, "propagate", False)
    letters = TextRenderer()
    strip = letters.draw("a号b")
    assert strip.any() and letters.draw("号码").shape[1] > 20
    said = [record.getMessage() for record in ppocr_caplog.records]
    assert said == [
        "no font here has 号; tools that take --font can be given one",
        "no font here has 码; tools that take --font can be given one",
    ]


@pytest.mark.skipif(not text._has_unicode_font(), reason="this OpenCV has no Unicode font")
def test_chinese_comes_from_opencv(letters, ppocr_caplog):
    assert not np.array_equal(letters.draw("号"), letters.draw("码"))
    assert letters.draw("a号").shape[1] > letters.draw("a").shape[1] + 30
    assert not ppocr_caplog.records


def test_without_a_layout_engine_scripts_run_in_their_direction_too(monkeypatch):
    monkeypatch.setattr(text.features, "check", lambda name: False)
    plain = TextRenderer()
    strip = plain.draw("שמ(12)")
    # from left to right: (12)מש
    assert np.array_equal(strip[:, : plain.draw("(12)").shape[1] - 2], plain.draw("(12)")[:, :-2])
    assert not np.array_equal(strip, plain.draw("מש(12)"))


def test_a_font_of_ones_own():
    named = TextRenderer("DejaVuSerif.ttf")
    assert not np.array_equal(named.draw("a"), TextRenderer().draw("a"))
    with pytest.raises(DataError, match="nowhere.ttf"):
        TextRenderer("/nowhere.ttf")


def test_a_sheet_has_a_row_for_each_image(letters):
    rows = [(np.zeros((24, 48, 3), np.uint8), [("ab", BLACK)]), (np.full((10, 300, 3), 9, np.uint8), [("", BLACK)])]
    sheet = text_sheet(rows, letters)
    assert sheet.shape[0] == 112 and sheet.shape[1] > 640
    assert (sheet[:48, :96] == 0).all() and (sheet[:48, 96:640] == 255).all() and (sheet[56:104, :640] == 9).all()
    assert sheet[:48, 648:].min() < 60


def hues(sheet, top, bottom):
    """The share of green and of red ink in some rows of a sheet, right of the images."""
    ink = sheet[top:bottom, 160:].astype(int)
    blue, green, red = ink[..., 0], ink[..., 1], ink[..., 2]
    return (green > np.maximum(red, blue) + 50).mean(), (red > np.maximum(green, blue) + 50).mean()


def test_what_is_right_is_green_what_is_wrong_red_and_the_truth_stands_below(letters, ppocr_caplog):
    images = np.zeros((2, 3, 32, 100), np.float32)
    sheet = draw_texts(images, [(("ab", 0.9), "ab"), (("$x$ \\bad", 0.5), "ac")])
    assert sheet.dtype == np.uint8 and sheet.shape[0] == 112
    (right, none), (nothing, wrong) = hues(sheet, 0, 24), hues(sheet, 56, 80)
    assert right > 0.02 and wrong > 0.02 and none == nothing == 0
    for top in (24, 80):  # the truths
        assert hues(sheet, top, top + 24) == (0, 0) and sheet[top : top + 24, 160:].min() < 60
    assert not ppocr_caplog.records


@pytest.mark.skipif(not text._has_unicode_font(), reason="this OpenCV has no Unicode font")
@pytest.mark.parametrize("first, second", [("京号", "沪码"), ("한국", "일본"), ("ひら", "カタ"), ("عربي", "فارس")])
def test_scripts_can_be_told_apart(first, second, recwarn, ppocr_caplog):
    images = np.zeros((1, 3, 32, 100), np.float32)
    one, other = (draw_texts(images, [((text, 0.9), text)]) for text in (first, second))
    assert one.shape != other.shape or not np.array_equal(one, other)
    assert not ppocr_caplog.records and not recwarn.list
