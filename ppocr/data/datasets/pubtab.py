"""PubTabDataSet: images of tables with their structure and cells, a JSON object a line."""

import os
from dataclasses import dataclass

from ppocr import json_text
from ppocr.data.datasets.simple import SimpleDataSet
from ppocr.errors import Dropped
from ppocr.formats.lines import LabelLine
from ppocr.registry import DATASETS


@DATASETS.register()
@dataclass(eq=False, repr=False)
class PubTabDataSet(SimpleDataSet):
    """Tables in the form of PubTabNet (https://arxiv.org/abs/1911.10683).

    Each line is ``{"filename": ..., "html": {"structure": {"tokens": [...]}, "cells": [{"tokens": [...], "bbox":
    [...]}, ...]}}``: the HTML tokens of the table, and for each cell that these open its text in pieces and, where
    there is any, its box.  Operators get ``structure`` and ``cells``, too; ``label`` is the line.

    Args:
        delimiter: has no meaning here.
    """

    label_store = None
    gives = ("image", "label", "img_path", "structure", "cells")

    def load(self, index, key, rng):
        """Returns ``img_path``, ``label``, ``image``, ``structure`` and ``cells``."""
        sample = super().load(index, key, rng)
        return {**sample, **table_of(sample["label"])}

    def split(self, line):
        """Returns the name of the image and the line.

        Raises:
            Dropped: it is no JSON object with them (``bad_label``).
        """
        name = _object(line).get("filename")
        if not isinstance(name, str) or not name:
            raise Dropped("bad_label", f"the line has no text 'filename': {line[:60]!r}")
        return LabelLine(name, line, [])

    def label_of(self, index, epoch=0):
        """Returns the line."""
        return self.lines.line(index).decode("utf-8", "replace")

    def describe(self, index):
        """Returns the label file, the number of the line in it, and the image."""
        place = self.lines.place(index)
        try:
            name = self.split(self.label_of(index)).path
        except Dropped:
            name = "?"
        return f"{name[:120]} ({os.path.basename(place.path)}, line {place.line})"


def table_of(line: str) -> dict:
    """Returns ``structure`` and ``cells`` of a line.

    Raises:
        Dropped: it has none (``bad_label``).
    """
    table = _object(line).get("html")
    structure = table.get("structure") if isinstance(table, dict) else None
    tokens = structure.get("tokens") if isinstance(structure, dict) else None
    cells = table.get("cells") if isinstance(table, dict) else None
    if not _are(tokens, str) or not _are(cells, dict):
        raise Dropped("bad_label", "html needs structure: tokens, a list of texts, and cells, a list of objects")
    return {"structure": tokens, "cells": cells}


def _object(line):
    try:
        value = json_text.parse(line)
    except ValueError as error:
        raise Dropped("bad_label", f"the line is no JSON ({error}): {line[:60]!r}") from error
    if not isinstance(value, dict):
        raise Dropped("bad_label", f"the line is no JSON object: {line[:60]!r}")
    return value


def _are(values, kind):
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)
