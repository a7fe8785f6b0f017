"""Recognisers that are fed the share of the width that is image: it is an input of the exported network."""

import importlib.util

import numpy as np
import paddle
import pytest

from ppocr.config import Config
from ppocr.deploy.exporting import export
from ppocr.deploy.verification import Samples
from ppocr.engine.preparation import resolve
from ppocr.inference.exported import load_exported
from ppocr.modeling.architectures import build_model

BACKENDS = ("paddle", "onnx") if importlib.util.find_spec("paddle2onnx") else ("paddle",)
RESNET = {"name": "ResNet31", "layers": [1, 1, 1, 1], "channels": [4, 4, 4, 4, 8, 8, 8]}
BLOCKS = {"n_layers": 1, "n_head": 2, "d_k": 4, "d_v": 4, "d_model": 8, "d_inner": 8}
NETWORKS = {
    "SAR": {"Backbone": RESNET, "Head": {"name": "SARHead", "enc_dim": 8, "d_k": 8, "max_text_length": 3}},
    "RobustScanner": {
        "Backbone": RESNET,
        "Head": {"name": "RobustScannerHead", "enc_outchannles": 8, "max_text_length": 3},
    },
    "SATRN": {
        "Backbone": {"name": "ShallowCNN", "hidden_dim": 8},
        "Head": {"name": "SATRNHead", "enc_cfg": BLOCKS, "dec_cfg": {**BLOCKS, "d_embedding": 8, "max_seq_len": 3}},
    },
}
TRANSFORMS = [
    {"SARLabelEncode": {"max_text_length": 12}},
    {"SARRecResizeImg": {"image_shape": [3, 16, 16, 64]}},
    {"KeepKeys": {"keep_keys": ["image", "label", "valid_ratio"]}},
]
DATASET = {
    "name": "SyntheticTextDataSet", "length": 3, "fonts": ["DejaVuSans.ttf"], "characters": "abcdef", "min_length": 1,
    "transforms": TRANSFORMS,
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_the_files_give_what_the_model_gives(name, tmp_path):
    paddle.seed(0)
    config = resolve(
        Config(
            Global={"device": "cpu"},
            Architecture={"model_type": "rec", **NETWORKS[name]},
            PostProcess={"name": "SARLabelDecode"},
            Eval={"dataset": DATASET, "loader": {"batch_size_per_card": 1}},
        )
    )
    model = build_model(config["Architecture"])
    paddle.save(model.state_dict(), str(tmp_path / "model.pdparams"))
    made = export(config, tmp_path / "model", tmp_path / "out", "onnx" in BACKENDS, Samples(metric=False))
    assert [one.backend for one in made.comparisons] == list(BACKENDS)
    assert made.problems == [] and all(one.samples == 3 for one in made.comparisons)
    for backend in BACKENDS:
        network = load_exported(tmp_path / "out", backend=backend)
        assert list(network.inputs) == ["image", "valid_ratio"] and network.inputs["valid_ratio"] == [None]
        images = np.random.default_rng(0).random((2, 3, 16, 64))
        narrow, whole = (network.run(images, np.array(ratio)) for ratio in ([0.25, 1.0], [1.0, 1.0]))
        assert np.allclose(narrow[1], whole[1], atol=1e-6) and not np.allclose(narrow[0], whole[0], atol=1e-6)
