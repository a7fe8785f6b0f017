"""The images that a line of a label file names."""

from ppocr.utils import json_text


def names_in(path) -> list:
    """Returns the images of a line: one, or those of a JSON list."""
    if path.startswith("["):
        try:
            return [str(name) for name in json_text.parse(path)] or [path]
        except ValueError:
            pass
    return [path]
