"""Lines of PubTabNet: what operators get, and lines that are something else."""

import json

import cv2
import numpy as np
import pytest
from table_parts import CELLS, TOKENS, structure_file

from ppocr.data import build_dataloader
from ppocr.data.datasets.base import SampleKey
from ppocr.data.datasets.pubtab import PubTabDataSet

FIELDS = ["image", "structure", "bboxes", "bbox_masks", "length", "shape"]
CHAIN = [
    {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
    {"TableLabelEncode": {"max_text_length": 9, "character_dict_path": structure_file()}},
    {"TableBoxEncode": None},
    {"ResizeTableImage": {"max_len": 32}},
    {"PaddingTableImage": {"size": [32, 32]}},
    {"ToCHWImage": None},
    {"KeepKeys": {"keep_keys": FIELDS}},
]
TABLE = {"filename": "0.png", "html": {"structure": {"tokens": TOKENS}, "cells": CELLS}}


@pytest.fixture
def folder(tmp_path):
    cv2.imwrite(str(tmp_path / "0.png"), np.full((24, 48, 3), 200, np.uint8))
    return tmp_path


def settings(folder, *lines):
    (folder / "tables.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return {"data_dir": str(folder), "label_file_list": [str(folder / "tables.jsonl")], "transforms": CHAIN}


def test_a_batch(folder):
    dataset = {"name": "PubTabDataSet", **settings(folder, json.dumps(TABLE))}
    loader = {"shuffle": False, "drop_last": False, "batch_size_per_card": 1, "num_workers": 0}
    config = {"Global": {}, "Eval": {"dataset": dataset, "loader": loader}}
    (batch,) = build_dataloader(config, "Eval", "cpu", None)
    assert [field.shape for field in batch] == [[1, 3, 32, 32], [1, 11], [1, 11, 4], [1, 11, 1], [1], [1, 6]]
    np.testing.assert_allclose(batch[2][0, 2].numpy(), [1 / 48, 2 / 24, 30 / 48, 12 / 24], rtol=1e-6)
    np.testing.assert_allclose(batch[5][0].numpy(), [24, 48, 32 / 48, 32 / 48, 32, 32])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0.png\t<td>", "the line is no JSON"),
        ("[1]", "no JSON object"),
        (json.dumps({"html": {}}), "no text 'filename'"),
        (json.dumps({"filename": "0.png", "html": {"structure": {"tokens": 3}}}), "html needs structure"),
    ],
)
def test_a_line_that_is_something_else(folder, line, words):
    dataset = PubTabDataSet(**settings(folder, line))
    sample, (event,) = dataset.read(SampleKey(0, 0))
    assert sample is None and event.reason == "bad_label" and words in event.detail
    assert "line 1" in dataset.describe(0) and dataset.label_of(0) == line


def test_an_image_that_is_missing(folder):
    dataset = PubTabDataSet(**settings(folder, json.dumps({**TABLE, "filename": "1.png"})))
    _, (event,) = dataset.read(SampleKey(0, 0))
    assert event.reason == "unreadable_image" and "1.png (tables.jsonl, line 1)" == event.where
