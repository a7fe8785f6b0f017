"""Small data on disk for the tests of data sets and loaders."""

import logging
import weakref

import cv2
import numpy as np
import pytest

from ppocr.data import build_dataloader

DECODE = [{"DecodeImage": {"img_mode": "BGR"}}, {"KeepKeys": {"keep_keys": ["image", "label"]}}]


@pytest.fixture
def line_set(tmp_path):
    """Returns a function that writes a label file ``n`` lines long, with images but for those in ``missing``.

    Image ``i`` is 8x16 and all of value ``i``; its label is ``w<i>``.
    """

    def write(n, missing=(), name="label.txt", prefix=""):
        for i in set(range(n)) - set(missing):
            cv2.imwrite(str(tmp_path / f"{prefix}{i}.png"), np.full((8, 16, 3), i % 256, np.uint8))
        (tmp_path / name).write_text("".join(f"{prefix}{i}.png\t{prefix}w{i}\n" for i in range(n)), encoding="utf-8")
        return {
            "name": "SimpleDataSet",
            "data_dir": str(tmp_path),
            "label_file_list": [str(tmp_path / name)],
            "transforms": DECODE,
        }

    return write


@pytest.fixture
def make_loader():
    """Returns a function that builds a loader of a dataset section; its workers end with the test."""
    loaders = weakref.WeakSet()

    def make(dataset, mode="Train", seed=3, sampler=None, logger=None, device="cpu", **loader):
        loader = {"batch_size_per_card": 4, "num_workers": 0, **loader}
        section = {"dataset": dataset, "loader": loader, **({"sampler": sampler} if sampler else {})}
        logger = logger or logging.getLogger("data-tests")
        made = build_dataloader({"Global": {}, mode: section}, mode, device, logger, seed=seed)
        loaders.add(made)
        return made

    yield make
    for made in loaders:
        made.close()


@pytest.fixture
def labels_of():
    """Returns a function that gives the labels of each batch of one pass over a loader."""
    return lambda loader: [batch[1] for batch in loader]
