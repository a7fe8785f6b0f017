"""Texts for which a model has too few time steps in training are named, counted and bounded."""

import logging

import cv2
import numpy as np
import paddle
import pytest

from ppocr.data import build_dataloader
from ppocr.data.branches import branch_batch
from ppocr.engine.stepper import Stepper
from ppocr.engine.unaligned import Unaligned
from ppocr.errors import DataError
from ppocr.losses import build_loss

STEPS = 6
JOINED = {"RecConAug": {"prob": 1.0, "image_shape": [8, 64, 3], "max_text_length": 12}}


class Lines(paddle.nn.Layer):
    """Gives the same scores for every image."""

    def __init__(self):
        super().__init__()
        self.scores = self.create_parameter([1, STEPS, 37])

    def forward(self, images):
        return self.scores.expand([len(images), STEPS, 37])


@pytest.fixture
def make(tmp_path):
    def make(labels, encode=None, first=(), keys=("image", "label", "length"), **loader):
        for i in range(len(labels)):
            cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((8, 16, 3), 10 * i, np.uint8))
        file = tmp_path / "label.txt"
        file.write_text("".join(f"{i}.png\t{label}\n" for i, label in enumerate(labels)), encoding="utf-8")
        resize, keep = {"RecResizeImg": {"image_shape": [3, 8, 16]}}, {"KeepKeys": {"keep_keys": list(keys)}}
        transforms = [{"DecodeImage": None}, *first, encode or {"CTCLabelEncode": None}, resize, keep]
        dataset = {"name": "SimpleDataSet", "data_dir": str(tmp_path), "label_file_list": [str(file)]}
        section = {"dataset": {**dataset, "transforms": transforms}, "loader": {"batch_size_per_card": 4, **loader}}
        config = {"Global": {"max_text_length": 12}, "Train": section}
        dataloader = build_dataloader(config, "Train", "cpu", logging.getLogger("unaligned-tests"), seed=0)
        model, loss = Lines(), build_loss({"name": "CTCLoss"})
        optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
        return Stepper(model, loss, optimizer, 0.1, unaligned=Unaligned(loss, dataloader)), dataloader

    return make


def train(stepper, dataloader):
    return [float(stepper([batch], step)[1]["loss"]) for step, batch in enumerate(dataloader)]


@pytest.mark.parametrize("workers", [0, 1])
def test_they_are_counted_and_named_like_texts_that_are_too_long(make, workers):
    stepper, dataloader = make(["abc", "aabbcc", "abcdef", "abcdefg"], num_workers=workers)
    (loss,) = train(stepper, dataloader)
    assert loss > 0
    assert dataloader.report.counts == {"too_long_for_the_model": 2}
    summary = dataloader.report.summary()
    assert "1.png (label.txt, line 2): needs 9 time steps, the model has 6 in training" in summary
    assert "3.png (label.txt, line 4): needs 7 time steps, the model has 6 in training" in summary
    dataloader.close()


def test_texts_that_fit_leave_no_word(make):
    stepper, dataloader = make(["abc", "abcdef"])
    train(stepper, dataloader)
    assert dataloader.report.summary() == ""


def test_the_name_is_that_of_the_sample_in_the_batch_and_not_of_a_bad_one_that_it_replaces(make):
    stepper, dataloader = make(["#", "abcdefg"])
    train(stepper, dataloader)
    assert "0.png (label.txt, line 1): needs" not in dataloader.report.summary()
    assert dataloader.report.counts == {"unknown_characters": 1, "too_long_for_the_model": 1}


def test_texts_that_augmentation_joins_count_with_their_length(make):
    stepper, dataloader = make(["abcd", "efgh"], first=[JOINED])
    train(stepper, dataloader)
    assert dataloader.report.counts == {"too_long_for_the_model": 2}


def test_the_ctc_branch_of_several_counts(make):
    encode = {"MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"}}
    stepper, dataloader = make(["abcdefg", "ab"], encode, keys=("image", "label_ctc", "length"))
    ctc = stepper.loss
    stepper.loss = lambda preds, batch: ctc(preds, branch_batch(batch, "ctc"))
    train(stepper, dataloader)
    assert dataloader.report.counts == {"too_long_for_the_model": 1}


def test_every_batch_of_an_update_is_looked_at(make):
    stepper, dataloader = make(["abcdefg", "abcdefgh"], batch_size_per_card=1)
    stepper(list(dataloader), 0)
    assert dataloader.report.counts == {"too_long_for_the_model": 2}


def test_too_many_end_the_run(make):
    stepper, dataloader = make(["abcdefg"] * 12)
    train(stepper, dataloader)
    with pytest.raises(DataError, match="12 of 12 training samples cannot be used .*needs 7 time steps"):
        dataloader.report.check()
