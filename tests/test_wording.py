"""Words that depend on a number."""

import pytest

from ppocr.wording import bracketed, counted, counted_are


@pytest.mark.parametrize(
    "number, thing, text",
    [(0, "step", "0 steps"), (1, "batch", "1 batch"), (2, "batch", "2 batches"), (3, "box", "3 boxes")],
)
def test_what_is_counted_is_in_its_number(number, thing, text):
    assert counted(number, thing) == text


def test_the_verb_follows():
    assert counted_are(1, "image") == "1 image is" and counted_are(12, "image") == "12 images are"


def test_a_remark_stands_in_brackets_and_none_leaves_nothing():
    assert "line 3" + bracketed("it looks like GBK") == "line 3 (it looks like GBK)"
    assert "line 3" + bracketed("") == "line 3"
