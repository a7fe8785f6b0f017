"""Parts of label lines, and what is said where a line or a file is another one."""

import os

import pytest

from ppocr.formats.lines import image_names, meant_delimiter, meant_image, meant_label_file, split_line


@pytest.mark.parametrize(
    "line, options, expected",
    [
        ("a.png\tb c", {}, ("a.png", "b c", [])),
        ("a.png\t", {}, ("a.png", "", [])),
        ("a.png\tb\tc\td", {}, ("a.png", "b", ["c", "d"])),
        ("a.png b c", {"delimiter": " "}, ("a.png", "b c", [])),
        ("a.png b c 32 16", {"delimiter": " ", "sizes": True}, ("a.png", "b c", ["32", "16"])),
        ("a.png\tb\t32\t16", {"sizes": True}, ("a.png", "b", ["32", "16"])),
        ("a.png b", {}, None),
    ],
)
def test_the_parts_of_a_line(line, options, expected):
    assert split_line(line, **options) == expected


@pytest.mark.parametrize("line, unread", [("a\tb", ""), ("a\tb\t32\t16", ""), ("a\tb\tc", "c"), ("a\tb\tc\t1", "c\t1")])
def test_what_stands_behind_a_label_is_not_read_unless_it_is_a_size(line, unread):
    assert split_line(line).unread == unread


@pytest.mark.parametrize(
    "path, names",
    [("a.png", ["a.png"]), ('["a.png", "b.png"]', ["a.png", "b.png"]), ("[1].png", ["[1].png"]), ("[]", ["[]"])],
)
def test_the_images_of_a_line(path, names):
    assert image_names(path) == names


@pytest.mark.parametrize(
    "line, delimiter, words",
    [
        ("a.png b", "\t", "there are blanks where the tab should be"),
        ("a.png    b", "\t", "there are blanks where the tab should be"),
        ("a.png,b", "\t", "there is a comma where the tab should be"),
        ("a.png\tb", " ", "there is a tab where ' ' should be"),
        ("a.png", "\t", None),
        (" b", "\t", None),
    ],
)
def test_what_stands_in_the_place_of_a_delimiter(line, delimiter, words):
    hint = meant_delimiter(line, delimiter)
    assert hint.startswith(f"; {words}") if words else hint == ""


def test_which_label_file_is_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for name in ("a.txt", "b.txt", "data/train.txt"):
        (tmp_path / name).touch()
    assert meant_label_file("a.txt,b.txt") == "; several files are a list: [a.txt, b.txt]"
    assert meant_label_file("train.txt", "data") == f"; data_dir holds it: write {os.path.join('data', 'train.txt')}"
    assert meant_label_file("other.txt", "data") == f"; paths start at {os.getcwd()}"
    assert meant_label_file("/nowhere/other.txt", "data") == ""


@pytest.mark.parametrize(
    "name, other",
    [
        ("imgs/a.JPG", "imgs/a.jpg"),
        ("imgs/B.png", "imgs/b.png"),
        ("imgs\\a.jpg", "imgs/a.jpg"),
        ("/imgs/a.jpg", "imgs/a.jpg"),
        ("imgs/c.jpg", None),
    ],
)
def test_which_image_is_meant(tmp_path, name, other):
    (tmp_path / "imgs").mkdir()
    for file in ("imgs/a.jpg", "imgs/b.png"):
        (tmp_path / file).touch()
    hint = meant_image(name, str(tmp_path))
    assert hint == os.path.join(tmp_path, name) + (f"; there is {other!r}" if other else "")


def test_backslashes_are_mentioned_where_nothing_similar_is_there(tmp_path):
    assert meant_image("imgs\\x.jpg", str(tmp_path)).endswith("slashes, not by backslashes")
