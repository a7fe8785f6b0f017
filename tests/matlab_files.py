"""Files of MATLAB, version 5, written byte by byte."""

import struct
import zlib

import numpy as np


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
