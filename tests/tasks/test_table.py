"""Tables as results: HTML, boxes of cells, samples of a report."""

import numpy as np
import pytest

from ppocr.errors import ConfigError
from ppocr.metrics.table_metric import TableMetric
from ppocr.tasks import task_of
from ppocr.text.table_structure import table_html

TOKENS = ["<tbody>", "<tr>", "<td></td>", "<td", ' colspan="2"', ">", "</td>", "</tr>", "</tbody>"]
RAW = {"structure": TOKENS, "bboxes": np.array([[1.0, 2, 9, 8], [10, 2, 19, 8]]), "score": 0.75}
TASK = task_of("table")


def test_html_with_the_texts_of_cells():
    row = '<tbody><tr><td>a</td><td colspan="2">b&lt;c</td></tr></tbody>'
    assert table_html(TOKENS, ["a", "b<c"]) == f"<html><body><table>{row}</table></body></html>"
    assert "<td></td><td></td>" in table_html(["<td>", "</td>", "<eb></eb>"])


def test_the_row_of_result_files():
    (page,), row = TASK.row(TASK.result(RAW))
    assert page == row["html"] == table_html(TOKENS)
    assert row["structure"] == TOKENS and row["bboxes"][1] == [10, 2, 19, 8] and row["score"] == 0.75
    assert TASK.summary(TASK.result(RAW)) == "1 row, 2 cells"


def test_a_table_without_cells():
    table = TASK.result({"structure": [], "bboxes": np.zeros((0, 4)), "score": 0.0})
    assert table.points.shape == (0, 4, 2) and TASK.summary(table) == "0 rows, 0 cells"


def test_boxes_of_cells_are_drawn():
    image = np.zeros((12, 24, 3), np.uint8)
    drawn = TASK.draw(image, TASK.result(RAW))
    assert drawn[2, 1:10].any(axis=1).all() and not drawn[5, 5].any() and not image.any()


def test_four_corners_stay():
    corners = np.array([[0.0, 0, 9, 1, 9, 8, 0, 7]])
    assert TASK.result({"structure": [], "bboxes": corners}).points.tolist() == corners.reshape(1, 4, 2).tolist()


def test_samples_of_a_report():
    read = {"structure_batch_list": [(["<tr>", "</tr>"], 0.5)], "bbox_batch_list": [[]]}
    true = {"structure_batch_list": [["<tr>", "<td></td>", "</tr>"]], "bbox_batch_list": [[]]}
    (sample,) = TASK.compare((read, true), None, TableMetric(), [7], None)
    assert sample.key == 7 and sample.prediction == "<tr></tr>" and sample.distance == pytest.approx(1 / 3)


def test_a_result_of_another_task():
    with pytest.raises(ConfigError, match="reads no tables"):
        TASK.result({"points": []})
