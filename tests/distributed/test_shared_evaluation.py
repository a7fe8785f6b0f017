"""An evaluation by several processes gives, to the last digit, what a single one gives."""

import logging
import pickle
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest

from ppocr.checkpoint.state import TrainState
from ppocr.config import load, override
from ppocr.engine import setup
from ppocr.engine.averaging import ExponentialAverage
from ppocr.engine.build import build_evaluation
from ppocr.engine.evaluation import EarlyStopping
from ppocr.engine.preparation import resolve
from ppocr.engine.stepper import MixedPrecision
from ppocr.metrics import build_metric
from ppocr.modeling.architectures import build_model
from ppocr.options import global_options
from ppocr.utils.logging import get_logger

ROOT = Path(__file__).resolve().parents[2]
SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]])


def texts(*pairs):
    return [(text, 0.9) for text, _ in pairs], [(label, 1.0) for _, label in pairs]


RECOGNISED = [texts(("ab", "abc"), ("kitten", "sitting")), texts(("", "x"), ("é", "é")), texts(("abcdefg", "abcdefh"))]
DETECTED = [
    ([{"points": [SQUARE, SQUARE + 40]}], [None, None, [[SQUARE]], [[False]]]),
    ([{"points": []}, {"points": [SQUARE]}], [None, None, [[SQUARE], [SQUARE + 2]], [[False], [True]]]),
    ([{"points": [SQUARE + 1]}], [None, None, [[SQUARE, SQUARE + 90]], [[False, False]]]),
]
METRICS = {
    "RecMetric": ({}, [(result, None) for result in RECOGNISED]),
    "ClsMetric": ({}, [(result, None) for result in RECOGNISED]),
    "DetMetric": ({}, DETECTED),
    "DistillationMetric": (
        {"base_metric_name": "RecMetric", "key": "Student"},
        [({"Student": result, "Teacher": RECOGNISED[0]}, None) for result in RECOGNISED],
    ),
}


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
@pytest.mark.parametrize("name", METRICS)
def test_what_processes_counted_adds_up_to_what_one_would_have(name, order):
    options, batches = METRICS[name]
    whole, together, idle, *others = [build_metric({"name": name, **options}) for _ in range(6)]
    for metric, (result, batch) in zip(others, batches):
        metric.update(result, batch)
        whole.update(result, batch)
    parts = [pickle.loads(pickle.dumps(metric.records)) for metric in others]
    together.merge([idle.records, *(parts[number] for number in order)])
    for metric in (whole, together):
        metric.add_unreadable(['[{"transcription": "a", "points": []}]', "b"])
    values = whole.get_metric()
    assert together.get_metric() == values and any(values.values())


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """A recogniser, 23 images of which three cannot be read, a guard, and the loss."""
    folder = tmp_path_factory.mktemp("lines")
    rng = np.random.default_rng(0)
    for number in set(range(23)) - {4, 11, 12}:
        cv2.imwrite(str(folder / f"{number}.png"), rng.integers(0, 256, (32, 60 + 5 * number, 3), np.uint8))
    lines = [f"{number}.png\t{'abc0123'[: number % 8 + 1]}\n" for number in range(23)]
    (folder / "labels.txt").write_text("".join(lines))
    dataset = {"name": "SimpleDataSet", "data_dir": str(folder), "label_file_list": [str(folder / "labels.txt")]}
    transforms = [
        {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
        {"CTCLabelEncode": None},
        {"RecResizeImg": {"image_shape": [3, 32, 100]}},
        {"KeepKeys": {"keep_keys": ["image", "label", "length"]}},
    ]
    section = {"dataset": {**dataset, "transforms": transforms}, "loader": {"batch_size_per_card": 2}}
    merged = override(
        load(ROOT / "configs/quickstart/rec.yml"),
        ["Global.device=cpu", "Architecture.Backbone.channels=[4, 4, 4, 4, 8]", "Global.cal_loss_during_eval=true"],
    )
    merged.update(Eval=section, GuardEval={"second": {**section, "loader": {"batch_size_per_card": 8}}})
    return resolve(merged)


def evaluate(rank, config, folder):
    """Metrics, what follows from them, and what the log says, of one process."""
    setup.set_up_processes("cpu")
    logger = get_logger(folder / f"{rank}.log", rank)
    logger.propagate = False
    options = global_options(config)
    paddle.seed(1)
    model = build_model(config["Architecture"])
    for name, tensor in model.state_dict().items():
        if name.endswith(("_mean", "_variance")):  # as after training: those of each process are its own
            sign = -1 if name.endswith("_mean") else 1  # so that activations pass
            tensor.set_value(np.full(tensor.shape, sign * (1.0 + rank / 3), "float32"))
    average = ExponentialAverage(model)
    average.update()
    beats = []
    evaluation = build_evaluation(config, options, MixedPrecision(), "cpu", logger, lambda: beats.append(rank))
    evaluation.stopping = EarlyStopping(patience=1)
    state, decisions = TrainState(), []
    with average.applied(model):
        for _ in range(2):
            metrics = evaluation(model)
            decisions.append((evaluation.keep_if_best(metrics, state), evaluation.wants_stop(metrics)))
    found = {name: value for name, value in metrics.items() if not name.endswith("fps")}
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    batches = len(evaluation.main.dataloader)
    assert len(beats) > 2 * batches  # those of two evaluations, and those of the guard
    return found, decisions, dict(evaluation.main.dataloader.report.counts), batches


@pytest.fixture(scope="module")
def single(config, tmp_path_factory):
    logger = logging.getLogger("ppocr")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    found = evaluate(0, config, tmp_path_factory.mktemp("single"))
    logger.handlers, logger.propagate = handlers, propagate
    logger.setLevel(level)
    return found


@pytest.mark.parametrize("count", [2, 3])
def test_metrics_loss_guards_and_decisions(in_processes, config, single, tmp_path, count):
    metrics, decisions, unreadable, batches = single
    assert set(metrics) == {
        f"{prefix}{name}" for prefix in ("", "second_") for name in ("acc", "norm_edit_dis", "loss")
    }
    assert 0 < metrics["norm_edit_dis"] < 1 and metrics["loss"] > 1 and unreadable == {"unreadable_image": 3}
    assert decisions == [(True, False), (False, True)] and batches == 12
    found = in_processes(lambda rank: evaluate(rank, config, tmp_path), count)
    assert [share for *_, share in found] == {2: [6, 6], 3: [4, 4, 4]}[count]
    for values in found:
        assert values[:3] == (metrics, decisions, unreadable)
    log = (tmp_path / "0.log").read_text()
    for number in (4, 11, 12):
        assert log.count(f" {number}.png (") == 2  # once for each of the two sets
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.log"]
