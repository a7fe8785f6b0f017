"""Structure and boxes of tables as arrays, and the sizes of their images."""

import numpy as np
import pytest
from table_parts import CELLS, TOKENS, structure_file

from ppocr.data.imaug import create_operators
from ppocr.data.imaug.resize_table import PaddingTableImage
from ppocr.data.imaug.table_label import TableBoxEncode, TableLabelEncode, TableMasterLabelEncode
from ppocr.errors import ConfigError, DataError, Dropped


def encoded(kind=TableLabelEncode, tokens=TOKENS, cells=CELLS, **settings):
    op = kind(**{"character_dict_path": structure_file(), "max_text_length": 9, **settings})
    return op({"structure": tokens, "cells": cells})


def test_boxes_stand_where_cells_open():
    sample = encoded()
    assert sample["structure"].tolist() == [0, 1, 3, 7, 4, 5, 6, 7, 2, 8, 0]
    assert sample["bboxes"][2].tolist() == [1, 2, 30, 12] and sample["bboxes"].sum() == 45
    assert np.flatnonzero(sample["bbox_masks"]).tolist() == [2] and int(sample["length"]) == 8


def test_cells_without_text_may_count_as_boxes_of_nothing():
    assert np.flatnonzero(encoded(learn_empty_box=True)["bbox_masks"]).tolist() == [2, 4]


def test_start_and_end_of_table_master_lie_within_the_longest():
    sample = encoded(TableMasterLabelEncode, max_text_length=10)
    assert sample["structure"].tolist() == [8, 0, 2, 6, 3, 4, 5, 6, 1, 9]
    with pytest.raises(Dropped, match="8 tokens, more than 7"):
        encoded(TableMasterLabelEncode)


@pytest.mark.parametrize(
    ("tokens", "cells", "error", "words"),
    [
        (["<tr>", *["<td>", "</td>"] * 4, "</tr>"], CELLS * 2, Dropped, "10 tokens, more than 9"),
        (["<thead>", "<td>", "</td>"], CELLS[:1], Dropped, "not in the dictionary: <thead>"),
        (TOKENS, CELLS[:1], DataError, "opens 2 cells, the label has 1"),
        (TOKENS, [{"bbox": [1, 2, 3]}, {}], DataError, "is not 4 numbers"),
        (TOKENS, [{"bbox": "box"}, {}], DataError, "no list of numbers"),
    ],
)
def test_a_label_that_cannot_be_used(tokens, cells, error, words):
    with pytest.raises(error, match=words):
        encoded(tokens=tokens, cells=cells)


def test_each_box_of_four_corners_has_its_own_centre():
    boxes = np.array([[0, 0, 10, 0, 10, 20, 0, 20], [10, 20, 30, 20, 30, 40, 10, 40]], np.float32)
    sample = {"image": np.zeros((40, 20, 3), np.uint8), "bboxes": boxes}
    found = TableBoxEncode("xyxyxyxy", "xywh")(sample)["bboxes"]
    np.testing.assert_allclose(found, [[0.25, 0.25, 0.5, 0.5], [1, 0.75, 1, 0.5]])
    assert boxes[1, 0] == 10


def test_forms_that_boxes_cannot_have():
    with pytest.raises(ConfigError, match="xywh can become xywh, not xyxy"):
        create_operators([{"TableBoxEncode": {"in_box_format": "xywh", "out_box_format": "xyxy"}}])


def test_an_image_larger_than_the_padded_one():
    with pytest.raises(DataError, match="9 x 4 does not fit in 8 x 8"):
        PaddingTableImage([8, 8])({"image": np.zeros((9, 4, 3), np.uint8), "shape": np.ones(4)})
