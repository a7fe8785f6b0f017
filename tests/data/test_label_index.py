"""Label files: what counts as a line, and what the index costs."""

import pickle

import numpy as np
import pytest

from ppocr.data import label_index
from ppocr.data.label_index import LabelIndex
from ppocr.errors import DataError


def lines_of(index):
    return [index.line(i) for i in range(len(index))]


def write(folder, content, name="label.txt"):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content, expected",
    [
        (b"a\tb\nc\td\n", [b"a\tb", b"c\td"]),
        (b"a\tb\nc\td", [b"a\tb", b"c\td"]),
        (b"a\tb\r\nc\td\r\n", [b"a\tb", b"c\td"]),
        (b"\n\na\n\n\nb\n\n", [b"a", b"b"]),
        (b"\r\na\r\n\r\nb\r\n\r\n", [b"a", b"b"]),
        (b"x\ny\n", [b"x", b"y"]),
        (b"\xef\xbb\xbfa\tb\nc\n", [b"a\tb", b"c"]),
        (b"only", [b"only"]),
        (b"\n\r\nlast\r", [b"last"]),
    ],
)
def test_lines_with_content_are_found(tmp_path, content, expected):
    assert lines_of(LabelIndex([write(tmp_path, content)])) == expected


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7])
def test_lines_across_chunks_are_found(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(label_index, "_CHUNK", chunk)
    content = b"one\r\n\r\n\ntwo two\nx\n\nlonger than a chunk\r\nend"
    expected = [b"one", b"two two", b"x", b"longer than a chunk", b"end"]
    assert lines_of(LabelIndex([write(tmp_path, content)])) == expected


@pytest.mark.parametrize("chunk", [1, 3, 1 << 18])
def test_lines_have_their_numbers_in_the_file(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(label_index, "_CHUNK", chunk)
    first = write(tmp_path, b"\xef\xbb\xbf\na\n\n\r\nb\nc\n\n", "1")
    second = write(tmp_path, b"d\n\ne", "2")
    index = pickle.loads(pickle.dumps(LabelIndex([first, second])))
    places = [index.place(i) for i in range(len(index))]
    lines = [path.read_bytes().split(b"\n") for path in (first, second)]
    assert [(place.path == str(second), place.line) for place in places] == [(0, 2), (0, 5), (0, 6), (1, 1), (1, 3)]
    assert [lines[place.path == str(second)][place.line - 1] for place in places] == lines_of(index)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_says_what_to_do(tmp_path, encoding):
    path = write(tmp_path, "a.png\tab\nb.png\tcd\n".encode(encoding))
    with pytest.raises(DataError, match=f"{path} is not UTF-8 .it looks like UTF-16.*: iconv -f UTF-16"):
        LabelIndex([path])


def test_several_files_are_numbered_through(tmp_path):
    index = LabelIndex([write(tmp_path, b"a\nb\n", "1"), write(tmp_path, b"c", "2"), write(tmp_path, b"d\ne\n", "3")])
    assert index.counts == [2, 1, 2]
    assert lines_of(index) == [b"a", b"b", b"c", b"d", b"e"]
    assert [index.locate(i) for i in range(5)] == [(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)]
    with pytest.raises(IndexError):
        index.line(5)


def test_a_line_costs_four_bytes(tmp_path):
    lines = 70_000
    index = LabelIndex([write(tmp_path, b"".join(b"img_%d.jpg\tword\n" % i for i in range(lines)))])
    assert len(index) == lines
    assert index.nbytes == 4 * lines
    for i in np.random.default_rng(0).integers(lines, size=50):
        assert index.line(int(i)) == b"img_%d.jpg\tword" % i


def test_a_used_index_can_be_pickled(tmp_path):
    index = LabelIndex([write(tmp_path, b"a\nb\n")])
    assert index.line(1) == b"b"
    assert lines_of(pickle.loads(pickle.dumps(index))) == [b"a", b"b"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\r\n", b"\xef\xbb\xbf"])
def test_a_file_without_lines_is_refused(tmp_path, content):
    path = write(tmp_path, content)
    with pytest.raises(DataError, match="holds no line") as caught:
        LabelIndex([path])
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="nothing.txt: No such file.*label_file_list"):
        LabelIndex([tmp_path / "nothing.txt"])
    with pytest.raises(DataError, match="directory"):
        LabelIndex([tmp_path])
