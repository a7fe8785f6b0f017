"""Tests of ppocr.postprocess.build_post_process and the base class."""

import numpy as np
import paddle
import pytest

from ppocr.data.batch import Batch
from ppocr.errors import ConfigError
from ppocr.postprocess import build_post_process
from ppocr.postprocess.base import PostProcess, to_numpy


class Recorder(PostProcess):
    def __call__(self, preds, second):
        return preds, second


def test_the_second_entry_of_a_batch_is_handed_on():
    assert Recorder().process("preds", ["image", "label", "length"]) == ("preds", "label")
    assert Recorder.character is None


def test_global_values_are_inherited_and_own_values_win(tmp_path):
    path = tmp_path / "d.txt"
    path.write_text("x\ny\n")
    global_config = {"character_dict_path": str(path), "use_space_char": True, "epoch_num": 3}
    assert build_post_process({"name": "CTCLabelDecode"}, global_config).character == ["blank", "x", "y", " "]
    own = {"name": "CTCLabelDecode", "use_space_char": False}
    assert build_post_process(own, global_config).character == ["blank", "x", "y"]


@pytest.mark.parametrize(
    "config, message",
    [
        ({"name": "DBPostProces"}, "did you mean 'DBPostProcess'"),
        ({"name": "DBPostProcess", "box_tresh": 0.5}, "did you mean 'box_thresh'"),
        ({"name": "DBPostProcess", "box_type": "circle"}, "must be one of quad, poly"),
        ({"name": "DBPostProcess", "score_mode": "medium"}, "must be one of fast, slow"),
    ],
)
def test_mistakes_in_the_config_are_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        build_post_process(config)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_tensors_become_arrays(dtype):
    array = to_numpy(paddle.to_tensor([0.5, 2.0]).astype(dtype))
    assert array.dtype == np.float32 and array.tolist() == [0.5, 2.0]


def test_lists_and_arrays_become_arrays():
    array = np.arange(3)
    assert to_numpy(array) is array
    assert to_numpy([[1, 2]]).shape == (1, 2)


@pytest.mark.parametrize("names", [("label", "images"), ("images", "label"), ("label", "image")])
def test_without_reads_it_is_called_with_what_is_no_image(names):
    assert Recorder().process("preds", Batch(names, names=names)) == ("preds", "label")
