"""Functions that text decoders share: from class ids to strings and confidences."""

import numpy as np

from ppocr.errors import ConfigError


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
