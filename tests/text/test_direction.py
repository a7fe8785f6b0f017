"""Tests of ppocr.text.direction: scripts that are written from right to left."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.text.direction import Writing, to_logical, to_visual

# as it is read (and typed), and what stands on the image from left to right
LINES = [
    ("احمد", "دمحا"),
    ("שלום עולם", "םלוע םולש"),
    ("ܫܠܡܐ", "ܐܡܠܫ"),
    ("ދިވެހި", "ިހެވިދ"),
    ("می\u200cشود", "دوش\u200cیم"),
    # numbers stay whole
    ("سعر 1,234.50", "1,234.50 رعس"),
    ("١٢/٣٤ سعر", "رعس ١٢/٣٤"),
    ("۱۲٫۵ قیمت", "تمیق ۱۲٫۵"),
    ("50% הנחה", "החנה 50%"),
    ("טל 03-1234567", "03-1234567 לט"),
    ("تاريخ 12-34", "34-12 خيرات"),  # a hyphen between numbers behind Arabic letters: the algorithm's W2 and W4
    # and so do Latin words, with their numbers
    ("هاتف iPhone 12 جديد", "ديدج iPhone 12 فتاه"),
    # brackets are mirrored with the script, not within Latin words
    ("احمد (12)", "(12) دمحا"),
    ("שלום [ab (c)]", "[ab (c)] םולש"),
    ("«שלום»", "«םולש»"),
    ("(احمد) f(x)", "f(x) (دمحا)"),
    # punctuation goes with the line
    ("שלום!", "!םולש"),
    ("אב\u2029גד", "בא\u2029דג"),
]
LEFT_TO_RIGHT = ["", "abc, def! (g)", "1,234.50", "١٢/٣٤", "(12)", "中文（一）", "a\u0301]", "-5"]


@pytest.mark.parametrize("read, shown", LINES)
def test_a_line_is_shown_by_the_bidirectional_algorithm_and_read_as_it_was(read, shown):
    assert to_visual(read) == shown
    assert to_logical(shown) == read


@pytest.mark.parametrize("text", LEFT_TO_RIGHT)
def test_what_holds_no_letter_of_such_a_script_stays_as_it_is(text):
    assert to_visual(text) == to_logical(text) == text


WORDS = ["احمد", "سعر", "שלום", "קר", "می\u200cشود", "كِتَاب", "12", "1,234.50", "١٢/٣٤", "50%", "$5", "-7", "kg"]
PARTS = st.tuples(st.sampled_from(WORDS), st.sampled_from(["{}", "({})", "[{}]", "«{}»", "{}!", "{}:", "{}،"]))


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=5))
def test_what_is_read_looks_like_what_stands_there(parts):
    shown = to_visual(" ".join(form.format(word) for word, form in parts))
    assert to_visual(to_logical(shown)) == shown


def test_of_two_texts_that_look_the_same_the_one_is_read_that_keeps_number_and_word_in_their_order():
    assert to_visual("سعر 12 kg") == to_visual("سعر kg 12") == "kg 12 رعس"
    assert to_logical("kg 12 رعس") == "سعر kg 12"


@pytest.mark.parametrize(
    "entries, given, direction",
    [
        ("abc", None, None),
        ("abc", "rtl", None),
        ("abאבג", None, "ltr"),
        ("abאבגד", None, "rtl"),
        ("abאבגד", "ltr", "ltr"),
        ("א", "rtl", "rtl"),
        (["a", "لا", "ب", "ت"], None, "rtl"),
    ],
)
def test_the_letters_of_the_dictionary_give_the_direction(entries, given, direction):
    assert Writing(entries, given).text_direction == direction


def test_a_text_that_is_kept_as_it_stands():
    writing = Writing("אבגד", "ltr")
    assert writing.written("אב(ג)") == writing.read("אב(ג)") == "אב(ג)"
    assert writing.split("אב") == ["א", "ב"]


def test_entries_of_several_characters_are_found_in_a_line_that_is_turned():
    writing = pickle.loads(pickle.dumps(Writing(["ا", "لا", "ل", "م", "س", "(12)"])))
    assert writing.forms == ["ا", "ال", "ل", "م", "س", "(12)"]
    assert writing.split("سلام (12)") == ["(12)", " ", "م", "ال", "س"]
    assert writing.read("".join(writing.split("سلام (12)"))) == "سلام (12)"
