"""Files of MATLAB, version 5, written byte by byte."""

import struct
import zlib

import numpy as np
import pytest

from ppocr.errors import DataError
from ppocr.formats.matlab import read_matlab


def element(kind, data):
    """Returns an element; one of up to four bytes is a short one."""
    if 0 < len(data) <= 4 and kind != 14:
        return struct.pack("<HH4s", kind, len(data), data)
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def matrix(kind, shape, *parts, name=""):
    head = element(6, struct.pack("<II", kind, 0)) + element(5, np.array(shape, "<i4").tobytes())
    return element(14, head + element(1, name.encode()) + b"".join(parts))


def numbers(values, stored, code):
    array = np.atleast_2d(np.array(values, stored))
    return matrix(6, array.shape, element(code, array.tobytes(order="F")))


def text(value):
    encoded = value.encode("utf-16-le")
    return matrix(4, (1, len(value)), element(4, encoded))


def cells(rows, name):
    flat = [cell for column in zip(*rows) for cell in column]
    return matrix(1, (len(rows), len(rows[0])), *flat, name=name)


def write(path, *variables, compress=True):
    """Writes a file."""
    body = b"".join(
        struct.pack("<II", 15, len(packed)) + packed for packed in (zlib.compress(variable) for variable in variables)
    )
    path.write_bytes(
        b"MATLAB 5.0".ljust(124) + struct.pack("<H2s", 0x100, b"IM") + (body if compress else b"".join(variables))
    )
    return path


def true_polygons(*texts):
    """Returns the cells of Total-Text: of each text (xs, ys, text, orientation)."""
    rows = [
        [text("x:"), numbers(xs, "<i2", 3), text("y:"), numbers(ys, "<i2", 3), text(word), text(way)]
        for xs, ys, word, way in texts
    ]
    return cells(rows, "polygt")


@pytest.mark.parametrize("compress", [True, False])
def test_cells_texts_and_numbers(tmp_path, compress):
    polygt = true_polygons(([1, 2, 300], [4, 5, 6], "Ünï", "c"), ([7, 8], [9, 10], "#", "#"))
    found = read_matlab(write(tmp_path / "a.mat", polygt, compress=compress))["polygt"]
    assert found.shape == (2, 6) and found[0, 1].tolist() == [[1, 2, 300]] and found[1, 3].tolist() == [[9, 10]]
    assert found[:, 4].tolist() == ["Ünï", "#"] and found[0, 0] == "x:"


def test_other_kinds_of_values(tmp_path):
    values = [
        matrix(6, (1, 2), element(9, np.array([0.5, 2.0]).tobytes()), name="floats"),
        matrix(4, (1, 2), element(16, b"ab"), name="utf8"),
        matrix(4, (0, 0), name="empty"),
        matrix(2, (1, 1), name="record"),
        cells([[element(14, b"")]], "nothing"),
    ]
    found = read_matlab(write(tmp_path / "a.mat", *values))
    assert found["floats"].tolist() == [[0.5, 2.0]] and found["utf8"] == "ab" and found["empty"] == ""
    assert found["record"] is None and found["nothing"][0, 0].size == 0


def test_what_is_no_such_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_matlab(tmp_path / "missing.mat")
    (tmp_path / "new.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(512))
    with pytest.raises(DataError, match="no MATLAB file of version 5"):
        read_matlab(tmp_path / "new.mat")


def test_damaged_files_are_one_line(tmp_path):
    whole = write(tmp_path / "a.mat", true_polygons(([1, 2, 3], [4, 5, 6], "abc", "c")), compress=False).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(200):
        content = bytearray(whole[: rng.integers(129, len(whole) + 1)])
        for place in rng.integers(128, len(content), 2):
            content[place] = rng.integers(256)
        (tmp_path / "b.mat").write_bytes(content)
        try:
            read_matlab(tmp_path / "b.mat")
        except DataError as error:
            assert "\n" not in str(error)


def test_a_file_that_promises_more_cells_than_it_has_takes_no_memory(tmp_path):
    with pytest.raises(DataError, match="damaged"):
        read_matlab(write(tmp_path / "a.mat", matrix(1, (2**31 - 1, 2**20), name="huge")))


def test_cells_in_cells_without_end(tmp_path):
    inner = text("a")
    for _ in range(2000):
        inner = matrix(1, (1, 1), inner)
    with pytest.raises(DataError, match="damaged"):
        read_matlab(write(tmp_path / "a.mat", inner))


@pytest.mark.parametrize(
    "variable",
    [
        element(14, element(6, b"") + element(5, b"\0" * 8) + element(1, b"polygt")),
        element(14, element(6, struct.pack("<II", 1, 0)) + element(9, struct.pack("<dd", 1, 1)) + element(1, b"a")),
        element(14, element(1, struct.pack("<II", 255, 0)) + element(5, b"\0" * 8) + element(1, b"a")),
        matrix(4, (1, 2), element(9, np.array([65.0, 66.0]).tobytes()), name="a"),
    ],
)
def test_what_an_array_cannot_be_is_damage(tmp_path, variable):
    with pytest.raises(DataError, match="a.mat: is damaged"):
        read_matlab(write(tmp_path / "a.mat", variable))


def test_variables_that_unpack_to_more_than_memory_are_damage(tmp_path):
    with pytest.raises(DataError, match="larger than"):
        read_matlab(write(tmp_path / "a.mat", bytes(2**26 + 2**20)))
