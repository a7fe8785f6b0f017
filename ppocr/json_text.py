"""JSON in label files and the like: whatever stands there, it is a value or an error of one kind."""

import json


def parse(text):
    """Returns the value of a JSON text.

    Raises:
        ValueError: it is none, or its brackets are nested too deep.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("brackets are nested too deep") from None
