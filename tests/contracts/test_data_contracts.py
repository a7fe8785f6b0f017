"""Every dataset reads its samples, every sampler gives each of them, every collate function makes a batch."""

import json
from types import SimpleNamespace

import cv2
import lmdb
import numpy as np
import pytest
from contract_table import Table
from table_parts import CELLS, TOKENS
from tiny_tokenizer import tokenizer_file

from ppocr.data.datasets.base import SampleKey
from ppocr.registry import COLLATE_FNS, DATASETS, SAMPLERS

COUNT = 5
FIELDS = ["image", "label"]
KEEP = {"KeepKeys": {"keep_keys": FIELDS}}
DECODED = {"transforms": [{"DecodeImage": {"img_mode": "BGR"}}, KEEP]}
DRAWN = {"length": COUNT, "transforms": [KEEP]}
FILES = {"data_dir": "data", "label_file_list": ["data/label.txt"], **DECODED}
# Arguments, and a part of the first sample's label.
DATASET_ROWS = {
    "LaTeXOCRDataSet": (
        {
            "data_dir": "data",
            "data": "data/label.txt",
            "max_seq_len": 9,
            "rec_char_dict_path": tokenizer_file(),
            **DECODED,
        },
        26,  # the class of "w"
    ),
    "LMDBDataSet": ({"data_dir": "data/lmdb", **DECODED}, "w0"),
    "LMDBDataSetSR": ({"data_dir": "data/lmdb", **DECODED}, "w0"),
    "MultiScaleDataSet": (FILES, "w0"),
    "PGDataSet": (FILES, "w0"),
    "PubTabDataSet": ({**FILES, "label_file_list": ["data/tables.jsonl"]}, "<td>"),
    "SimpleDataSet": (FILES, "w0"),
    "SyntheticCurvedDataSet": ({**DRAWN, "image_size": [96, 96], "text_height": [8, 16]}, "transcription"),
    "SyntheticDocDataSet": ({**DRAWN, "image_size": [96, 96], "lines": [1, 2]}, "transcription"),
    "SyntheticFormulaDataSet": ({**DRAWN, "terms": [2, 2], "largest": 9}, ""),
    "SyntheticTextDataSet": ({**DRAWN, "characters": "ab"}, "ab"),
}
SAMPLER_ROWS = {"MultiScaleSampler": ({"scales": [[64, 32], [64, 48]], "first_bs": 2},)}
SMALL, LARGE = np.ones([1, 2, 4], "float32"), np.full([1, 3, 2], 2, "float32")
# Two samples, and what is made of them, with arrays as lists.
COLLATE_ROWS = {
    "DictCollator": ([{"n": 1, "t": "a"}, {"n": 2, "t": "b"}], {"n": [1, 2], "t": ["a", "b"]}),
    "DyMaskCollator": (
        [[SMALL[:, :, :1], [7, 8]], [LARGE[:, :2, :2], [9]]],
        [[[[[1, 0], [1, 0]]], [[[2, 2], [2, 2]]]], [[[[1, 0], [1, 0]]], [[[1, 1], [1, 1]]]], [[7, 8], [9, 0]],
         [[1, 1], [1, 0]]],
    ),
    "ListCollator": ([[np.ones(2), 3, "a"], [np.zeros(2), 4, "b"]], [[[1, 1], [0, 0]], [3, 4], ["a", "b"]]),
    "PadCollator": (
        [[SMALL[:, :, :1], np.array([4.0, 2.0, 0.5, 0.5])], [LARGE[:, :2], np.array([4.0, 4.0, 0.5, 0.5])]],
        [[[[[1, 0], [1, 0]]], [[[2, 2], [2, 2]]]], [[4, 4, 0.5, 0.5], [4, 4, 0.5, 0.5]]],
    ),
    "SSLRotateCollate": (
        [[np.full([4, 1, 1, 1], value), np.arange(4)] for value in (5, 6)],
        [[[[[value]]] for value in [5] * 4 + [6] * 4], [0, 1, 2, 3] * 2],
    ),
    "LaTeXOCRCollator": (
        [[LARGE[:, :1, :1], np.array([1, 4, 2]), np.array([1, 1, 1])],
         [LARGE[:, :2, :1], np.array([1, 2]), np.array([1, 1])]],
        [[[[[2], [1]]], [[[2], [2]]]], [[1, 4, 2], [1, 2, 0]], [[1, 1, 1], [1, 1, 0]]],
    ),
    "UniMERNetCollator": (
        [[LARGE[:, :1, :1], np.array([0, 4, 2]), np.array([1, 1, 1]), "a"],
         [LARGE[:, :2, :1], np.array([0, 2]), np.array([1, 1]), "b"]],
        [[[[[2], [1]]], [[[2], [2]]]], [[0, 4, 2], [0, 2, 1]], [[1, 1, 1], [1, 1, 0]], ["a", "b"]],
    ),
}  # fmt: skip
DATASET_TABLE = Table(DATASETS, "DATASET_ROWS", DATASET_ROWS)
SAMPLER_TABLE = Table(SAMPLERS, "SAMPLER_ROWS", SAMPLER_ROWS)
COLLATE_TABLE = Table(COLLATE_FNS, "COLLATE_ROWS", COLLATE_ROWS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with five images, a label file and a database of them."""
    data = tmp_path_factory.mktemp("datasets") / "data"
    data.mkdir()
    images = [cv2.imencode(".png", np.full((8, 16, 3), i, np.uint8))[1].tobytes() for i in range(COUNT)]
    for i, image in enumerate(images):
        (data / f"{i}.png").write_bytes(image)
    (data / "label.txt").write_text("".join(f"{i}.png\tw{i}\t16\t8\n" for i in range(COUNT)), encoding="utf-8")
    html = {"structure": {"tokens": TOKENS}, "cells": CELLS}
    tables = [json.dumps({"filename": f"{i}.png", "html": html}) + "\n" for i in range(COUNT)]
    (data / "tables.jsonl").write_text("".join(tables), encoding="utf-8")
    with lmdb.open(str(data / "lmdb"), map_size=2**20) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", str(COUNT).encode())
        for i, image in enumerate(images):
            for name in (b"image", b"image_lr", b"image_hr"):
                transaction.put(b"%s-%09d" % (name, i + 1), image)
            transaction.put(b"label-%09d" % (i + 1), f"w{i}".encode())
    return data.parent


@DATASET_TABLE.each()
def test_a_dataset(entry, folder, monkeypatch):
    monkeypatch.chdir(folder)
    arguments, part = DATASET_TABLE.row(entry)
    dataset = DATASET_TABLE.build(entry, arguments)
    assert len(dataset) == COUNT
    samples = [dataset[SampleKey(0, i)] for i in range(COUNT)]
    for i, (image, label, *_) in enumerate(samples):
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        assert label == dataset.label_of(i) if isinstance(label, str) else len(label) == len(dataset.label_of(i)) + 2
    again = DATASET_TABLE.build(entry, arguments)[SampleKey(0, COUNT - 1)]
    np.testing.assert_array_equal(again[0], samples[-1][0])
    np.testing.assert_array_equal(again[1], samples[-1][1])
    label = samples[0][1]
    assert part in label if entry[1] != "SyntheticTextDataSet" else set(label) <= set(part)


class Source(SimpleNamespace):
    """Stands for a dataset of eight samples."""

    def __len__(self):
        return 8


@SAMPLER_TABLE.each()
def test_a_sampler(entry):
    (arguments,) = SAMPLER_TABLE.row(entry)
    sampler = SAMPLER_TABLE.build(entry, arguments, supplied={"data_source": Source(ds_width=False, seed=1)})
    sampler.set_epoch(1)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    assert {index for batch in batches for _, _, index, *_ in batch} == set(range(8))
    assert {(width, height) for batch in batches for width, height, *_ in batch} == {(64, 32), (64, 48)}


def plain(value):
    """Returns nested values with arrays as lists."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


@COLLATE_TABLE.each()
def test_a_collate_function(entry):
    samples, expected = COLLATE_TABLE.row(entry)
    assert plain(COLLATE_TABLE.build(entry, {})(samples)) == expected


@pytest.mark.parametrize("table", [DATASET_TABLE, SAMPLER_TABLE, COLLATE_TABLE], ids=str)
def test_no_row_is_left_over(table):
    assert table.unused() == set()
