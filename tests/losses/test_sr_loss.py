"""Weights of characters that are taken for each other."""

import pickle

import numpy as np
import paddle
import pytest

from ppocr.errors import DataError
from ppocr.losses import build_loss
from ppocr.losses.sr_loss import confusion_weights
from ppocr.text.strokes import LETTERS, letters_of


def stored(folder, content):
    path = folder / "confuse.pkl"
    path.write_bytes(pickle.dumps(content))
    return str(path)


def test_rare_confusions_weigh_more_than_frequent_ones(tmp_path):
    counts = np.full((62, 62), 4.0)
    counts[1, 0] = 2  # 1 for 0
    counts[36, 11] = 5  # small letters are the last rows, but not the last columns: a for b
    counts[36, 37] = 8  # a for B
    weights = confusion_weights(stored(tmp_path, counts))
    assert weights.shape == (37, 37) and weights[0].tolist() == [1.0] * 37
    one, zero, a, b = (LETTERS.index(letter) for letter in "10ab")
    assert weights[one, zero] == 0.5 and weights[a, b] == np.float32(0.2) and weights[zero, one] == 0.25


def test_weights_change_the_loss(tmp_path):
    counts = np.full((62, 62), 2.0)
    config = {"name": "TelescopeLoss", "confuse_dict_path": stored(tmp_path, counts)}
    image, maps = paddle.zeros([1, 3, 2, 2]), paddle.zeros([1, 1, 1, 2])
    preds = {"sr_img": image, "sr_pred": paddle.zeros([1, 37]), "text_gt": paddle.to_tensor([1])}
    preds.update(word_attention_map_pred=maps, word_attention_map_gt=maps)
    loss = float(build_loss(config)(preds, [image, image])["loss"])
    assert loss == pytest.approx(0.0005 * np.log((1 + 36 / 2) / 0.5), rel=1e-5)


def test_a_file_of_something_else_is_refused(tmp_path):
    with pytest.raises(DataError, match="must hold a 62 x 62 array of counts"):
        confusion_weights(stored(tmp_path, np.zeros((3, 3))))


def test_texts_become_small_letters_and_digits_and_an_end():
    assert letters_of("A-1 z") == [11, 2, 36, 0]
