"""A network that reads several fields: exported, run again and compared."""

import importlib.util

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.config import Config
from ppocr.data.imaug.operator import Operator
from ppocr.deploy.exporting import export
from ppocr.deploy.verification import Samples
from ppocr.engine.preparation import resolve
from ppocr.errors import CheckpointError, ConfigError
from ppocr.inference.exported import load_exported
from ppocr.modeling.architectures import build_model
from ppocr.registry import HEADS, OPERATORS

BACKENDS = ("paddle", "onnx") if importlib.util.find_spec("paddle2onnx") else ("paddle",)


class Halves(Operator):
    """Gives a number, int64, for each of the two halves of a line."""

    reads = ("image",)
    writes = ("halves",)

    def __call__(self, data):
        data["halves"] = np.arange(2)
        return data


class TwoInputs(nn.Layer):
    """Scores of two classes from an image and two numbers."""

    inputs = ("image", "halves")

    def __init__(self, in_channels: int):
        super().__init__()
        self.words = nn.Embedding(2, 2)
        self.fc = nn.Linear(in_channels, 2)

    def forward(self, x):
        image, halves = x
        return nn.functional.softmax(self.fc(image.mean(axis=[2, 3])) + self.words(halves).sum(axis=1))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """``(what export made, folder)`` of a classifier that reads an image and ``halves``."""
    kept = [(one, one.entries()) for one in (OPERATORS, HEADS)]
    OPERATORS.register()(Halves)
    HEADS.register()(TwoInputs)
    tmp_path = tmp_path_factory.mktemp("inputs")
    transforms = [
        {"ClsLabelEncode": {"label_list": ["0", "180"]}},
        {"ClsResizeImg": {"image_shape": [3, 32, 64]}},
        {"Halves": None},
        {"KeepKeys": {"keep_keys": ["label", "halves", "image"]}},
    ]
    dataset = {"name": "SyntheticTextDataSet", "length": 3, "fonts": ["DejaVuSans.ttf"], "transforms": transforms}
    config = resolve(
        Config(
            Global={"device": "cpu", "label_list": ["0", "180"]},
            Architecture={"model_type": "cls", "Head": {"name": "TwoInputs"}},
            PostProcess={"name": "ClsPostProcess"},
            Eval={"dataset": dataset, "loader": {"batch_size_per_card": 1}},
        )
    )
    model = build_model(config["Architecture"])
    paddle.save(model.state_dict(), str(tmp_path / "model.pdparams"))
    folder = tmp_path / "out"
    yield export(config, tmp_path / "model", folder, "onnx" in BACKENDS, Samples(metric=False)), folder
    for one, entries in kept:
        one._entries = entries


def test_the_files_give_what_the_model_gives(exported):
    made, _ = exported
    assert [one.backend for one in made.comparisons] == list(BACKENDS)
    assert made.problems == [] and all(one.samples == 3 for one in made.comparisons)


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_input_counts_and_batches_may_have_any_size(exported, backend):
    _, folder = exported
    network = load_exported(folder, backend=backend)
    assert network.inputs == {"image": [None, 3, 32, 64], "halves": [None, 2]}
    images = np.random.default_rng(0).random((3, 3, 32, 64))
    same, others = np.zeros((3, 2), np.int64), np.array([[0, 0], [0, 1], [1, 1]])
    assert np.allclose(network.run(images, same)[0], network.run(images, others)[0])
    assert not np.allclose(network.run(images, same)[1:], network.run(images, others)[1:])
    with pytest.raises(ConfigError, match=r"PreProcess gives \(3, 3\), but the network takes \[None, 2\]"):
        network.run(images, np.zeros((3, 3), np.int64))


def test_a_description_of_other_inputs_is_refused(exported):
    _, folder = exported
    network = load_exported(folder, overrides=["Network.inputs={image: [null, 3, 32, 64], mask: [null, 2]}"])
    with pytest.raises(CheckpointError, match="names image, mask"):
        network.run(np.zeros((1, 3, 32, 64)), np.zeros((1, 2), np.int64))
