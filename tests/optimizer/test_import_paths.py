"""Names that users of PaddleOCR import: each is there and is the class that the YAML name builds."""

import importlib

import pytest

from ppocr.optimizer import learning_rate, optimizer, regularizer
from ppocr.registry import LR_SCHEDULERS, OPTIMIZERS, REGULARIZERS


@pytest.mark.parametrize("name", ["Momentum", "Adam", "AdamW", "RMSProp", "Adadelta"])
def test_optimizers(name):
    assert getattr(optimizer, name) is OPTIMIZERS.get(name)


@pytest.mark.parametrize("name", learning_rate.__all__)
def test_schedules(name):
    assert getattr(learning_rate, name) is LR_SCHEDULERS.get(name)


def test_no_schedule_is_missing():
    assert {LR_SCHEDULERS.get(name) for name in LR_SCHEDULERS.names()} == {
        getattr(learning_rate, name) for name in learning_rate.__all__
    }


@pytest.mark.parametrize("name", ["L1Decay", "L2Decay"])
def test_regularizers(name):
    assert getattr(regularizer, name) is REGULARIZERS.get(name)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("ppocr.optimizer", ["build_optimizer", "build_lr_scheduler"]),
        ("ppocr.losses", ["build_loss"]),
        ("ppocr.utils.stats", ["TrainingStats"]),
        ("ppocr.utils.save_load", ["save_model", "load_model"]),
        ("tools.program", ["train", "eval", "preprocess", "to_float32", "load_config", "merge_config", "ArgsParser"]),
        ("tools.train", ["main"]),
    ],
)
def test_documented_import_paths(path, names):
    module = importlib.import_module(path)
    assert [name for name in names if not callable(getattr(module, name, None))] == []
