"""Functions that text decoders share: from class ids to strings and confidences."""

import re

import numpy as np

from ppocr.errors import ConfigError
from ppocr.utils.dictionary import dictionary_name

# Runs of these keep their order when a right-to-left text is turned round, everything else is turned one by one.
_LEFT_TO_RIGHT = re.compile(r"[a-zA-Z0-9 :*./%+-]+|.", re.DOTALL)


def check_classes(decoder, given, expected):
    """Refuses scores of a model that was built for another dictionary.

    Args:
        decoder: names itself in the message.
        given: number of classes that the model gives.
        expected: the numbers that would fit.

    Raises:
        ConfigError: they do not fit.
    """
    if given not in expected:
        fitting = " or ".join(map(str, expected))
        raise ConfigError(
            f"{type(decoder).__name__}: the model gives {given} classes, the dictionary makes {fitting}; use the "
            "character_dict_path and use_space_char that the model was trained with"
        )


def character_table(character) -> np.ndarray:
    """Returns the characters as an array of objects that can be indexed with an array of class ids."""
    table = np.empty(len(character), dtype=object)
    table[:] = character
    return table


def join_characters(table, ids, keep) -> list:
    """Joins the kept characters of each row.

    Args:
        table: array of :func:`character_table`.
        ids: int array (batch, steps).
        keep: bool array (batch, steps).

    Returns:
        One string per row.
    """
    ends = np.cumsum(keep.sum(axis=1)).tolist()
    characters = table[ids[keep]].tolist()
    return ["".join(characters[start:end]) for start, end in zip([0, *ends], ends)]


def mean_confidence(probabilities, keep) -> list:
    """Returns the mean probability of the kept steps of each row as floats; 0.0 where none is kept.

    Args:
        probabilities: float array (batch, steps).
        keep: bool array (batch, steps).
    """
    total = np.where(keep, probabilities, 0).sum(axis=1, dtype=np.float64)
    return (total / np.maximum(keep.sum(axis=1), 1)).tolist()


def is_arabic(character_dict_path) -> bool:
    """Tells whether the file name of a dictionary marks a right-to-left script, as in ``arabic_dict.txt``."""
    return "arabic" in dictionary_name(character_dict_path)


def reverse_right_to_left(text) -> str:
    """Turns a text read from left to right into reading order: ``"ab12" -> "12ba"`` with Arabic a and b."""
    return "".join(reversed(_LEFT_TO_RIGHT.findall(text)))
