"""Tests of ppocr.text.entries: texts as entries of a dictionary, and entries that cannot be used."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr.text.entries import Splitter, remarks


@pytest.mark.parametrize(
    "entries, text, parts",
    [
        ("abc", "cab!", ["c", "a", "b", "!"]),
        (["a", "ab", "abc", "c"], "abcabac", ["abc", "ab", "a", "c"]),
        (["ก", "น", "ปั"], "กปัน", ["ก", "ปั", "น"]),
        (["a.", ""], "a.ab\n", ["a.", "a", "b", "\n"]),
        (["a ", "a", "b"], "a ab", ["a ", "a", "b"]),
        (["", "a"], "", []),
    ],
)
def test_the_longest_entry_that_fits_is_taken(entries, text, parts):
    split = Splitter(entries)
    assert split(text) == parts
    assert pickle.loads(pickle.dumps(split))(text) == parts  # workers get a copy


@given(st.lists(st.text("abc.", max_size=4)), st.text("abc.\nx"))
def test_nothing_of_a_text_is_lost(entries, text):
    parts = Splitter(entries)(text)
    assert "".join(parts) == text and all(len(part) == 1 or part in entries for part in parts)


def test_entries_that_can_be_used_call_for_no_remark():
    assert remarks(["a", " ", "b", "\t", "ab", " c", "\u3000"]) == []


def test_remarks_name_the_first_few_of_each_kind():
    entries = ["a", "", "b\t", "b\t", "d ", *"aaxyxyz", "a", ""]
    assert remarks(entries) == [
        (2, "line 2 '', 14 '': an empty line is a class that no text ever has; remove it"),
        (
            1,
            r"line 1 'a', 3 'b\t', 6 'a' and 3 more: "
            "a later line holds the same; labels get the last one, all of them are read as the same",
        ),
        (
            3,
            r"line 3 'b\t', 4 'b\t': "
            "an entry with a tab is never used, because a tab ends a label; write one character per line",
        ),
        (
            5,
            "line 5 'd ': the space at the end is part of the entry; remove it if that is not intended",
        ),
    ]
