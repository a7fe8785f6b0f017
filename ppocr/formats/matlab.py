"""Cells, texts and numbers in MATLAB's files of version 5, as Total-Text has its true polygons.

Source: MAT-File Format, The MathWorks.
"""

import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from ppocr.errors import DataError

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_CELL, _CHAR = 1, 4
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_FLAGS, _SIZES = 6, 5  # types of the first elements of an array
_TEXTS = {2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_WIDE, _ENDS = ("utf-16", "utf-32"), {"<": "-le", ">": "-be"}
_NUMERIC = range(6, 16)  # classes of arrays
_LARGEST = 2**26  # bytes of a variable; a packed one could hold a thousand times as many as its file
# What reading raises where the bytes are not those of an array.
_DAMAGE = (OverflowError, RecursionError, ValueError, struct.error, zlib.error)


@dataclass
class _Reader:
    """Reads elements one after the other.

    Attributes:
        content: their bytes.
        order: ``<`` or ``>``: that of bytes in numbers.
        place: of the next element.
    """

    content: bytes
    order: str
    place: int = 0

    @property
    def has_more(self) -> bool:
        """Whether there is another element."""
        return self.place + 8 <= len(self.content)

    def element(self):
        """Returns the type of the next element and its bytes."""
        kind, size = struct.unpack_from(f"{self.order}II", self.content, self.place)
        start = self.place + 8
        if kind >> 16:  # a short one, whose data stand in the place of the size
            kind, size, start = kind & 0xFFFF, kind >> 16, self.place + 4
            self.place += 8
        else:
            self.place = start + size + (0 if kind == _COMPRESSED else -size % 8)
        if start + size > len(self.content):
            raise ValueError("an element goes beyond the end")
        return kind, self.content[start : start + size]

    def whole(self, wanted):
        """Returns the numbers of the next element, at least one, which has to be of a type."""
        kind, content = self.element()
        if kind != wanted or not content:
            raise ValueError(f"an element of type {kind} with {len(content)} bytes stands in the head of an array")
        return self.numbers(kind, content)

    def within(self, content):
        """Returns the reader of what an element holds."""
        return _Reader(content, self.order)

    def numbers(self, kind, content):
        """Returns the numbers of an element."""
        if kind not in _NUMBERS:
            raise ValueError(f"an element of type {kind} stands where numbers do")
        return np.frombuffer(content, np.dtype(_NUMBERS[kind]).newbyteorder(self.order))


def read_matlab(path) -> dict:
    """Returns ``{name: value}`` of the variables of a file.

    A cell array is an array of values; an array of characters is a text, one of numbers an array.  What is something
    else is None.

    Raises:
        DataError: the file cannot be read, or is of another version.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    order = {b"IM": "<", b"MI": ">"}.get(content[_HEADER - 2 : _HEADER])
    if order is None or content[:6] != b"MATLAB":
        raise DataError(f"{path}: is no MATLAB file of version 5; save it with -v7")
    try:
        return dict(_variables(_Reader(content, order, _HEADER)))
    except _DAMAGE as error:
        raise DataError(f"{path}: is damaged ({error})") from None


def _variables(reader):
    while reader.has_more:
        kind, content = reader.element()
        if kind == _COMPRESSED:
            kind, content = reader.within(_unpacked(content)).element()
        if kind == _MATRIX:
            yield _matrix(reader.within(content))


def _unpacked(content):
    unpacking = zlib.decompressobj()
    unpacked = unpacking.decompress(content, _LARGEST)
    if unpacking.unconsumed_tail:
        raise ValueError(f"a variable is larger than {_LARGEST} bytes")
    return unpacked


def _matrix(reader):
    """Returns name and value of an array."""
    if not reader.has_more:
        return "", np.zeros((0, 0))
    kind = reader.whole(_FLAGS)[0] & 0xFF
    shape = tuple(reader.whole(_SIZES).tolist())
    name = reader.element()[1].decode("ascii")
    if kind == _CELL:
        count = math.prod(shape)
        if count > len(reader.content):
            raise ValueError(f"it says that it has {count} cells")
        cells = np.empty(count, object)
        for place in range(len(cells)):
            _, content = reader.element()
            cells[place] = _matrix(reader.within(content))[1]
        return name, cells.reshape(shape, order="F")
    if kind == _CHAR:
        return name, _text(reader)
    if kind in _NUMERIC:
        return name, reader.numbers(*reader.element()).reshape(shape, order="F")
    return name, None


def _text(reader) -> str:
    if not reader.has_more:
        return ""
    kind, content = reader.element()
    if kind not in _TEXTS:
        raise ValueError(f"an element of type {kind} stands where a text does")
    return content.decode(_TEXTS[kind] + (_ENDS[reader.order] if _TEXTS[kind] in _WIDE else ""))
