"""Tests of ClsPostProcess."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.postprocess import build_post_process

SCORES = np.array([[0.75, 0.25], [0.125, 0.875], [0.5, 0.5]], dtype=np.float32)


def test_names_and_confidences():
    post_process = build_post_process({"name": "ClsPostProcess"}, {"label_list": ["0", "180"]})
    assert post_process(SCORES) == [("0", 0.75), ("180", 0.875), ("0", 0.5)]


def test_labels_and_tensors():
    post_process = build_post_process({"name": "ClsPostProcess", "label_list": ["0", "180"]})
    results, labels = post_process.process(paddle.to_tensor(SCORES), ["image", paddle.to_tensor([1, 1, 0])])
    assert results[1] == ("180", 0.875)
    assert labels == [("180", 1.0), ("180", 1.0), ("0", 1.0)]


def test_without_names_and_with_a_key():
    post_process = build_post_process({"name": "ClsPostProcess", "key": "Student"})
    assert post_process({"Student": SCORES}) == [(0, 0.75), (1, 0.875), (0, 0.5)]


def test_wrong_number_of_classes_is_refused():
    with pytest.raises(ConfigError, match="2 classes, label_list has 3"):
        build_post_process({"name": "ClsPostProcess", "label_list": ["a", "b", "c"]})(SCORES)
