"""JSON of label files."""

import pytest

from ppocr.commands.make_dictionary import _texts
from ppocr.formats.lines import image_names
from ppocr.json_text import parse


def test_a_value_or_one_kind_of_error():
    assert parse('[{"a": 1}]') == [{"a": 1}]
    for text in ("[" * 100_000, "[1", ""):
        with pytest.raises(ValueError):
            parse(text)


def test_what_nests_without_end_is_a_path_or_a_text_like_any_other():
    deep = "[" * 100_000
    assert image_names(deep) == [deep]
    assert _texts("[{" + deep) == ["[{" + deep]
