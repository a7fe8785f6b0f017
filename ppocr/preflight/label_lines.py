"""What is wrong with the lines of a label file: the part that worker processes do, without Paddle."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from ppocr.formats.labels import NO_LABEL, Fault, Labels, Seen, Tally, count
from ppocr.formats.lines import meant_delimiter, split_line
from ppocr.text.encoding import other_encoding, utf16

BOM = b"\xef\xbb\xbf"
_HEAD = 256  # bytes that show the encoding of a file

ENCODING = Fault("the line is not UTF-8")
DELIMITER = Fault("no delimiter between path and label")
NO_PATH = Fault("the path is empty")
UNREAD = Fault("a tab ends the label, and what follows is not read", unusable=False)


@dataclass(frozen=True)
class LineRule:
    """What the lines of a data set must be.

    Attributes:
        labels: what their labels must be.
        delimiter: what stands between path and label.
        sizes: width and height stand behind the label, each behind a delimiter.
    """

    labels: Labels = Labels()
    delimiter: str = "\t"
    sizes: bool = False


class Job(NamedTuple):
    """A part of a label file: the lines that start at ``start`` and before ``end`` (bytes)."""

    path: str
    start: int
    end: int
    folder: str
    rule: LineRule


def read_job(job: Job) -> Seen:
    """Looks at the lines of a part of a label file."""
    with open(job.path, "rb") as file:
        file.seek(job.start)
        content = file.read(job.end - job.start)
    if utf16(content[:_HEAD]):
        return _foreign(content, job.path)
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if job.start == 0 and lines and lines[0].startswith(BOM):
        lines[0] = lines[0][len(BOM) :]
    seen, numbers, hashes = Seen(lines=len(lines)), [], []
    folder = job.folder.encode() + b"/"
    for number, line in enumerate(lines):
        line = line.rstrip(b"\r")
        if line:
            numbers.append(number)
            hashes.append(look_at(line, number, folder, job, seen))
    seen.numbers = np.array(numbers, np.int32)
    seen.hashes = np.array(hashes, np.uint64)
    return seen


def _foreign(content, path):
    """Returns what is seen in a file of an encoding that has no lines as they are looked for."""
    fault = Tally(1, 0, other_encoding(content[:_HEAD], path))
    return Seen(1, np.zeros(1, np.int32), np.zeros(1, np.uint64), unusable=1, faults={ENCODING: fault})


def look_at(line, number, folder, job, seen) -> int:
    """Notes in ``seen`` what is wrong with a line; returns the hash of its path, 0 where there is none."""
    found, path, rule = None, "", job.rule
    try:
        text = line.decode("utf-8")
        parts = split_line(text, rule.delimiter, rule.sizes)
        if parts is None:
            found = DELIMITER, f"{rule.delimiter!r} in {text[:60]!r}{meant_delimiter(text, rule.delimiter)}"
        elif not parts.path:
            found = (NO_PATH, "")
        else:
            path = parts.path
            if parts.unread:
                count(seen.faults, UNREAD, number, repr(parts.unread[:40]))
            found = rule.labels.check(parts.label, number, seen)
    except UnicodeDecodeError as error:
        found = (ENCODING, other_encoding(line, job.path) or error.reason)
    _add_fault(seen, found, number)
    return path_hash(folder, path) if path else 0


def read_stored(stored, labels) -> Seen:
    """Looks at labels that have no line of their own.

    Args:
        stored: list of (number, bytes; None where there is none).
        labels: :class:`ppocr.formats.labels.Labels`.
    """
    seen = Seen(lines=len(stored), numbers=np.array([number for number, _ in stored], np.int64))
    for number, label in stored:
        try:
            found = (NO_LABEL, "") if label is None else labels.check(label.decode("utf-8"), number, seen)
        except UnicodeDecodeError as error:
            found = (ENCODING, error.reason)
        _add_fault(seen, found, number)
    return seen


def _add_fault(seen, found, number):
    if found is not None:
        fault, example = found
        count(seen.faults, fault, number, example)
        seen.unusable += fault.unusable


def path_hash(folder, path) -> int:
    """Returns a number above 0 that stands for a path below a folder."""
    text = path[2:] if path.startswith("./") else path
    return int.from_bytes(blake2b(folder + text.encode(), digest_size=8).digest(), "little") | 1
