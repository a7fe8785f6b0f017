"""JSON in label files and the like: whatever stands there, it is a value or an error of one kind; and in results."""

import json

import numpy as np


def parse(text):
    """Returns the value of a JSON text.

    Raises:
        ValueError: it is none, or its brackets are nested too deep.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("brackets are nested too deep") from None


def to_json(value) -> str:
    """Returns the JSON text of nested containers with arrays and NumPy numbers, characters as they are.

    What is no number or infinite becomes null, as JSON has no word for it.
    """
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    if "NaN" in text or "Infinity" in text:
        text = json.dumps(json.loads(text, parse_constant=lambda name: None), ensure_ascii=False)
    return text


def _plain(value):
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not to be written as JSON")
