"""What a run says while it runs: every field of the log line on a clock of our own, and what metric loggers get."""

import numpy as np
import paddle
import pytest

from ppocr.checkpoint.state import TrainState
from ppocr.engine import progress as module
from ppocr.engine.progress import Progress
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.utils.loggers.metric_loggers import DashboardLogger, MetricLogger, MetricLoggers


class Clock:
    """``time``, which goes on when it is told to."""

    def __init__(self):
        self.now = 100.0

    def perf_counter(self):
        return self.now


class Lines:
    def __init__(self):
        self.lines = []

    def info(self, text):
        self.lines.append(text)


class Noted(MetricLogger):
    def __init__(self):
        self.calls = []

    def log_metrics(self, metrics, prefix, step):
        self.calls.append((prefix, step, metrics))


class Dashboard(Noted, DashboardLogger):
    pass


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def make(lines=None, loggers=(), **options):
    schedule = TrainSchedule(epoch_num=2, steps_per_epoch=5, total_steps=10, metric_epoch_step=2)
    return Progress(schedule, lines or Lines(), MetricLoggers(loggers), **options)


def two_steps(progress, state, clock):
    """Two updates of three samples: half a second of reading and one of training each."""

    def batches():
        for _ in range(2):
            clock.now += 0.5
            yield [[np.zeros((3, 1))]]

    for update, batch in enumerate(progress.watch(batches(), state)):
        clock.now += 1.0
        state.advance()
        progress.record({"loss": paddle.to_tensor(2.0 + update)}, 0.125, None, batch, state)


def test_every_field_of_the_line(clock):
    lines, state = Lines(), TrainState()
    progress = make(lines)
    two_steps(progress, state, clock)
    progress.log_line(state)
    assert lines.lines == [
        "epoch: [1/2], global_step: 2, lr: 0.125000, loss: 2.500000, avg_reader_cost: 0.50000 s, "
        "avg_batch_cost: 1.50000 s, avg_samples: 3.0, ips: 2.00000 samples/s, eta: 0:00:12"
    ]


def test_what_is_done_while_training_is_paused_does_not_count(clock):
    lines, state = Lines(), TrainState()
    progress = make(lines)
    two_steps(progress, state, clock)
    with progress.paused():
        clock.now += 1000
    progress.log_line(state)
    assert "avg_batch_cost: 1.50000 s" in lines.lines[0] and "eta: 0:00:12" in lines.lines[0]


def test_the_memory_of_the_gpu(clock, monkeypatch):
    monkeypatch.setattr(paddle.device.cuda, "max_memory_reserved", lambda: 7 * 2**20)
    monkeypatch.setattr(paddle.device.cuda, "max_memory_allocated", lambda: 5 * 2**20)
    lines, state = Lines(), TrainState()
    progress = make(lines, memory=True)
    two_steps(progress, state, clock)
    progress.log_line(state)
    assert lines.lines[0].endswith(", max_mem_reserved: 7 MB, max_mem_allocated: 5 MB")


def test_the_rate_of_the_step_is_said_and_no_median_of_a_window():
    lines, noted, state = Lines(), Noted(), TrainState()
    progress = make(lines, [noted])
    progress.statistics.load_state_dict({"lr": [0.5, 0.5, 0.5], "loss": [4.0, 4.0]})  # as after a resume
    progress.start(state)
    progress.record({"loss": 1.0}, 0.25, None, [[np.zeros((3, 1))]], state)
    progress.log_line(state)
    assert "lr: 0.250000, loss: 4.000000" in lines.lines[0]
    assert noted.calls[-1][2]["lr"] == 0.25


@pytest.mark.parametrize("epoch, metrics", [(1, {}), (2, {"acc": 0.75})])
def test_the_metric_of_training_batches_in_every_second_epoch(clock, epoch, metrics):
    asked, state = [], TrainState(epoch=epoch)

    def training_metric(predictions, batch):
        asked.append((predictions, batch))
        return {"acc": 0.75}

    progress = make(training_metric=training_metric)
    batch = [np.zeros((3, 1))]
    progress.record({"loss": 1.0}, 0.1, "predictions", [["another"], batch], state)
    assert progress.statistics.get() == {"lr": 0.1, **metrics, "loss": 1.0}
    assert asked == ([("predictions", batch)] if metrics else [])


def test_dashboards_get_a_point_for_every_step_when_a_line_is_due(clock):
    plain, dashboard, state = Noted(), Dashboard(), TrainState()
    progress = make(loggers=[plain, dashboard], window=2)
    progress.statistics.load_state_dict({"lr": [0.125], "loss": [4.0]})  # as after a resume
    progress.start(state)
    two_steps(progress, state, clock)
    assert [call[0] for call in dashboard.calls] == ["start"]  # nothing was read from the device yet
    progress.log_line(state)
    assert dashboard.calls[1] == ("train", 1, {"lr": 0.125, "loss": 3.0})
    assert [call[:2] for call in dashboard.calls[2:]] == [("train", 2)]
    assert {"lr": 0.125, "loss": 2.5}.items() <= dashboard.calls[2][2].items()
    assert plain.calls == [dashboard.calls[0], dashboard.calls[2]]


def test_dashboards_get_the_best_value_at_each_evaluation():
    plain, dashboard = Noted(), Dashboard()
    state = TrainState(global_step=4, best={"acc": 0.5, "fps": 9.0, "best_epoch": 1})
    make(loggers=[plain, dashboard]).log_evaluation({"acc": 0.25, "fps": 8.0}, state)
    assert plain.calls == [("eval", 4, {"epoch": 1, "acc": 0.25, "fps": 8.0})]
    assert dashboard.calls == [*plain.calls, ("eval", 4, {"best_acc": 0.5, "best_fps": 9.0})]


def test_the_window_is_the_one_of_the_configuration(tmp_path):
    from ppocr.engine.build import build_progress
    from ppocr.options import GlobalOptions

    options = GlobalOptions(log_smooth_window=3, save_model_dir=str(tmp_path))
    progress = build_progress({}, options, TrainSchedule(1, 9, total_steps=9), "cpu", Lines(), None, None)
    for loss in (9.0, 9.0, 1.0, 2.0, 3.0):
        progress.statistics.update({"loss": loss})
    assert progress.statistics.get() == {"loss": 2.0}
