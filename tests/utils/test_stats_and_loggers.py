import io
import json
import logging
import math
import sys
import time
from types import SimpleNamespace

import cv2
import numpy as np
import paddle
import pytest

from ppocr.checkpoint.state import TrainState
from ppocr.commands import say_error
from ppocr.drawing.figures import draw_curves
from ppocr.engine.progress import Progress
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.errors import UserError
from ppocr.metrics import build_metric
from ppocr.options import GlobalOptions
from ppocr.utils.best_effort import BestEffort
from ppocr.utils.loggers import build_loggers, metric_loggers
from ppocr.utils.loggers.metric_loggers import CurvesLogger, JsonLinesLogger, MetricLogger, MetricLoggers, WandbLogger
from ppocr.utils.logging import format_config, get_logger
from ppocr.utils.metrics_file import read_series
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
    assert abs(rows[0].pop("time") - time.time()) < 60
    assert rows[0] == {"split": "eval", "step": 7, "acc": 0.5, "loss": None, "big": None, "n": 3}
    assert rows[1]["step"] == 8


class Fake(MetricLogger):
    """Notes what it is told, on a list that several may share."""

    def __init__(self, calls):
        self.calls = calls

    def log_metrics(self, *arguments):
        self.calls.append(arguments)

    def close(self):
        self.calls.append("closed")


class Detailed(Fake):
    shows_details = True

    def log_text(self, *arguments):
        self.calls.append(arguments)

    log_images = log_histograms = log_text


def test_several_loggers_are_used_as_one_and_each_takes_what_it_can_show():
    plain, detailed = [], []
    together = MetricLoggers([Fake(plain), Detailed(detailed)])
    assert together.shows_details and not MetricLoggers([Fake([])]).shows_details
    together.log_metrics({"a": 1}, "train", 1)
    together.log_text("config", "x", 0)
    together.log_images({}, "eval", 2)
    together.log_histograms({}, "parameters", 3)
    together.close()
    assert plain == [({"a": 1}, "train", 1), "closed"]
    assert detailed == [({"a": 1}, "train", 1), ("config", "x", 0), ({}, "eval", 2), ({}, "parameters", 3), "closed"]


def test_visualdl_gets_numbers_texts_images_and_histograms(tmp_path):
    pytest.importorskip("visualdl")
    options = GlobalOptions(save_model_dir=str(tmp_path), use_visualdl=True)
    loggers = build_loggers({"Global": {"epoch_num": 3}}, options)
    loggers.log_metrics({"acc": 0.5, "flag": True, "name": "x"}, "eval", 7)
    image = np.zeros((8, 12, 3), np.uint8)
    image[..., 0] = 255  # blue in BGR
    loggers.log_images({"samples": image}, "eval", 1)
    loggers.log_histograms({"fc.weight": np.array([[0, 1], [1, 1], [1, np.nan]], np.float32)}, "parameters", 1)
    for name, array in (("close", [1, 1 + 2**-23]), ("huge", [1e38, 1e38]), ("empty", [np.nan])):
        loggers.log_histograms({name: np.array(array, np.float32)}, "parameters", 1)
    loggers.log_text("best metric", "acc: 0.5", 1)
    loggers.close()
    from visualdl import LogReader

    reader = LogReader(file_path=str(next((tmp_path / "vdl").glob("*.log"))))
    assert reader.get_tags()["scalar"] == ["EVAL/acc"]
    assert [(point.id, point.value) for point in reader.get_data("scalar", "EVAL/acc")] == [(7, 0.5)]
    assert reader.get_data("text", "config")[0].text.encoded_text_string == "Global: {epoch_num: 3}\n"
    assert reader.get_data("text", "best metric")[0].text.encoded_text_string == "acc: 0.5"
    encoded = reader.get_data("image", "EVAL/samples")[0].image.encoded_image_string
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR), image)
    counts = list(reader.get_data("histogram", "PARAMETERS/fc.weight")[0].histogram.hist)
    assert (counts[0], counts[-1], sum(counts)) == (1, 4, 5)
    for name, count in (("close", 2), ("huge", 2), ("empty", 0)):
        assert sum(reader.get_data("histogram", f"PARAMETERS/{name}")[0].histogram.hist) == count


def test_the_curves_are_drawn_after_each_evaluation_and_at_the_end(tmp_path):
    loggers = build_loggers({}, GlobalOptions(save_model_dir=str(tmp_path)))
    image = tmp_path / "curves.png"
    loggers.log_metrics({"loss": 2.0}, "train", 1)
    assert not image.exists()
    loggers.log_metrics({"acc": 0.5, "fps": 9.0}, "eval", 1)
    first = image.read_bytes()
    image.unlink()
    loggers.close()
    assert not image.exists()  # nothing has come since
    loggers.log_metrics({"loss": 1.0}, "train", 2)
    loggers.close()
    assert image.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and image.read_bytes() != first


def test_curves_are_not_drawn_after_evaluations_that_follow_each_other_fast(tmp_path, monkeypatch):
    now, drawn = [0.0], []

    def draw(series, folder):
        drawn.append(now[0])
        now[0] += 2

    monkeypatch.setattr(metric_loggers, "draw_curves", draw)
    curves = CurvesLogger(tmp_path, clock=lambda: now[0])
    for moment in (5, 50, 104, 105, 300):
        now[0] = moment
        curves.log_metrics({"acc": 0.5}, "eval", moment)
    now[0] = 303
    curves.log_metrics({"acc": 0.5}, "eval", 303)
    curves.close()
    curves.close()
    assert drawn == [5, 105, 300, 303]


class Failing(Fake):
    title = "failing"

    def log_metrics(self, *arguments):
        super().log_metrics(*arguments)
        raise PermissionError(13, "Permission denied", "a.png")


def test_a_logger_that_fails_is_said_once_and_ends_no_run(ppocr_caplog):
    failing, working = Failing([]), Fake([])
    loggers = MetricLoggers([failing, working])
    for step in (1, 2):
        loggers.log_metrics({"acc": 0.5}, "eval", step)
    assert len(failing.calls) == len(working.calls) == 2
    (record,) = ppocr_caplog.records
    assert record.getMessage() == (
        "failing: cannot be written or drawn, the run goes on without: "
        "PermissionError: [Errno 13] Permission denied: 'a.png'"
    )


def test_metrics_go_on_behind_a_line_that_a_full_disk_has_cut_off(tmp_path, monkeypatch):
    log = JsonLinesLogger(tmp_path)
    log.log_metrics({"loss": 2.0}, "train", 1)
    with monkeypatch.context() as patch:
        patch.setattr(metric_loggers.json, "dumps", lambda *_, **__: "\ud800")  # fails while it is written
        with pytest.raises(UnicodeEncodeError):
            log.log_metrics({"loss": 1.5}, "train", 2)
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"split": "tr')
    for step in (3, 4):
        log.log_metrics({"loss": 1.0}, "train", step)
    assert read_series(tmp_path) == {("train", "loss"): {1: 2.0, 3: 1.0, 4: 1.0}}


def test_speeds_of_guard_sets_do_not_flatten_the_curves(tmp_path):
    logger = JsonLinesLogger(tmp_path)
    logger.log_metrics({"acc": 0.5, "other_acc": 0.4}, "eval", 1)
    alone = draw_curves(read_series(tmp_path), tmp_path).read_bytes()
    logger.log_metrics({"fps": 90.0, "other_fps": 80.0}, "eval", 1)
    assert draw_curves(read_series(tmp_path), tmp_path).read_bytes() == alone


def test_without_numbers_there_are_no_curves(tmp_path):
    assert draw_curves(read_series(tmp_path), tmp_path) is None and not list(tmp_path.iterdir())


def evaluation_of(results):
    """An evaluation whose first batch is two black images with ``results``."""
    images = np.zeros((2, 3, 8, 16), np.float32)
    metric = build_metric({"name": "RecMetric"})
    main = SimpleNamespace(examples=lambda model, count: iter([(images, results, [images])]), metric=metric)
    return SimpleNamespace(main=main)


@pytest.mark.parametrize("results, images", [(([("a", 0.9), ("b", 0.5)], [("a", 1.0), ("c", 1.0)]), 1), ("other", 0)])
def test_details_are_made_for_those_who_show_them(results, images):
    model, state = paddle.nn.Linear(2, 1), TrainState(global_step=5)
    calls = []
    Progress(TrainSchedule(1, 1), None, MetricLoggers([Detailed(calls)])).log_details(
        evaluation_of(results), model, state
    )
    assert [(prefix, step) for _, prefix, step in calls] == [("eval", 5)] * images + [("parameters", 5)]
    assert {name: array.shape for name, array in calls[-1][0].items()} == {"weight": (2, 1), "bias": (1,)}
    Progress(TrainSchedule(1, 1), None, MetricLoggers([Fake([])])).log_details(None, None, state)  # asks for nothing


def test_a_line_logs_gradient_norm_speed_and_costs(tmp_path):
    progress = Progress(
        TrainSchedule(1, 4, total_steps=4), logging.getLogger("none"), MetricLoggers([JsonLinesLogger(tmp_path)])
    )
    state = TrainState(global_step=2)
    losses = {"loss": paddle.to_tensor(2.0), "grad_norm": paddle.to_tensor(0.5)}
    progress.record(losses, 0.1, None, [[np.zeros((3, 1))]], state)
    progress.log_line(state)
    row = json.loads((tmp_path / "metrics.jsonl").read_text())
    keys = ["split", "step", "time", "epoch", "lr", "loss", "grad_norm", "ips", "reader_cost", "batch_cost"]
    assert list(row) == keys and (row["grad_norm"], row["reader_cost"]) == (0.5, 0.0)
    assert row["ips"] == pytest.approx(3 / row["batch_cost"])


def test_samples_that_cannot_be_drawn_end_no_run(ppocr_caplog):
    def fail(model, count):
        raise MemoryError

    evaluation, calls = SimpleNamespace(main=SimpleNamespace(examples=fail)), []
    progress = Progress(TrainSchedule(1, 1), None, MetricLoggers([Detailed(calls)]))
    for step in (3, 6):
        progress.log_details(evaluation, paddle.nn.Linear(2, 1), TrainState(global_step=step))
    assert [prefix for _, prefix, _ in calls] == ["parameters", "parameters"]
    assert [r.getMessage().split(":")[0] for r in ppocr_caplog.records] == ["samples of the evaluation"]


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


def test_wandb_that_cannot_begin_is_left_out(tmp_path, monkeypatch, ppocr_caplog):
    class Module:
        @staticmethod
        def init(**arguments):
            raise ConnectionError("no network")

    monkeypatch.setitem(sys.modules, "wandb", Module)
    loggers = build_loggers({}, GlobalOptions(save_model_dir=str(tmp_path), use_wandb=True))
    assert "Weights & Biases: cannot be written or drawn, the run goes on without: ConnectionError" in ppocr_caplog.text
    loggers.log_metrics({"loss": 2.0}, "train", 1)
    assert read_series(tmp_path) == {("train", "loss"): {1: 2.0}} and len(ppocr_caplog.records) == 1


def test_best_effort_lets_through_what_it_is_told_to():
    with pytest.raises(UserError), BestEffort(but=UserError)("an image"):
        raise UserError("not installed")


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


def test_a_log_file_that_can_no_longer_be_written_is_said_once(tmp_path, capsys, restored_logger):
    logger = get_logger(tmp_path / "train.log")

    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    logger.handlers[-1].setStream(Full()).close()
    for _ in range(2):
        logger.info("hello")
    printed = capsys.readouterr()
    assert printed.out.count("hello") == 2
    assert printed.err == f"{tmp_path / 'train.log'}: cannot be written ([Errno 28] No space left on device)\n"


def test_a_folder_in_place_of_the_log_is_one_line(tmp_path, restored_logger):
    (tmp_path / "train.log").mkdir()
    with pytest.raises(UserError, match=r"train.log: cannot be written \(Is a directory\)"):
        get_logger(tmp_path / "train.log")


def test_characters_that_would_steer_a_terminal_are_shown(tmp_path, capsys, restored_logger):
    get_logger(tmp_path / "train.log").warning("label %s", "\x1b[2Ja\tb\nc\r\x9b")
    assert capsys.readouterr().out.endswith("label \\x1b[2Ja\tb\nc\\x0d\\x9b\n")
    say_error("\x1b]0;x\x07")
    get_logger()
    assert capsys.readouterr().err.endswith("ERROR: \\x1b]0;x\\x07\n")


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
