"""Accuracy of structures, whatever could not be read, and boxes as the main indicator."""

import pytest

from ppocr.errors import ConfigError
from ppocr.metrics import build_metric


def test_a_table_that_could_not_be_read_is_wrong():
    metric = build_metric({"name": "TableMetric"})
    read = {"structure_batch_list": [(["<tr>"], 0.9)], "bbox_batch_list": [[]]}
    metric((read, {"structure_batch_list": [["<tr>"]], "bbox_batch_list": [[]]}))
    assert metric.all_right()
    metric.add_unreadable(["{}"])
    assert metric.get_metric()["acc"] == pytest.approx(0.5, abs=1e-5)


def test_boxes_as_the_main_indicator_must_be_compared():
    with pytest.raises(ConfigError, match="compute_bbox_metric"):
        build_metric({"name": "TableMetric", "main_indicator": "hmean"})
