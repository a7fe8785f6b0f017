"""Cells, texts and numbers of MATLAB's files."""

import struct

import numpy as np
import pytest
from matlab_files import cells, element, matrix, text, true_polygons, write

from ppocr.errors import DataError
from ppocr.formats.matlab import read_matlab


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


SIZE = element(5, struct.pack("<ii", 1, 2))


@pytest.mark.parametrize(
    "broken",
    [
        matrix(4, (1, 2), element(9, np.array([97.0, 98.0]).tobytes()), name="characters"),
        matrix(4, (1, 1), element(13, np.array([2**40], "<u8").tobytes()), name="characters"),
        matrix(6, (1, 1), element(99, b"12345678"), name="numbers"),
        element(14, element(6, b"") + SIZE + element(1, b"a") + element(9, bytes(16))),
        element(14, element(9, np.array([6.0]).tobytes()) + SIZE + element(1, b"a") + element(9, bytes(16))),
        element(14, element(6, bytes([6, 0, 0, 0] * 2)) + element(9, bytes(16)) + element(1, b"a")),
    ],
    ids=["floats for a text", "u8 for a text", "no type", "no flags", "floats for flags", "floats for a size"],
)
def test_elements_of_a_wrong_type(tmp_path, broken):
    with pytest.raises(DataError, match=r"damaged \(an element of type"):
        read_matlab(write(tmp_path / "a.mat", broken))


def test_characters_beyond_sixteen_bits(tmp_path):
    values = text("a😀"), matrix(4, (1, 2), element(2, "aé".encode("latin-1")), name="bytes")
    assert read_matlab(write(tmp_path / "a.mat", *values)) == {"": "a😀", "bytes": "aé"}


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
