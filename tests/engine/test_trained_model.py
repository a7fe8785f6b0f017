"""Weights that something else than training reads."""

import logging

import paddle
import pytest

from ppocr.engine.run_info import describe_outputs
from ppocr.engine.trained_model import load_trained
from ppocr.errors import CheckpointError
from ppocr.modeling.architectures import build_model
from ppocr.options import GlobalOptions
from ppocr.utils.save_load import save_model

CONFIG = {
    "Global": {"label_list": ["0", "180"]},
    "Architecture": {
        "model_type": "cls",
        "Backbone": {"name": "VGG", "channels": [4, 4, 4, 4, 8]},
        "Head": {"name": "ClsHead", "class_dim": 2},
    },
    "PostProcess": {"name": "ClsPostProcess"},
}


@pytest.mark.parametrize("key", ["checkpoints", "pretrained_model"])
@pytest.mark.parametrize("suffix", ["", ".pdparams"])
def test_weights_of_other_classes_are_refused_and_those_that_say_nothing_are_not(tmp_path, key, suffix):
    weights = {name: tensor.numpy() for name, tensor in build_model(CONFIG["Architecture"]).state_dict().items()}
    options = GlobalOptions(**{key: f"{tmp_path}/best{suffix}"})
    turned = {**CONFIG, "Global": {"label_list": ["180", "0"]}}

    def load(config):
        return load_trained(config, options, "cpu", logging.getLogger("ppocr"), "evaluate")[0]

    save_model(tmp_path / "best", {".pdparams": weights})
    assert isinstance(load(turned), paddle.nn.Layer)
    save_model(tmp_path / "best", {".pdparams": weights, ".train_state": {"run": describe_outputs(CONFIG)}})
    assert isinstance(load(CONFIG), paddle.nn.Layer)
    with pytest.raises(CheckpointError, match="another label_list .2 entries, now 2; class 0 was '0', now '180'"):
        load(turned)
