"""What the label of a sample may be: texts, boxes, classes, or anything; and what is wrong with one.

Worker processes look at the lines of label files with these, without Paddle.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, Optional

import numpy as np

from ppocr.errors import DataError
from ppocr.formats.boxes import CROSSING, FAR, NO_AREA, count_boxes, read_boxes, sound_outlines
from ppocr.text.codecs import CtcCodec
from ppocr.text.direction import Writing
from ppocr.text.subword import BpeCodec
from ppocr.wording import counted

MIN_POINTS = 4


class Fault(NamedTuple):
    """What may be wrong with a label.

    Attributes:
        what: the sentence that says it.
        unusable: the label cannot be used.
        of_boxes: it is counted by box, not by line.
    """

    what: str
    unusable: bool = True
    of_boxes: bool = False


NO_LABEL = Fault("the label is empty")
NO_TEXT = Fault("the label is empty, which stands for an image without text", unusable=False)
TOO_LONG = Fault("the label is too long")
ALL_UNKNOWN = Fault("no character of the label is in the dictionary")
NO_CLASS = Fault("the label is no class of label_list")
NO_BOXES = Fault("the label is no list of boxes")
LEFT_OUT = Fault("the label is an empty list, and keep_empty is false: the image is left out", unusable=False)
LOOKS_OTHERWISE = Fault("on an image the text looks like another one, as which it will be read", unusable=False)
FEW_POINTS = Fault(f"a box has fewer than {MIN_POINTS} points", False, of_boxes=True)
REORDERED = Fault("sides of a box cross; its corners are put in order", False, of_boxes=True)
OF_OUTLINES = {
    NO_AREA: Fault("a box has no area", False, of_boxes=True),
    FAR: Fault("a coordinate is no number, or beyond any image; the box is ignored", False, of_boxes=True),
    CROSSING: Fault("the outline of a box crosses itself; the box is ignored", False, of_boxes=True),
}


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
        faults: :class:`Fault` -> :class:`Tally`.
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


@dataclass(frozen=True)
class Labels:
    """Labels about which nothing is known.

    Attributes:
        classes: the names that there are, where labels name classes.
        are_boxes: labels hold boxes, which lie on their image.
        are_lines: an image is a line of text.
        are_classes: labels name classes.
        measured: title of what :meth:`size_of` gives; empty where labels have no size.
    """

    classes = frozenset()
    are_boxes = are_lines = are_classes = False
    measured = ""

    @staticmethod
    def size_of(label: str) -> int:
        """Returns how large a label is, by what ``measured`` names."""
        return 0

    def check(self, label: str, number: int, seen: Seen):
        """Looks at a label and notes in ``seen`` what is in it.

        Args:
            label: as it stands in its file.
            number: of its line.
            seen: is added to.

        Returns:
            (:class:`Fault`, an example of it or an empty text), or None where nothing is wrong.  A class of one's own
            may make faults of its own; those with the same sentence are counted together.
        """
        return None if label else (NO_LABEL, "")


@dataclass(frozen=True)
class ClassLabels(Labels):
    """Names of classes.

    Args:
        classes: names of the classes.
    """

    classes: frozenset = frozenset()
    are_classes = True

    def check(self, label, number, seen):
        """See :class:`Labels`."""
        if not label:
            return NO_LABEL, ""
        if label not in self.classes:
            return NO_CLASS, repr(label[:60])
        count(seen.classes, label, number)
        return None


@dataclass(frozen=True)
class TextLabels(Labels):
    """Texts of lines.

    Args:
        characters: forms of the entries of the dictionary.
        writing: splits a text into them.
        lower: lower-case a text before it is looked at.
        longest: most characters of a text; None for no limit.
        ctc: the text is learnt with CTC.
    """

    characters: frozenset = frozenset()
    writing: Writing = Writing(())
    lower: bool = False
    longest: Optional[int] = None
    ctc: bool = False
    are_lines = True
    measured = "Characters in a label"
    size_of = staticmethod(len)

    def check(self, label, number, seen):
        """See :class:`Labels`."""
        text = label.lower() if self.lower else label
        if not text:
            return NO_TEXT, ""
        entries, unusable = self.writing.split(text), None
        looks_like = self.writing.read(self.writing.written(text))
        if looks_like != text:
            count(seen.faults, LOOKS_OTHERWISE, number, f"{text[:40]!r} like {looks_like[:40]!r}")
        if self.longest is not None and len(entries) > self.longest:
            unusable = TOO_LONG, f"{counted(len(entries), 'character')}, at most {self.longest}: {text[:40]!r}"
        entries = _known(entries, self.characters, number, seen)
        if not entries:
            return unusable or (ALL_UNKNOWN, repr(label[:40]))
        if self.ctc and unusable is None:
            count(seen.steps, CtcCodec.steps_needed(entries), number)
        return unusable


@dataclass(frozen=True)
class SymbolLabels(Labels):
    """Formulas whose symbols stand between blanks.

    Args:
        symbols: entries of the dictionary.
        lower: lower-case a formula before it is looked at.
    """

    symbols: frozenset = frozenset()
    lower: bool = False
    measured = "Symbols in a label"

    @staticmethod
    def size_of(label):
        """See :class:`Labels`."""
        return len(label.split())

    def check(self, label, number, seen):
        """See :class:`Labels`."""
        entries = (label.lower() if self.lower else label).split()
        if not entries:
            return NO_TEXT, ""
        return None if _known(entries, self.symbols, number, seen) else (ALL_UNKNOWN, repr(label[:40]))


@dataclass(frozen=True)
class SubwordLabels(Labels):
    """Formulas that a tokenizer turns into sub-words.

    Args:
        codec: :class:`ppocr.text.subword.BpeCodec`.
        longest: most sub-words of a formula, its marks included.
    """

    codec: BpeCodec
    longest: int

    def check(self, label, number, seen):
        """See :class:`Labels`."""
        if not label:
            return NO_TEXT, ""
        classes, _, missing = self.codec.encode(label)
        for character in missing:
            count(seen.unknown, character, number, times=label.count(character))
        if missing and not classes:
            return ALL_UNKNOWN, repr(label[:40])
        places = len(self.codec.marked(classes))
        return (
            None
            if places <= self.longest
            else (TOO_LONG, f"{places} sub-words, at most {self.longest}: {label[:40]!r}")
        )


def _known(entries, characters, number, seen) -> list:
    """Returns those of some entries that the dictionary has, and counts the others."""
    if characters.issuperset(entries):
        return entries
    for entry in entries:
        if entry not in characters:
            count(seen.unknown, entry, number)
    return [entry for entry in entries if entry in characters]


@dataclass(frozen=True)
class BoxLabels(Labels):
    """Lists of boxes with their texts; see :mod:`ppocr.formats.boxes`.

    Args:
        ignored: texts of boxes that do not count.
        flat: points may be written as ``[x, y, x, y, ...]``.
        keep_empty: an empty list is the label of an image without text.
    """

    ignored: frozenset = frozenset()
    flat: bool = False
    keep_empty: bool = True
    are_boxes = True
    measured = "Boxes on a page"
    size_of = staticmethod(count_boxes)

    def check(self, label, number, seen):
        """See :class:`Labels`."""
        if not label:
            return NO_LABEL, ""
        try:
            boxes = read_boxes(label, self.flat)
        except DataError as error:
            return NO_BOXES, str(error)
        if not boxes.texts and not self.keep_empty:
            return LEFT_OUT, ""
        seen.without_text += not boxes.texts
        self.note(boxes, number, seen)
        return None

    def note(self, boxes, number, seen):
        """Notes what is wrong with the boxes of a label that is used all the same.

        Args:
            boxes: :class:`ppocr.formats.boxes.Boxes`.
            number, seen: see :meth:`Labels.check`.
        """
        outlines = sound_outlines(boxes.polys, boxes.counts)
        for position, text in enumerate(boxes.texts):
            if text not in self.ignored:
                fault = _fault_of(boxes, outlines, position)
                if fault:
                    shown = boxes.polys[position, : min(boxes.counts[position], MIN_POINTS)].tolist()
                    count(seen.faults, fault, number, f"box {position + 1}: {shown}")


@dataclass(frozen=True)
class ReadBoxLabels(BoxLabels):
    """Lists of boxes whose texts, in lower case, are to be read.

    Args:
        ignored, flat, keep_empty: see :class:`BoxLabels`.
        characters: forms of the entries of the dictionary.
        writing: splits a text into them.
    """

    characters: frozenset = frozenset()
    writing: Writing = Writing(())

    def note(self, boxes, number, seen):
        """See :class:`BoxLabels`; characters that the dictionary lacks are noted, too."""
        super().note(boxes, number, seen)
        for text in set(boxes.texts) - self.ignored:
            for entry in set(self.writing.split(text.lower())) - self.characters:
                count(seen.unknown, entry, number)


def _fault_of(boxes, outlines, position):
    """Returns the fault of a box that is to count, or None."""
    if boxes.counts[position] < MIN_POINTS:
        return FEW_POINTS
    return OF_OUTLINES.get(outlines.faults[position]) or (REORDERED if outlines.reordered[position] else None)
