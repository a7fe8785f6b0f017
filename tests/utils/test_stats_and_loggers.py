import json
import logging
import math

import paddle
import pytest

from ppocr.errors import UserError
from ppocr.global_options import GlobalOptions
from ppocr.utils.loggers import build_loggers
from ppocr.utils.loggers.metric_loggers import JsonLinesLogger, MetricLoggers, WandbLogger
from ppocr.utils.logging import format_config, get_logger
from ppocr.utils.stats import TrainingStats


def test_medians_over_the_window_in_the_order_of_arrival():
    stats = TrainingStats(3, ["lr"])
    for loss in (9.0, 1.0, 5.0, 2.0):
        stats.update({"loss": loss, "lr": 0.1234567})
    assert list(stats.get({"epoch": 2}).items()) == [("epoch", 2), ("lr", 0.123457), ("loss", 2.0)]
    assert stats.log() == "lr: 0.123457, loss: 2.000000"


def test_a_key_without_values_is_left_out():
    assert TrainingStats(3, ["lr", "acc"]).get() == {}


def test_device_values_are_read_when_asked_for_and_mix_with_numbers():
    stats = TrainingStats(4)
    stats.update({"loss": paddle.to_tensor([2.0])})
    stats.update({"loss": paddle.to_tensor(4.0)})
    assert stats.get() == {"loss": 3.0}
    stats.update({"loss": 10.0})
    stats.update({"loss": paddle.to_tensor(6.0, "float64")})
    assert stats.get() == {"loss": 5.0}


def test_one_line_a_call_and_null_for_what_is_not_finite(tmp_path):
    logger = JsonLinesLogger(tmp_path)
    logger.log_metrics({"acc": 0.5, "loss": math.nan, "big": math.inf, "n": 3}, "eval", 7)
    logger.log_metrics({"acc": 1.0}, "train", 8)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert rows[0] == {"split": "eval", "step": 7, "acc": 0.5, "loss": None, "big": None, "n": 3}
    assert rows[1]["step"] == 8


def test_several_loggers_are_used_as_one():
    calls = []

    class Fake:
        def log_metrics(self, *arguments):
            calls.append(arguments)

        def close(self):
            calls.append("closed")

    both = MetricLoggers([Fake(), Fake()])
    both.log_metrics({"a": 1}, "train", 1)
    both.close()
    assert calls == [({"a": 1}, "train", 1)] * 2 + ["closed"] * 2


def test_visualdl_gets_the_numbers(tmp_path):
    pytest.importorskip("visualdl")
    options = GlobalOptions(save_model_dir=str(tmp_path), use_visualdl=True)
    loggers = build_loggers({}, options)
    loggers.log_metrics({"acc": 0.5, "flag": True, "name": "x"}, "eval", 1)
    loggers.close()
    from visualdl import LogReader

    reader = LogReader(file_path=str(next((tmp_path / "vdl").glob("*.log"))))
    assert reader.get_tags()["scalar"] == ["EVAL/acc"]
    assert reader.get_data("scalar", "EVAL/acc")[0].value == 0.5


def test_wandb_gets_its_section_and_prefixed_values(tmp_path, monkeypatch):
    calls = []

    class Run:
        def log(self, values, step):
            calls.append((values, step))

        def finish(self):
            calls.append("finished")

    class Module:
        @staticmethod
        def init(**arguments):
            calls.append(arguments)
            return Run()

    monkeypatch.setitem(__import__("sys").modules, "wandb", Module)
    config = {"wandb": {"project": "ocr"}, "Global": {"a": 1}}
    loggers = build_loggers(config, GlobalOptions(save_model_dir=str(tmp_path)))
    loggers.log_metrics({"acc": 0.5}, "eval", 3)
    loggers.close()
    assert calls == [
        {"dir": str(tmp_path), "config": config, "project": "ocr"},
        ({"eval/acc": 0.5}, 3),
        "finished",
    ]


def test_wandb_that_is_not_installed_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "wandb", None)
    with pytest.raises(UserError, match="pip install wandb"):
        WandbLogger(tmp_path, {}, {})


@pytest.fixture
def restored_logger():
    logger = logging.getLogger("ppocr")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    logger.handlers = []
    yield
    get_logger()
    logger.handlers, logger.level, logger.propagate = handlers, level, propagate


def test_the_log_goes_to_the_screen_and_to_the_file(tmp_path, capsys, restored_logger):
    path = tmp_path / "deep" / "train.log"
    logger = get_logger(path)
    logger.info("hello %d", 3)
    logger.error("bad")
    printed = capsys.readouterr()
    assert printed.out.endswith("] ppocr INFO: hello 3\n") and "bad" not in printed.out
    assert printed.err.endswith("] ppocr ERROR: bad\n")
    assert [line.split("] ")[1] for line in path.read_text().splitlines()] == [
        "ppocr INFO: hello 3",
        "ppocr ERROR: bad",
    ]


def test_other_processes_only_say_what_is_wrong(tmp_path, capsys, restored_logger):
    logger = get_logger(tmp_path / "train.log", rank=1)
    logger.info("hello")
    logger.error("bad")
    printed = capsys.readouterr()
    assert printed.out == "" and "bad" in printed.err and not (tmp_path / "train.log").exists()


def test_the_form_of_a_configuration_in_the_log():
    config = {"b": {"y": None, "x": [1, 2]}, "a": [{"Op": {"k": 1}}, {"None": None}]}
    assert format_config(config) == [
        "a : ",
        "    Op : ",
        "        k : 1",
        "    None : None",
        "b : ",
        "    x : [1, 2]",
        "    y : None",
    ]
