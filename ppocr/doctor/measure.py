"""Trains a few steps with a stopwatch around the parts of a step; nothing of it is kept."""

import logging
import mmap
import time
from dataclasses import dataclass, replace
from typing import Any, Callable, Optional

import numpy as np
import paddle

from ppocr.data.batch import shape_of_images
from ppocr.doctor import parts
from ppocr.doctor.facts import Facts
from ppocr.doctor.result import Result
from ppocr.doctor.stopwatch import StepTimer, Stopwatch, Timed
from ppocr.engine import loop
from ppocr.engine.progress import Progress
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.utils.loggers.metric_loggers import MetricLoggers


@dataclass(frozen=True)
class Plan:
    """How long to measure.

    Attributes:
        steps: steps to measure, at most.
        seconds: time after which no further step is begun; one is always measured.
        warm_up: steps before, at least one: they choose kernels, fill caches and start workers.
    """

    steps: int = 20
    seconds: float = 60.0
    warm_up: int = 3


@dataclass(frozen=True)
class Workload:
    """What a run trains with; of no use after it has been measured.

    Attributes:
        stepper: :class:`ppocr.engine.stepper.Stepper`.
        loader: :class:`ppocr.data.loader.BatchLoader`.
        schedule: one without evaluations, of more steps than are measured.
        metric: computed on training batches, or None.
        window: number of values a statistic is the median of.
    """

    stepper: Any
    loader: Any
    schedule: TrainSchedule
    metric: Optional[Callable] = None
    window: int = 20


def measure(work: Workload, facts: Facts, plan: Plan, clock=time.perf_counter) -> Result:
    """Runs the loop of :func:`ppocr.engine.loop.train` for some steps and returns where the time went.

    Raises:
        UserError: the data cannot be used, or the numbers stay bad.
    """
    watch = Stopwatch(clock, _nothing if facts.on_cpu else paddle.device.synchronize)
    reader = _time_reading(work.loader, watch)
    batches = _TimedBatches(work.loader, watch)
    window = _Window(plan, watch, reader, batches, work.schedule.state)
    work.stepper.time_with(StepTimer(watch))
    stepper, progress = Timed(watch, parts.NORM, work.stepper), _silent_progress(work, watch)  # NORM: what is left
    loop.train(loop.Run(stepper, batches, None, window, progress, work.schedule))
    return window.result(facts)


def _nothing():
    """What a CPU does when it is asked to finish."""


def _time_reading(loader, watch):
    """Times what a loader's data set and reader do; returns the reader that it puts into the loader."""
    dataset = loader.dataset
    order = [parts.READ, *(parts.operator(op) for op in dataset.ops), parts.COLLATE, parts.LOADER_REST]
    dataset.time_with(StepTimer(watch))
    loader.reader.time_with(StepTimer(watch))
    dataset.ops = [Timed(watch, parts.operator(op), op) for op in dataset.ops]
    dataset.ext_ops = [Timed(watch, parts.operator(op), op) for op in dataset.ext_ops]
    loader.reader = _TimedReader(loader.reader, watch, order, loader.options.num_workers)
    return loader.reader


def _silent_progress(work, watch):
    """Returns a :class:`Progress` that says nothing, and is timed."""
    nobody = logging.Logger("doctor")
    nobody.addHandler(logging.NullHandler())
    metric = work.metric and Timed(watch, parts.METRIC, work.metric)
    return Progress(work.schedule, nobody, MetricLoggers(), work.window, metric, timer=StepTimer(watch))


class _TimedReader:
    """Reads batches and notes what each part took, in this process or in workers that are forked from it.

    Args:
        reader: :class:`ppocr.data.batch_packing.BatchReader`.
        watch: each process has its own copy of it.
        order: the loader's parts.
        workers: number of worker processes.

    Attributes:
        worker: see :class:`ppocr.data.batch_packing.BatchReader`.
    """

    def __init__(self, reader, watch, order, workers):
        self.worker = None
        self._reader, self._watch, self._order = reader, watch, list(dict.fromkeys(order))
        # Shared with forked processes; each writes a row of its own: seconds of each part, number of batches.
        self._workers, rows, columns = workers, max(workers, 1), len(self._order) + 1
        self._rows = np.frombuffer(mmap.mmap(-1, 8 * rows * columns), np.float64).reshape(rows, columns)

    def __len__(self):
        return len(self._reader)

    def __getitem__(self, keys):
        with self._watch.part(parts.LOADER_REST):
            packed = self._reader[keys]
        taken = self._watch.take(parts.LOADER)
        if (
            self.worker is not None or not self._workers
        ):  # with workers, the main process only looks how large a batch is
            self._rows[self.worker or 0] += [*(taken.get(part, 0.0) for part in self._order), 1]
        return packed

    def totals(self):
        """Returns the seconds of each part and, at the end, the number of batches."""
        return self._rows.sum(axis=0)

    def mean(self, before) -> dict:
        """Returns ``{Part: seconds}`` for one batch of those read since :meth:`totals` gave ``before``."""
        now = self.totals()
        spent = now - before if now[-1] > before[-1] else now
        return dict(zip(self._order, (spent[:-1] / max(spent[-1], 1)).tolist()))


class _TimedBatches:
    """A loader with a stopwatch around what the trainer does to get a batch.

    Attributes:
        count: batches so far.
        last: the last one.
    """

    def __init__(self, loader, watch):
        self._loader, self._watch = loader, watch
        self._beside = loader.options.num_workers > 0
        self.count, self.last = 0, None

    def set_epoch(self, epoch, skip_batches=0):
        self._loader.set_epoch(epoch, skip_batches)

    def __iter__(self):
        iterator, part = iter(self._loader), parts.START  # nobody has read that batch ahead
        while True:
            with self._watch.part(part if self._beside else parts.HAND_OVER):
                batch = next(iterator, None)
            if batch is None:
                return
            part = parts.WAIT
            self.count, self.last = self.count + 1, batch
            yield batch


class _Window:
    """Stands where a run has its checkpoints: writes nothing, but counts the steps and measures some of them.

    Args:
        plan, watch, reader, batches: what is measured, and how.
        state: of the run that it ends.
    """

    def __init__(self, plan, watch, reader, batches, state):
        self._state = state
        self._plan, self._watch, self._reader, self._batches = plan, watch, reader, batches
        self._steps, self._before, self._spent, self._seconds = -plan.warm_up, None, {}, 0.0

    def report_errors(self):
        """Ends a step."""
        self._steps += 1
        if self._steps == 0:
            self._before = self._reader.totals(), self._batches.count
            self._watch.restart()
        elif self._steps > 0:
            self._seconds, self._spent = self._watch.elapsed(), dict(self._watch.seconds)
            self._state.stopped = self._steps >= self._plan.steps or self._seconds >= self._plan.seconds

    def save_latest(self, state, numbered=False):
        """Saves nothing."""

    save_at_once = save_latest

    def finish(self):
        """Has nothing to wait for."""

    def result(self, facts) -> Result:
        """Returns the means over the steps that were measured, in milliseconds."""
        totals, count = self._before
        batches = (self._batches.count - count) / self._steps
        found = {part: 1e3 * batches * seconds for part, seconds in self._reader.mean(totals).items()}
        found.update({p: 1e3 * self._spent[p] / self._steps for p in parts.TRAINER_PARTS if p in self._spent})
        facts = replace(facts, input=_pixels(self._batches.last))
        return Result(facts, self._steps, 1e3 * self._seconds / self._steps, found)


def _pixels(batch):
    """Returns the pixels of an image of a batch; None where the images make no tensor."""
    shape = shape_of_images(batch)
    return shape[-1] * shape[-2] if len(shape) == 4 else None
