"""Label files of any length: where each line starts, read through a memory map."""

import bisect
import itertools
import mmap
import os
from typing import NamedTuple

import numpy as np

from ppocr.errors import DataError
from ppocr.text.encoding import other_encoding, utf16
from ppocr.wording import bracketed

_CHUNK = 1 << 18  # bytes that stay in the second-level cache while newlines are looked for
_HEAD = 256  # bytes that show the encoding of a file
_NEWLINE = 10
_BOM = b"\xef\xbb\xbf"


class Place(NamedTuple):
    """Where a line stands: its file and its number in it, from 1, empty lines included."""

    path: str
    line: int


class LabelIndex:
    """The lines of several label files, numbered through from 0; lines without content are left out.

    It holds 4 bytes a line (8 for a file of 4 GiB or more) and reads a line when it is asked for.

    Args:
        paths: label files.

    Raises:
        DataError: a file is missing, unreadable, UTF-16 or holds no line.
    """

    def __init__(self, paths):
        self.paths = [str(path) for path in paths]
        self._files = [_LineFile(path) for path in self.paths]
        self.counts = [len(file) for file in self._files]
        self._ends = list(itertools.accumulate(self.counts))

    def __len__(self):
        return self._ends[-1] if self._ends else 0

    @property
    def nbytes(self) -> int:
        """Bytes that the index holds in memory."""
        return sum(file.nbytes for file in self._files)

    def line(self, index: int) -> bytes:
        """Returns a line without its end."""
        number, position = self.locate(index)
        return self._files[number].line(position)

    def place(self, index: int) -> Place:
        """Returns where a line stands."""
        number, position = self.locate(index)
        return Place(self.paths[number], self._files[number].number(position))

    def locate(self, index: int):
        """Returns ``(number of the file, position in it)`` of a line."""
        if not 0 <= index < len(self):
            raise IndexError(f"line {index} of {len(self)}")
        number = bisect.bisect_right(self._ends, index)
        return number, index - (self._ends[number - 1] if number else 0)


class _LineFile:
    """One label file: the offsets of its lines that have content, and a memory map opened when first needed."""

    def __init__(self, path):
        self.path = path
        self._map = None
        try:
            self.starts, self._empty = _line_starts(path)
        except OSError as error:
            raise DataError(f"label file {path}: {error.strerror}; check label_file_list") from error
        if not len(self.starts):
            raise DataError(f"label file {path} holds no line; each line is a path, the delimiter and a label")

    def __len__(self):
        return len(self.starts)

    def __getstate__(self):
        return {**self.__dict__, "_map": None}

    @property
    def nbytes(self):
        return self.starts.nbytes + self._empty.nbytes

    def number(self, position):
        """Returns the number of a line in the file, from 1."""
        return position + 1 + int(np.searchsorted(self._empty, position, side="right"))

    def line(self, position):
        if self._map is None:
            self._map = _map_file(self.path)
        start = int(self.starts[position])
        end = self._map.find(b"\n", start)
        return self._map[start : end if end >= 0 else len(self._map)].rstrip(b"\r")


def _map_file(path):
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _line_starts(path):
    """Returns the offsets of the lines with content, and for each line without how many of these stand before it."""
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        kind = np.uint32 if size < 2**32 else np.int64
        head = file.read(_HEAD)
        if utf16(head):
            raise DataError(f"label file {path} is not UTF-8{bracketed(other_encoding(head, path))}")
        start = len(_BOM) if head.startswith(_BOM) else 0
        file.seek(0)
        parts, empty, before = [np.empty(0, kind)], [np.empty(0, kind)], 0
        for ends in _line_ends(file, size):
            starts = np.concatenate(([start], ends[:-1] + 1))
            start = int(ends[-1]) + 1
            kept = _with_content(starts, ends, file)
            if not kept.all():
                empty.append((before + np.cumsum(kept)[~kept]).astype(kind))
                starts = starts[kept]
            parts.append(starts.astype(kind))
            before += len(starts)
    return np.concatenate(parts), np.concatenate(empty)


def _line_ends(file, size):
    """Yields arrays of the offsets of line ends; the end of the file is one if no newline stands before it."""
    buffer = np.empty(_CHUNK, np.uint8)
    offset, last = 0, -1
    while count := file.readinto(buffer):
        ends = np.flatnonzero(buffer[:count] == _NEWLINE) + offset
        offset += count
        if len(ends):
            last = int(ends[-1])
            yield ends
    if last + 1 < size:
        yield np.array([size])


def _with_content(starts, ends, file):
    """Returns which lines hold more than a line end."""
    lengths = ends - starts
    keep = lengths > 0
    single = np.flatnonzero(lengths == 1)
    if len(single):
        position = file.tell()
        keep[single] = [_byte_at(file, int(starts[i])) != b"\r" for i in single]
        file.seek(position)
    return keep


def _byte_at(file, offset):
    file.seek(offset)
    return file.read(1)
