"""JSON of label files."""

import numpy as np
import pytest

from ppocr.commands.make_dictionary import _texts
from ppocr.formats.lines import image_names
from ppocr.json_text import parse, to_json


def test_a_value_or_one_kind_of_error():
    assert parse('[{"a": 1}]') == [{"a": 1}]
    for text in ("[" * 100_000, "[1", ""):
        with pytest.raises(ValueError):
            parse(text)


def test_what_nests_without_end_is_a_path_or_a_text_like_any_other():
    deep = "[" * 100_000
    assert image_names(deep) == [deep]
    assert _texts("[{" + deep) == ["[{" + deep]


def test_what_is_no_number_becomes_null():
    value = {"号": np.array([np.nan, 1.5]), "b": [float("-inf"), "NaN"]}
    assert to_json(value) == '{"号": [null, 1.5], "b": [null, "NaN"]}'
