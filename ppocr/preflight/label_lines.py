"""What is wrong with the lines of a label file: the part that worker processes do, without Paddle."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple, Optional

import numpy as np

from ppocr.errors import DataError
from ppocr.formats.boxes import CROSSING, FAR, NO_AREA, read_boxes, sound_outlines
from ppocr.formats.lines import meant_delimiter, split_line
from ppocr.text.codecs import CtcCodec
from ppocr.text.direction import Writing
from ppocr.text.encoding import other_encoding, utf16
from ppocr.wording import counted

BOM = b"\xef\xbb\xbf"
MIN_POINTS = 4
_HEAD = 256  # bytes that show the encoding of a file

# kind of fault -> (whether the line cannot be used, what to say)
FAULTS = {
    "encoding": (True, "the line is not UTF-8"),
    "delimiter": (True, "no delimiter between path and label"),
    "no_path": (True, "the path is empty"),
    "unread": (False, "a tab ends the label, and what follows is not read"),
    "no_label": (True, "the label is empty"),
    "no_text": (False, "the label is empty, which stands for an image without text"),
    "too_long": (True, "the label is too long"),
    "all_unknown": (True, "no character of the label is in the dictionary"),
    "class": (True, "the label is no class of label_list"),
    "boxes": (True, "the label is no list of boxes"),
    "left_out": (False, "the label is an empty list, and keep_empty is false: the image is left out"),
    "order": (False, "on an image the text looks like another one, as which it will be read"),
    "few_points": (False, f"a box has fewer than {MIN_POINTS} points"),
    NO_AREA: (False, "a box has no area"),
    FAR: (False, "a coordinate is no number, or beyond any image; the box is ignored"),
    CROSSING: (False, "the outline of a box crosses itself; the box is ignored"),
    "reordered": (False, "sides of a box cross; its corners are put in order"),
}
OF_BOXES = ("few_points", NO_AREA, FAR, CROSSING, "reordered")  # these are counted by box, the others by line


@dataclass(frozen=True)
class LabelRule:
    """What the labels of a data set must be.

    Attributes:
        kind: ``text``, ``boxes``, ``class``, or ``any`` where nothing is known about them.
        delimiter: what stands between path and label.
        characters: forms of the entries of the dictionary, for ``text``.
        writing: splits a text into them: :class:`ppocr.text.direction.Writing`.
        lower: lower-case a text before it is looked at.
        longest: most characters of a text; None for no limit.
        ctc: the text is learnt with CTC.
        classes: names of the classes, for ``class``.
        ignored: texts of boxes that do not count, for ``boxes``.
        flat: points may be written as ``[x, y, x, y, ...]``, for ``boxes``.
        keep_empty: an empty list is the label of an image without text, for ``boxes``.
        sizes: width and height stand behind the label, each behind a delimiter.
    """

    kind: str = "any"
    delimiter: str = "\t"
    characters: frozenset = frozenset()
    writing: Writing = Writing(())
    lower: bool = False
    longest: Optional[int] = None
    ctc: bool = False
    classes: frozenset = frozenset()
    ignored: frozenset = frozenset()
    flat: bool = False
    keep_empty: bool = True
    sizes: bool = False


class Job(NamedTuple):
    """A part of a label file: the lines that start at ``start`` and before ``end`` (bytes)."""

    path: str
    start: int
    end: int
    folder: str
    rule: LabelRule


class Tally(NamedTuple):
    """How often something was seen, and where first: line (from 0) and an example."""

    count: int
    line: int
    detail: str = ""


@dataclass
class Seen:
    """What was seen in some lines, numbered from 0.

    Attributes:
        lines: number of lines, empty ones included.
        numbers: line of each line with content, int32.
        hashes: of the path of each, uint64.
        unusable: lines with content that cannot be used.
        faults: kind of fault -> :class:`Tally`.
        unknown: character -> :class:`Tally`.
        steps: CTC time steps that a text needs -> :class:`Tally`.
        classes: class -> :class:`Tally`.
        without_text: lines with an empty list of boxes.
    """

    lines: int = 0
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))
    hashes: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint64))
    unusable: int = 0
    faults: dict = field(default_factory=dict)
    unknown: dict = field(default_factory=dict)
    steps: dict = field(default_factory=dict)
    classes: dict = field(default_factory=dict)
    without_text: int = 0


def count(tallies, key, line, detail="", times=1):
    """Adds to the tally of ``key``."""
    old = tallies.get(key)
    tallies[key] = Tally(times, line, detail) if old is None else old._replace(count=old.count + times)


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
    return Seen(1, np.zeros(1, np.int32), np.zeros(1, np.uint64), unusable=1, faults={"encoding": fault})


def look_at(line, number, folder, job, seen) -> int:
    """Notes in ``seen`` what is wrong with a line; returns the hash of its path, 0 where there is none."""
    fault, path, rule = None, "", job.rule
    try:
        text = line.decode("utf-8")
        parts = split_line(text, rule.delimiter, rule.sizes)
        if parts is None:
            fault = "delimiter", f"{rule.delimiter!r} in {text[:60]!r}{meant_delimiter(text, rule.delimiter)}"
        elif not parts.path:
            fault = ("no_path", "")
        else:
            path = parts.path
            if parts.unread:
                count(seen.faults, "unread", number, repr(parts.unread[:40]))
            fault = _LABELS[rule.kind](parts.label, number, rule, seen)
    except UnicodeDecodeError as error:
        fault = ("encoding", other_encoding(line, job.path) or error.reason)
    _add_fault(seen, fault, number)
    return path_hash(folder, path) if path else 0


def read_stored(labels, rule) -> Seen:
    """Looks at labels that have no line of their own.

    Args:
        labels: list of (number, bytes; None where there is none).
        rule: :class:`LabelRule`.
    """
    seen = Seen(lines=len(labels), numbers=np.array([number for number, _ in labels], np.int64))
    for number, label in labels:
        try:
            fault = ("no_label", "") if label is None else _LABELS[rule.kind](label.decode("utf-8"), number, rule, seen)
        except UnicodeDecodeError as error:
            fault = ("encoding", error.reason)
        _add_fault(seen, fault, number)
    return seen


def _add_fault(seen, fault, number):
    if fault is not None:
        count(seen.faults, fault[0], number, fault[1])
        seen.unusable += FAULTS[fault[0]][0]


def path_hash(folder, path) -> int:
    """Returns a number above 0 that stands for a path below a folder."""
    text = path[2:] if path.startswith("./") else path
    return int.from_bytes(blake2b(folder + text.encode(), digest_size=8).digest(), "little") | 1


def _any_label(label, number, rule, seen):
    return None if label else ("no_label", "")


def _class(label, number, rule, seen):
    if not label:
        return "no_label", ""
    if label not in rule.classes:
        return "class", repr(label[:60])
    count(seen.classes, label, number)
    return None


def _text(label, number, rule, seen):
    text = label.lower() if rule.lower else label
    if not text:
        return "no_text", ""
    entries, unusable = rule.writing.split(text), None
    looks_like = rule.writing.read(rule.writing.written(text))
    if looks_like != text:
        count(seen.faults, "order", number, f"{text[:40]!r} like {looks_like[:40]!r}")
    if rule.longest is not None and len(entries) > rule.longest:
        unusable = "too_long", f"{counted(len(entries), 'character')}, at most {rule.longest}: {text[:40]!r}"
    if not rule.characters.issuperset(entries):
        for entry in entries:
            if entry not in rule.characters:
                count(seen.unknown, entry, number)
        entries = [entry for entry in entries if entry in rule.characters]
        if not entries:
            return unusable or ("all_unknown", repr(label[:40]))
    if rule.ctc and unusable is None:
        count(seen.steps, CtcCodec.steps_needed(entries), number)
    return unusable


def _boxes(label, number, rule, seen):
    if not label:
        return "no_label", ""
    try:
        boxes = read_boxes(label, rule.flat)
    except DataError as error:
        return "boxes", str(error)
    if not boxes.texts and not rule.keep_empty:
        return "left_out", ""
    seen.without_text += not boxes.texts
    outlines = sound_outlines(boxes.polys, boxes.counts)
    for position, text in enumerate(boxes.texts):
        if text not in rule.ignored:
            kind = _fault_of(boxes, outlines, position)
            if kind:
                shown = boxes.polys[position, : min(boxes.counts[position], MIN_POINTS)].tolist()
                count(seen.faults, kind, number, f"box {position + 1}: {shown}")
    return None


def _fault_of(boxes, outlines, position):
    """Returns the fault of a box that is to count, or an empty text."""
    if boxes.counts[position] < MIN_POINTS:
        return "few_points"
    return outlines.faults[position] or ("reordered" if outlines.reordered[position] else "")


_LABELS = {"any": _any_label, "class": _class, "text": _text, "boxes": _boxes}
