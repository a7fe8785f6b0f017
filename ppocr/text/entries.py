"""The entries of a dictionary: how a text is split into them, and which of them can never be used."""

import re
from typing import NamedTuple

SHOWN = 3  # examples that a remark names


class Splitter:
    """Splits a text into entries of a dictionary.

    An entry may have several characters; at each place of a text the longest one that fits is taken.  Text that is in
    no entry becomes single characters.

    Args:
        entries: those of the dictionary.
    """

    def __init__(self, entries):
        several = sorted({entry for entry in entries if len(entry) > 1}, key=len, reverse=True)
        pattern = "|".join([*map(re.escape, several), "."])
        self._find = re.compile(pattern, re.DOTALL).findall if several else list

    def __call__(self, text: str) -> list:
        """Returns the parts of a text, in their order; joined, they give the text."""
        return self._find(text)


class Remark(NamedTuple):
    """Something about a dictionary that a user should know.

    Attributes:
        line: of the first entry that is meant, from 1; 0 where entries are no lines.
        what: what to know.
    """

    line: int
    what: str


def remarks(entries, unit: str = "line") -> list:
    """Returns a :class:`Remark` for each kind of entry that is never used, or probably not as intended.

    Args:
        entries: those of a dictionary, in its order.
        unit: what holds an entry: ``line``, or ``entry`` in the file of an exported model.
    """
    last = {entry: place for place, entry in enumerate(entries, start=1)}
    kinds = (
        (lambda place, entry: not entry, f"an empty {unit} is a class that no text ever has; remove it"),
        (
            lambda place, entry: entry and last[entry] != place,
            f"a later {unit} holds the same; labels get the last one, all of them are read as the same",
        ),
        (
            lambda place, entry: "\t" in entry and entry != "\t",
            f"an entry with a tab is never used, because a tab ends a label; write one character per {unit}",
        ),
        (
            lambda place, entry: "\t" not in entry and entry.strip() and entry != entry.rstrip(),
            "the space at the end is part of the entry; remove it if that is not intended",
        ),
    )
    found = []
    for is_meant, what in kinds:
        places = [place for place, entry in enumerate(entries, start=1) if is_meant(place, entry)]
        if places:
            named = ", ".join(f"{place} {entries[place - 1]!r}" for place in places[:SHOWN])
            more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
            found.append(Remark(places[0] if unit == "line" else 0, f"{unit} {named}{more}: {what}"))
    return found
