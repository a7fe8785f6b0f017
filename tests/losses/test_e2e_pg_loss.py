"""PGLoss: what of the texts of a batch counts."""

import math

import numpy as np
import paddle
import pytest

from ppocr.losses import build_loss

CLASSES = 4  # the last one is the blank
SIZE = 4


def ctc(preds, texts, points, tcl_bs=8):
    """Returns the CTC term of images, each a list of (text, points): classes, and (row, column) of each point."""
    images, most = len(texts), max(map(len, texts))
    labels = np.full([images, most, 5, 1], CLASSES - 1)
    places, present = np.zeros([images, most, 6, 3], "int64"), np.zeros([images, most, 6, 1], "float32")
    for i, (words, lines) in enumerate(zip(texts, points)):
        for j, (word, line) in enumerate(zip(words, lines)):
            labels[i, j, : len(word), 0] = word
            places[i, j, : len(line), 1:] = np.reshape(line, (-1, 2))
            present[i, j, : len(line)] = 1
    maps = [paddle.zeros([images, channels, SIZE, SIZE]) for channels in (1, 1, 5, 3, 1)]
    loss = build_loss({"name": "PGLoss", "tcl_bs": tcl_bs, "pad_num": CLASSES - 1})
    found = {f"f_{name}": paddle.zeros([images, n, SIZE, SIZE]) for name, n in (("border", 4), ("direction", 2))}
    found.update(f_score=paddle.full([images, 1, SIZE, SIZE], 0.5), f_char=preds)
    return float(loss(found, [None, *maps, *map(paddle.to_tensor, (labels, places, present))])["ctc_loss"])


def sure(*classes):
    """Scores of images, each of which is sure of one class everywhere."""
    scores = np.zeros([len(classes), CLASSES, SIZE, SIZE], "float32")
    scores[np.arange(len(classes)), list(classes)] = 30
    return paddle.to_tensor(scores)


def test_each_text_is_looked_up_in_its_own_image():
    points = [[[(0, 0), (0, 1)]], [[(2, 2), (2, 3)]]]
    assert ctc(sure(0, 1), [[[0]], [[1]]], points) == pytest.approx(0, abs=1e-4)
    assert ctc(sure(1, 0), [[[0]], [[1]]], points) > 20


def test_points_that_are_not_there_read_as_nothing():
    even = paddle.zeros([1, CLASSES, SIZE, SIZE])
    assert ctc(even, [[[1]]], [[[(1, 1), (1, 2)]]]) == pytest.approx(math.log(CLASSES**2 / 3), rel=1e-4)


def test_places_for_texts_that_stay_free_do_not_count():
    points = [[[(0, 0)]], [[(0, 0)], [(0, 1)]]]
    assert ctc(paddle.zeros([2, CLASSES, SIZE, SIZE]), [[[0]], [[1], [2]]], points) == pytest.approx(math.log(CLASSES))


def test_a_text_with_fewer_points_than_characters_is_left_out():
    even = paddle.zeros([1, CLASSES, SIZE, SIZE])
    lines = [[(0, 0), (0, 1)], [(1, 0)]]
    assert ctc(even, [[[0, 0], [2]]], [lines]) == pytest.approx(math.log(CLASSES))  # 0 0 needs a blank between


@pytest.mark.parametrize("tcl_bs, expected", [(1, {0.0, 30.0}), (2, {15.0})])
def test_of_more_texts_some_are_drawn(tcl_bs, expected):
    paddle.seed(3)
    texts, points = [[[0], [1]]], [[[(0, 0)], [(0, 1)]]]
    seen = {round(ctc(sure(0), texts, points, tcl_bs), 2) for _ in range(20)}
    assert seen == expected


def test_a_batch_without_text_is_finite():
    assert ctc(paddle.zeros([1, CLASSES, SIZE, SIZE]), [[[]]], [[[]]]) == 0
