"""PaddleOCR's calls of ``tools.program`` from Python."""

import logging
from pathlib import Path

import paddle
import pytest

from ppocr.data import build_dataloader
from ppocr.engine.preparation import resolve
from ppocr.errors import ConfigError
from ppocr.metrics import build_metric
from ppocr.modeling.architectures import build_model
from ppocr.postprocess import build_post_process
from tools import program as family

QUICKSTART = Path(__file__).resolve().parents[2] / "configs" / "quickstart" / "cls.yml"


@pytest.fixture(scope="module")
def parts():
    """Model, data, post-processing and metric of a classifier, as PaddleOCR's scripts build them."""
    tiny = {
        "Eval.dataset.length": 6,
        "Eval.loader.batch_size_per_card": 4,
        "Eval.loader.num_workers": 0,
        "Architecture.Backbone.channels": [4, 4, 4, 4, 8],
    }
    config = family.merge_config(family.load_config(str(QUICKSTART)), tiny)
    config = resolve(config)
    paddle.seed(1)
    return (
        build_model(config["Architecture"]),
        build_dataloader(config, "Eval", "cpu", logging.getLogger("ppocr")),
        build_post_process(config["PostProcess"], config["Global"]),
        build_metric(config["Metric"]),
    )


def test_overrides_may_be_a_mapping():
    merged = family.merge_config({"Global": {"epoch_num": 1}}, {"Global.epoch_num": 3, "Global.label_list": ["0", "é"]})
    assert merged == family.merge_config(merged, ["Global.epoch_num=3"]) and merged["Global"]["label_list"] == [
        "0",
        "é",
    ]


def test_eval_takes_the_familys_arguments(parts):
    metrics = family.eval(*parts)
    assert set(metrics) == {"acc", "fps"} and metrics["fps"] > 0
    assert family.eval(*parts, "cls", False, None, "O1", [], [], "float16")["acc"] == metrics["acc"]
    assert family.eval(*parts, model_type="cls", extra_input=True)["acc"] == metrics["acc"]


def test_eval_runs_in_mixed_precision_where_it_gets_a_scaler(parts, monkeypatch):
    asked = []
    monkeypatch.setattr(paddle.amp, "auto_cast", lambda **options: asked.append(options) or paddle.no_grad())
    family.eval(*parts, "cls", False, paddle.amp.GradScaler(enable=False), "O1", ["relu"], ["conv2d"], "bfloat16")
    lists = {"custom_black_list": ["relu"], "custom_white_list": ["conv2d"]}
    assert asked and all(options == {"level": "O1", "dtype": "bfloat16", **lists} for options in asked)


@pytest.mark.parametrize("call", [lambda: family.train({"Global": {}}, None, None), lambda: family.train(config={})])
def test_train_in_the_familys_form_is_one_clear_line(call):
    with pytest.raises(ConfigError, match=r"^program.train takes the built parts of a run.*or ppocr.train\(file\)$"):
        call()
