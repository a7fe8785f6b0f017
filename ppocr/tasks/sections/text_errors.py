"""What goes wrong in texts: edits of single samples, confused characters, accuracy by length.  Plain functions."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

SAME, REPLACED, MISSED, ADDED = "same", "replaced", "missed", "added"
NOTHING = ""  # stands in a confusion for no character at all
_KINDS = {"equal": SAME, "replace": REPLACED, "delete": MISSED, "insert": ADDED}
_MOST_LENGTHS = 20


class Edit(NamedTuple):
    """A stretch of the true text and what the model read for it; one is empty where it missed or added something."""

    kind: str
    truth: str
    prediction: str


def edits(truth: str, prediction: str) -> list:
    """Returns the :class:`Edit` list that leads from a true text to the one read, with the fewest changes."""
    codes = Levenshtein.opcodes(truth, prediction)
    return [
        Edit(_KINDS[code.tag], truth[code.src_start : code.src_end], prediction[code.dest_start : code.dest_end])
        for code in codes
    ]


@dataclass
class Characters:
    """Counts of characters over many texts.

    Attributes:
        seen: how often a character stands in the truths.
        right: how often it was read as what it is.
        confused: how often ``(truth, read)`` were taken for each other; ``NOTHING`` for one that was missed or added.
    """

    seen: Counter = field(default_factory=Counter)
    right: Counter = field(default_factory=Counter)
    confused: Counter = field(default_factory=Counter)


def count_characters(pairs) -> Characters:
    """Counts the characters of ``(truth, prediction)`` pairs."""
    counts = Characters()
    for truth, prediction in pairs:
        counts.seen.update(truth)
        for edit in edits(truth, prediction):
            if edit.kind == SAME:
                counts.right.update(edit.truth)
            elif edit.kind == REPLACED:
                counts.confused.update(zip(edit.truth, edit.prediction))
            else:
                counts.confused.update((character, NOTHING) for character in edit.truth)
                counts.confused.update((NOTHING, character) for character in edit.prediction)
    return counts


class Share(NamedTuple):
    """``right`` of ``total`` samples that have something in common."""

    title: str
    right: int
    total: int

    @property
    def accuracy(self) -> float:
        """Share that is right."""
        return self.right / self.total


def by_length(pairs, most: int = _MOST_LENGTHS) -> list:
    """Returns the accuracy by length of the true text, as a list of :class:`Share`.

    Each length stands for itself; where there are more than ``most``, stretches of equal width are taken together.
    """
    pairs = list(pairs)
    lengths = [len(truth) for truth, _ in pairs]
    width = 1 if len(set(lengths)) <= most else -(-(max(lengths) + 1) // most)
    right, total = Counter(), Counter()
    for length, (truth, prediction) in zip(lengths, pairs):
        total[length // width] += 1
        right[length // width] += truth == prediction
    title = str if width == 1 else lambda group: f"{group * width} to {group * width + width - 1}"
    return [Share(title(group), right[group], total[group]) for group in sorted(total)]


def most_confused(confused: Counter, rows: int, columns: int):
    """Returns the truths and the readings that take part in most confusions, most frequent first.

    Args:
        confused: ``{(truth, read): count}``.
        rows, columns: how many truths and readings there may be.
    """
    truths, readings = Counter(), Counter()
    for (truth, _), count in confused.items():
        truths[truth] += count
    kept = [truth for truth, _ in truths.most_common(rows)]
    for (truth, reading), count in confused.items():
        readings[reading] += count if truth in kept else 0
    return kept, [reading for reading, count in readings.most_common(columns) if count]
