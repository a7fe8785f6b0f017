"""What a run says while it runs: statistics, the log line, metrics of training batches, times, a bar."""

import contextlib
import datetime
import sys
import time

import paddle
from tqdm import tqdm

from ppocr.checkpoint.networks import unwrap
from ppocr.data.batch import count_samples
from ppocr.distributed.watchdog import Watchdog
from ppocr.engine.drawn_samples import draw_samples
from ppocr.utils.best_effort import BestEffort
from ppocr.utils.stats import StepStatistics, TrainingStats
from ppocr.utils.timing import NullTimer, StepPart


class Progress:
    """Collects values every step and says them when a line is due.

    Attributes:
        statistics: the values in the window (:class:`ppocr.utils.stats.TrainingStats`).

    Args:
        schedule: :class:`ppocr.engine.train_schedule.TrainSchedule`.
        logger: where lines go.
        loggers: :class:`ppocr.utils.loggers.metric_loggers.MetricLoggers`.
        window: number of values a statistic is the median of.
        training_metric: ``(predictions, batch) -> dict`` computed on training batches, or None.
        profiler: :class:`ppocr.engine.profiling.StepProfiler`, or None.
        memory: whether the line tells the memory of the GPU.
        watchdog: :class:`ppocr.distributed.watchdog.Watchdog`, told of every step; or None.
        timer: :class:`ppocr.utils.timing.NullTimer`, or what stands for it, told of what records and logs; or None.
    """

    def __init__(
        self,
        schedule,
        logger,
        loggers,
        window=20,
        training_metric=None,
        profiler=None,
        memory=False,
        watchdog=None,
        timer=None,
    ):
        self._schedule, self._logger, self._loggers = schedule, logger, loggers
        self.statistics, of_steps = (TrainingStats(window, ["lr"], unsmoothed=["lr"]) for _ in range(2))
        self._steps = StepStatistics(of_steps) if loggers.every_step else None
        self._training_metric, self._profiler, self._memory = training_metric, profiler, memory
        self._watchdog, self._timer = watchdog or Watchdog(0, ""), timer or NullTimer()
        self._clock, self._best_effort = _Clock(), BestEffort()
        self._bar = None

    def start(self, state):
        """Notes in the metric loggers from which step the run begins or goes on."""
        if self._steps:
            self._steps.restore(self.statistics.state_dict())
        self._loggers.log_metrics({}, "start", state.global_step)

    def watch(self, batches, state):
        """Yields from ``batches`` and times the reading; shows a bar on a terminal."""
        done, total = state.step_in_epoch, self._schedule.steps_per_epoch
        self._bar = tqdm(total=total, initial=done, disable=not sys.stderr.isatty(), leave=False, unit="step")
        self._clock.restart()
        with self._bar:
            iterator = iter(batches)
            while True:
                with self._clock.reading():
                    item = next(iterator, None)
                if item is None:
                    return
                yield item
                self._bar.update()
                if self._profiler:
                    self._profiler.step()

    def record(self, losses, lr, predictions, batches, state):
        """Takes the values of one update; nothing here waits for the device unless a training metric is on."""
        self._watchdog.heartbeat()
        with self._timer.part(StepPart.LOG):
            self._record(losses, lr, predictions, batches, state)

    def _record(self, losses, lr, predictions, batches, state):
        values = {"lr": lr}
        if self._training_metric and state.epoch % self._schedule.metric_epoch_step == 0:
            values.update(self._training_metric(predictions, batches[-1]))
        values.update({key: value for key, value in losses.items() if getattr(value, "size", 1) == 1})
        self.statistics.update(values)
        if self._steps:
            self._steps.add(state.global_step, values)
        self._clock.count(sum(map(count_samples, batches)))

    def log_line(self, state):
        """Writes the line that is due: here the values of the window come from the device."""
        with self._timer.part(StepPart.LOG):
            self._log_line(state)

    def _log_line(self, state):
        values = self.statistics.get()
        times = self._clock.close_window()
        remaining = self._clock.seconds_per_step() * self._schedule.at(state).remaining()
        line = (
            f"epoch: [{state.epoch}/{self._schedule.epoch_num}], global_step: {state.global_step}, "
            f"{self.statistics.log()}, avg_reader_cost: {times.reader:.5f} s, avg_batch_cost: {times.batch:.5f} s, "
            f"avg_samples: {times.samples}, ips: {times.ips:.5f} samples/s, "
            f"eta: {datetime.timedelta(seconds=int(remaining))}{self._memory_text()}"
        )
        self._log(line)
        if self._steps:
            for step, statistics in self._steps.take()[:-1]:  # the last one is that of this line
                self._loggers.log_step(statistics, step)
        costs = {"ips": times.ips, "reader_cost": times.reader, "batch_cost": times.batch}
        self._loggers.log_metrics({"epoch": state.epoch, **values, **costs}, "train", state.global_step)

    def log_evaluation(self, metrics, state):
        """Writes the metrics of an evaluation and those of the best one."""
        best = _join(state.best)
        self._log("best metric, " + best)
        self._loggers.log_metrics({"epoch": state.epoch, **metrics}, "eval", state.global_step)
        self._loggers.log_best({k: v for k, v in state.best.items() if k != "best_epoch"}, state.global_step)
        self._loggers.log_text("best metric", best, state.global_step)

    def log_details(self, evaluation, model, state):
        """Gives loggers that show them some evaluation samples with what the model made of them, and its parameters."""
        if not self._loggers.shows_details:
            return
        with self._best_effort("samples of the evaluation"):
            image = draw_samples(evaluation.main, model, count=8)
            if image is not None:
                self._loggers.log_images({"samples": image}, "eval", state.global_step)
        values = {name: parameter.astype("float32").numpy() for name, parameter in unwrap(model).named_parameters()}
        self._loggers.log_histograms(values, "parameters", state.global_step)

    def log_metrics(self, metrics, remarks=()):
        """Writes the metrics of the evaluation that has just run, and what is to be said about them."""
        self._log("; ".join(["cur metric, " + _join(metrics), *remarks]))

    def paused(self):
        """Returns a context whose time does not count as training."""
        return self._clock.paused()

    def finish(self, state):
        """Says how the run ended and closes the loggers."""
        self._watchdog.rest()
        if state.best:
            self._log("best metric, " + _join(state.best))
        self._loggers.close()

    def _log(self, line):
        if self._bar is not None and not self._bar.disable:
            self._bar.clear()
        self._logger.info(line)

    def _memory_text(self):
        if not self._memory:
            return ""
        reserved = paddle.device.cuda.max_memory_reserved() // 2**20
        allocated = paddle.device.cuda.max_memory_allocated() // 2**20
        return f", max_mem_reserved: {reserved} MB, max_mem_allocated: {allocated} MB"


def _join(metrics):
    return ", ".join(f"{key}: {value}" for key, value in metrics.items())


class _Times:
    """Averages over the steps of one window: seconds, samples and samples per second."""

    def __init__(self, reader, batch, samples, steps):
        steps = max(steps, 1)
        self.reader, self.batch, self.samples = reader / steps, batch / steps, samples / steps
        self.ips = samples / batch if batch else 0.0


class _Clock:
    """Measures windows between log lines, without what happens in :meth:`paused`."""

    def __init__(self):
        self._total_seconds, self._total_steps = 0.0, 0
        self.restart()

    def restart(self):
        self._start, self._reader, self._samples, self._steps = time.perf_counter(), 0.0, 0, 0

    @contextlib.contextmanager
    def reading(self):
        start = time.perf_counter()
        yield
        self._reader += time.perf_counter() - start

    @contextlib.contextmanager
    def paused(self):
        start = time.perf_counter()
        yield
        self._start += time.perf_counter() - start

    def count(self, samples):
        self._samples += samples
        self._steps += 1

    def close_window(self):
        seconds = time.perf_counter() - self._start
        times = _Times(self._reader, seconds, self._samples, self._steps)
        self._total_seconds += seconds
        self._total_steps += self._steps
        self.restart()
        return times

    def seconds_per_step(self):
        return self._total_seconds / max(self._total_steps, 1)
