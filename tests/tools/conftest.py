"""A one-layer model and everything else that the training loop takes, small enough to follow by hand."""

import numpy as np
import paddle
import pytest
from small_runs import write_data

from ppocr.checkpoint.loading import load_checkpoint
from ppocr.checkpoint.writing import Checkpointer
from ppocr.engine.averaging import build_averaging
from ppocr.engine.loop import Run
from ppocr.engine.progress import Progress
from ppocr.engine.stepper import Stepper
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.options import GlobalOptions
from ppocr.utils.loggers.metric_loggers import MetricLogger


class Loader:
    """``count`` batches of ``size`` rows; the rows depend on the epoch."""

    def __init__(self, count, size):
        self.count, self.size, self.epoch, self.skip = count, size, 1, 0

    def __len__(self):
        return self.count

    def set_epoch(self, epoch, skip_batches=0):
        self.epoch, self.skip = epoch, skip_batches

    def __iter__(self):
        rng = np.random.default_rng(self.epoch)
        rows = rng.normal(size=(self.count, self.size, 3)).astype("float32")
        for row in rows[self.skip :]:
            yield [paddle.to_tensor(row[:, :2]), paddle.to_tensor(row[:, 2:])]


class Lines:
    """A logger that keeps its lines."""

    def __init__(self):
        self.lines = []

    def info(self, text, *arguments):
        self.lines.append(text % arguments if arguments else text)

    warning = error = info


class Metrics(MetricLogger):
    """A metric logger that keeps what it gets."""

    def __init__(self):
        self.rows, self.closed = [], False

    def log_metrics(self, metrics, prefix, step):
        self.rows.append((prefix, step, metrics))

    def close(self):
        self.closed = True


class WatchedRun(Run):
    """A run whose ``log``, ``metrics`` and ``folder`` tests look at."""

    def go_on_from(self, prefix, extra_state=None):
        """Puts the run to where a checkpoint was saved."""
        state = load_checkpoint(prefix, self.stepper, self.schedule.steps_per_epoch, extra_state)
        self.schedule = self.schedule.at(state)
        return self


def squared(predictions, batch):
    return {"loss": ((predictions - batch[1]) ** 2).mean()}


@pytest.fixture
def make_run(tmp_path):
    """``make_run(batches, evaluation, **Global options)`` -> everything of a run, ready for the training loop."""

    def make(batches=3, evaluation=None, optimizer=paddle.optimizer.Momentum, size=1, **options):
        paddle.seed(7)
        options = GlobalOptions(**{"epoch_num": 2, "print_batch_step": 1, **options})
        loader = Loader(batches, size)
        schedule = TrainSchedule.from_options(options, len(loader), evaluation is not None)
        model = paddle.nn.Linear(2, 1)
        rate = paddle.optimizer.lr.PolynomialDecay(0.1, decay_steps=20)
        opt = optimizer(rate, parameters=model.parameters())
        stepper = Stepper(model, squared, opt, rate, averaging=build_averaging(options, model), seed=5)
        log, metrics = Lines(), Metrics()
        run = WatchedRun(
            stepper,
            loader,
            evaluation,
            Checkpointer(tmp_path, stepper, log),
            Progress(schedule, log, metrics, window=1),
            schedule,
        )
        run.log, run.metrics, run.folder = log, metrics, tmp_path
        return run

    return make


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory):
    """A folder with the data of ``small_runs.small_run``."""
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return folder
