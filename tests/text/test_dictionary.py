"""Tests of ppocr.text.dictionary."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.errors import DataError
from ppocr.text.dictionary import character_list, dictionary_remarks, load_dictionary


def write(folder, content, name="dict.txt"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return str(path)


def test_only_line_ends_are_taken_off(tmp_path):
    assert load_dictionary(write(tmp_path, "a\r\nb\n c\nd \n\t\n\u3000\n中")) == [
        "a",
        "b",
        " c",
        "d ",
        "\t",
        "\u3000",
        "中",
    ]


def test_other_separators_are_characters(tmp_path):
    assert load_dictionary(write(tmp_path, "\u2028\n\x0c\n\x85\nz\n")) == ["\u2028", "\x0c", "\x85", "z"]


def test_a_blank_line_is_an_entry_and_counts(tmp_path):
    assert load_dictionary(write(tmp_path, "a\n\nb\n")) == ["a", "", "b"]


def test_repeated_entries_keep_their_places(tmp_path):
    assert load_dictionary(write(tmp_path, "a\né\nb\né\n")) == ["a", "é", "b", "é"]
    content = "PostProcess: {character_dict: [a, b, b]}\n"
    path = write(tmp_path, content, "inference.yml")
    assert load_dictionary(path) == ["a", "b", "b"]
    assert dictionary_remarks(path) == [
        (0, "entry 2 'b': a later entry holds the same; labels get the last one, all of them are read as the same")
    ]


def test_a_byte_order_mark_belongs_to_no_entry(tmp_path):
    assert load_dictionary(write(tmp_path, b"\xef\xbb\xbfa\nb\n\xef\xbb\xbf\n")) == ["a", "b", "\ufeff"]
    content = 'PostProcess: {character_dict: ["\\uFEFFa", b]}\n'
    assert load_dictionary(write(tmp_path, content, "inference.yml")) == ["a", "b"]


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "dictionary is empty (line 1)"),
        ("\ufeff", "dictionary is empty (line 1)"),
        (b"a\nb\n\xff\n", "line 3 is not UTF-8; save the dictionary as UTF-8"),
        (
            "a\n京\n津\n".encode("gbk"),
            "line 2 is not UTF-8; save the dictionary as UTF-8 (it looks like GBK: iconv -f GBK",
        ),
        ("a\nb\n".encode("utf-16"), "line 1 is not UTF-8; save the dictionary as UTF-8 (it looks like UTF-16: iconv"),
    ],
)
def test_unusable_files_are_refused_with_file_and_line(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(DataError) as caught:
        load_dictionary(path)
    assert path in str(caught.value) and message in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="gone.txt.*No such file"):
        load_dictionary(str(tmp_path / "gone.txt"))


@pytest.mark.parametrize(
    "name, published",
    [
        ("ppocrv5_dict.txt", "ppocr/utils/dict/ppocrv5_dict.txt"),
        ("french_dict.txt", "ppocr/utils/dict/french_dict.txt"),
        ("ppocr_keys_v1.txt", "ppocr/utils/ppocr_keys_v1.txt"),
        ("en_dict.txt", "ppocr/utils/en_dict.txt"),
    ],
)
def test_a_missing_published_dictionary_says_where_it_is(name, published):
    with pytest.raises(DataError) as caught:
        character_list(f"./gone/{name}")
    message = str(caught.value)
    assert message.startswith(f"./gone/{name}: ") and f"PaddleOCR's repository has it as {published};" in message
    assert "inference.yml" in message and "\n" not in message


def test_exported_model_file(tmp_path):
    content = "Global: {model_name: m}\nPostProcess:\n  name: CTCLabelDecode\n  character_dict: ['0', a, ' ', '中']\n"
    path = write(tmp_path, content, "inference.yml")
    assert load_dictionary(path) == character_list(path) == ["0", "a", " ", "中"]
    assert character_list(path, use_space_char=True) == ["0", "a", " ", "中", " "]


@pytest.mark.parametrize(
    "content, message",
    [
        ("PostProcess: {name: DBPostProcess}\n", "has no list 'PostProcess: character_dict'"),
        ("- a\n", "has no list"),
        ("PostProcess: {character_dict: [a, 1]}\n", "entry 2 of character_dict is 1, not a text"),
        ("PostProcess: {character_dict: []}\n", "is empty"),
        ("a: 1\nb: [\n", "line 3 is not valid YAML"),
    ],
)
def test_unusable_exported_model_files(tmp_path, content, message):
    with pytest.raises(DataError) as caught:
        load_dictionary(write(tmp_path, content, "inference.yml"))
    assert message in str(caught.value)


def test_default_characters_get_no_space():
    assert character_list() == list(string.digits + string.ascii_lowercase)
    assert character_list(None, True) == list("0123456789abcdefghijklmnopqrstuvwxyz")


def test_space_is_appended_even_if_the_dictionary_has_one(tmp_path):
    path = write(tmp_path, "a\n \n")
    assert character_list(path) == ["a", " "]
    assert character_list(path, True) == ["a", " ", " "]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), min_size=1), min_size=1, unique=True))
def test_what_is_written_is_read(tmp_path_factory, entries):
    path = write(tmp_path_factory.mktemp("dict"), "\n".join(entries) + "\n")
    assert load_dictionary(path) == entries
