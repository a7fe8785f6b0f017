"""Tables: their structure and the boxes of their cells."""

import numpy as np
from rapidfuzz.distance import Levenshtein

from ppocr.drawing.boxes import with_boxes
from ppocr.errors import ConfigError
from ppocr.registry import TASKS
from ppocr.tasks.base import Task
from ppocr.tasks.compared import TextSample
from ppocr.tasks.results import Table, by_network, shown_score
from ppocr.text.table_structure import CELL_STARTS, table_html
from ppocr.wording import counted


@TASKS.register(name="table")
class TableReading(Task):
    """Gives the structure of the table on an image as HTML, and a box for each of its cells."""

    draws_pages = True
    batch_size = 4

    def result(self, raw):
        """See :class:`Task`."""
        if not isinstance(raw, dict) or "structure" not in raw:
            raise ConfigError("this model reads no tables")
        return Table(tuple(raw["structure"]), np.asarray(raw["bboxes"]), raw.get("score"))

    def row(self, result):
        """See :class:`Task`."""
        rows = {network: _shown(one) for network, one in by_network(result).items()}
        pages = {network: row["html"] for network, row in rows.items()}
        return [pages.get("", pages)], rows.get("", rows)

    def summary(self, result):
        """See :class:`Task`."""
        tables = by_network(result).values()
        rows, cells = sum(map(_rows, tables)), sum(map(_cells, tables))
        return f"{counted(rows, 'row')}, {counted(cells, 'cell')}"

    def draw(self, image, result):
        """See :class:`Task`: the boxes of the cells."""
        return with_boxes(image, [points for one in by_network(result).values() for points in one.points])

    def compare(self, result, batch, metric, keys, post_process):
        """See :class:`Task`."""
        read, true = (part["structure_batch_list"] for part in result)
        return [_sample(metric, *one) for one in zip(keys, read, true)]


def _sample(metric, key, read, truth):
    tokens, score = read
    distance = Levenshtein.normalized_distance(tokens, truth)
    return TextSample(key, metric.normalise(truth), metric.normalise(tokens), score, distance)


def _shown(table):
    return {
        "html": table_html(table.structure),
        "structure": list(table.structure),
        "bboxes": table.boxes.tolist(),
        "score": shown_score(table.score),
    }


def _rows(table):
    return table.structure.count("<tr>")


def _cells(table):
    return sum(token in CELL_STARTS for token in table.structure)
