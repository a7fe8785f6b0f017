"""A one-layer model and everything else that the training loop takes, small enough to follow by hand."""

from types import SimpleNamespace

import numpy as np
import paddle
import pytest
from small_runs import write_data

from ppocr.engine.averaging import build_averaging
from ppocr.engine.interruption import Interruption
from ppocr.engine.progress import Progress
from ppocr.engine.schedule import Due
from ppocr.engine.state import TrainState
from ppocr.engine.stepper import Stepper
from ppocr.options import GlobalOptions
from ppocr.utils.loggers.metric_loggers import MetricLogger
from ppocr.utils.save_load import Checkpointer


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


def squared(predictions, batch):
    return {"loss": ((predictions - batch[1]) ** 2).mean()}


@pytest.fixture
def make_run(tmp_path):
    """``make_run(batches, evaluation, **Global options)`` -> everything of a run, ready for the training loop."""

    def make(batches=3, evaluation=None, optimizer=paddle.optimizer.Momentum, size=1, **options):
        paddle.seed(7)
        options = GlobalOptions(**{"epoch_num": 2, "print_batch_step": 1, **options})
        loader = Loader(batches, size)
        due = Due.from_options(options, len(loader), evaluation is not None)
        model = paddle.nn.Linear(2, 1)
        rate = paddle.optimizer.lr.PolynomialDecay(0.1, decay_steps=20)
        opt = optimizer(rate, parameters=model.parameters())
        stepper = Stepper(model, squared, opt, rate, averaging=build_averaging(options, model), seed=5)
        log, metrics = Lines(), Metrics()
        return SimpleNamespace(
            stepper=stepper,
            train_dataloader=loader,
            evaluation=evaluation,
            checkpoints=Checkpointer(tmp_path, stepper, log),
            progress=Progress(due, log, metrics, window=1),
            due=due,
            state=TrainState(),
            interruption=Interruption(),
            log=log,
            metrics=metrics,
            folder=tmp_path,
        )

    return make


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory):
    """A folder with the data of ``small_runs.small_run``."""
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return folder
