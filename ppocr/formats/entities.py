"""Labels of key information: boxes of a page with their texts and classes.

``[{"transcription": text, "points": [[x, y], ...], "label": class}, ...]``; ``key_cls`` may stand for ``label``, and
``edge`` names a group of boxes that belong together.
"""

from dataclasses import dataclass
from typing import NamedTuple

from ppocr import json_text
from ppocr.formats.boxes import Boxes, read_boxes
from ppocr.formats.labels import NO_CLASS, BoxLabels, count
from ppocr.text.dictionary import load_dictionary


class LabelledBoxes(NamedTuple):
    """The boxes of a page.

    Attributes:
        boxes: :class:`ppocr.formats.boxes.Boxes`.
        classes: the class of each as its label has it, a name or a number; None where it has none.
        groups: what ``edge`` says of each; 0 where it says nothing.
    """

    boxes: Boxes
    classes: list
    groups: list


def read_entities(label) -> LabelledBoxes:
    """Reads a label.

    Raises:
        DataError: it is no such list.
    """
    boxes, items = read_boxes(label), json_text.parse(label)
    classes = [item.get("label", item.get("key_cls")) for item in items]
    return LabelledBoxes(boxes, classes, [item.get("edge", 0) for item in items])


def class_numbers(path) -> dict:
    """Reads a list of classes, one a line; ``3 Store_addr_value`` or ``3,Store_addr_value`` may begin with the number.

    Returns:
        {line, and its name without number: number}, numbers being those of the lines, from 0.

    Raises:
        DataError: the file cannot be read or is empty.
    """
    numbers = {}
    for number, line in enumerate(load_dictionary(path)):
        numbers[line] = number
        first, _, name = line.replace(",", " ", 1).partition(" ")
        if name and first == str(number):
            numbers.setdefault(name, number)
    return numbers


def class_number(value, numbers):
    """Returns the number of a class, which a label may give itself; None where it is no class."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= max(numbers.values()) else None
    return numbers.get(value) if isinstance(value, str) else None


@dataclass(frozen=True)
class EntityLabels(BoxLabels):
    """Lists of boxes with texts and classes.

    Args:
        ignored, flat, keep_empty: see :class:`ppocr.formats.labels.BoxLabels`.
        characters: those of the dictionary.
        numbers: see :func:`class_numbers`.
    """

    characters: frozenset = frozenset()
    numbers: tuple = ()

    def check(self, label, number, seen):
        """See :class:`ppocr.formats.labels.Labels`; every box needs a class."""
        fault = super().check(label, number, seen)
        if fault is not None:
            return fault
        page, numbers = read_entities(label), dict(self.numbers)
        for name in page.classes:
            if class_number(name, numbers) is None:
                return NO_CLASS, repr(name)[:60]
            count(seen.classes, str(name), number)
        for character in set("".join(page.boxes.texts)) - self.characters:
            count(seen.unknown, character, number)
        return None
