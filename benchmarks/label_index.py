"""Start with a long label file: memory a line, and time against one cached read of the file.

Prints both ratios of one run: ``python benchmarks/label_index.py [--lines 10000000]``.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import tracemalloc

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from ppocr.data.label_index import LabelIndex  # noqa: E402
from ppocr.data.randomness import generator, shuffled  # noqa: E402

_BLOCK = 100_000


def write_labels(path, lines):
    """Writes a label file with lines of about 40 bytes."""
    with open(path, "w", encoding="utf-8") as file:
        for start in range(0, lines, _BLOCK):
            numbers = range(start, min(start + _BLOCK, lines))
            file.write("".join(f"train/part{i % 50:02d}/img_{i:08d}.jpg\tword{i % 99991}\n" for i in numbers))


def start(path):
    """Returns the index of a label file and the order of its first epoch."""
    index = LabelIndex([path])
    return index, shuffled(len(index), generator(0, 1, "order"))


def read(path):
    """Reads the whole file."""
    with open(path, "rb") as file:
        return file.read()


def seconds(function, path):
    """Returns how long one call takes."""
    begin = time.perf_counter()
    function(path)
    return time.perf_counter() - begin


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "labels.txt")
        write_labels(path, arguments.lines)
        read(path)
        pairs = [(seconds(start, path), seconds(read, path)) for _ in range(arguments.rounds)]
        tracemalloc.start()
        index, order = start(path)
        held, peak = tracemalloc.get_traced_memory()
        size = os.path.getsize(path)
    print(f"lines {len(index)}, file {size / 2**20:.0f} MiB")
    print(f"bytes per line: {held / len(order):.2f} held, {peak / len(order):.2f} at most")
    print(f"start / cached read: {statistics.median(a / b for a, b in pairs):.2f} (at most 6)")


if __name__ == "__main__":
    main()
