"""Metric loggers: where a run's numbers go, and its texts, images and histograms where a logger can show them."""

import json
import math
import time
from pathlib import Path

import numpy as np

from ppocr.drawing.figures import draw_curves
from ppocr.errors import UserError
from ppocr.utils.best_effort import BestEffort
from ppocr.utils.metrics_file import FILE, read_series

_LARGEST = 1e12  # in a histogram
_PAUSE = 49  # times that an image of curves took, until the next one


class MetricLogger:
    """What every logger is told.  A logger overrides what it can show; the rest is passed over here.

    Attributes:
        shows_details: whether images and histograms, which take time to make, are of use to it.
        every_step: whether it wants the statistics of the updates between log lines, too.
        title: what it writes, as messages call it.
    """

    shows_details = every_step = False
    title = "the log of metrics"

    def log_metrics(self, metrics: dict, prefix: str, step: int):
        """Takes numbers by name; ``prefix`` is ``start``, ``train`` or ``eval``."""

    def log_step(self, metrics: dict, step: int):
        """Takes the statistics of an update that has no log line; called when the next line is due."""

    def log_best(self, metrics: dict, step: int):
        """Takes the metrics of the best evaluation so far; called after each evaluation."""

    def log_text(self, name: str, text: str, step: int):
        """Takes a text."""

    def log_images(self, images: dict, prefix: str, step: int):
        """Takes images by name: uint8 BGR ``(H, W, 3)``."""

    def log_histograms(self, values: dict, prefix: str, step: int):
        """Takes arrays by name, whose values are to be counted."""

    def close(self):
        """Writes what is still held back."""


class JsonLinesLogger(MetricLogger):
    """Appends one JSON object a call to ``metrics.jsonl``; numbers that are not finite become null."""

    title = FILE

    def __init__(self, folder):
        self._path, self._torn = Path(folder) / FILE, False

    def log_metrics(self, metrics: dict, prefix: str, step: int):
        """Writes ``{"split": prefix, "step": step, "time": seconds since 1970, **metrics}`` as one line."""
        values = {k: v if not isinstance(v, float) or math.isfinite(v) else None for k, v in metrics.items()}
        row = {"split": prefix, "step": step, "time": round(time.time(), 1), **values}
        start, self._torn = "\n" if self._torn else "", True  # a full disk may cut a line off
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(f"{start}{json.dumps(row, ensure_ascii=False)}\n")
        self._torn = False


class CurvesLogger(MetricLogger):
    """Draws ``curves.png`` from ``metrics.jsonl`` after evaluations and at the end.

    After evaluations that follow each other too fast it is left out, so that drawing takes 2 % of the time at most.

    Args:
        folder: of the run.
        clock: gives seconds.
    """

    title = "curves.png"

    def __init__(self, folder, clock=time.monotonic):
        self._folder, self._clock = folder, clock
        self._stale, self._next = False, -math.inf

    def log_metrics(self, metrics: dict, prefix: str, step: int):
        """Draws anew where ``prefix`` is ``eval``."""
        self._stale = True
        if prefix == "eval" and self._clock() >= self._next:
            self.close()

    def close(self):
        """Draws what has come since the last image."""
        if self._stale:
            self._stale, start = False, self._clock()
            draw_curves(read_series(self._folder), self._folder)
            end = self._clock()
            self._next = end + _PAUSE * (end - start)


class DashboardLogger(MetricLogger):
    """A logger whose curves have a point for every update, and one for the best value at each evaluation."""

    every_step = True

    def log_step(self, metrics: dict, step: int):
        """Logs them among those of log lines."""
        self.log_metrics(metrics, "train", step)

    def log_best(self, metrics: dict, step: int):
        """Logs each value as ``best_<name>`` among those of evaluations."""
        self.log_metrics({f"best_{name}": value for name, value in metrics.items()}, "eval", step)


class VisualDLLogger(DashboardLogger):
    """Writes scalars, texts, images and histograms for VisualDL into ``<folder>/vdl``.

    Raises:
        UserError: the package cannot be imported.
    """

    shows_details = True
    title = "VisualDL"

    def __init__(self, folder):
        try:
            from visualdl import LogWriter
        except ImportError as error:
            raise UserError(f"Global.use_visualdl: visualdl cannot be imported ({error})") from None
        self._writer = LogWriter(logdir=str(Path(folder) / "vdl"))

    def log_metrics(self, metrics: dict, prefix: str, step: int):
        """Adds each number as the scalar ``PREFIX/key``."""
        for key, value in metrics.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self._writer.add_scalar(f"{prefix.upper()}/{key}", value, step)

    def log_text(self, name: str, text: str, step: int):
        """Adds a text under its name."""
        self._writer.add_text(name, text, step)

    def log_images(self, images: dict, prefix: str, step: int):
        """Adds each image as ``PREFIX/name``."""
        for name, image in images.items():
            self._writer.add_image(f"{prefix.upper()}/{name}", image[:, :, ::-1], step)

    def log_histograms(self, values: dict, prefix: str, step: int):
        """Adds each array, but for values that are not finite, as the histogram ``PREFIX/name``."""
        for name, array in values.items():
            # NumPy refuses bins that are narrower than the spacing of numbers, as among float32 values close to 1.
            finite = np.clip(array[np.isfinite(array)].astype(np.float64), -_LARGEST, _LARGEST)
            self._writer.add_histogram(f"{prefix.upper()}/{name}", finite, step, buckets=50)

    def close(self):
        """Flushes the event file."""
        self._writer.close()


class WandbLogger(DashboardLogger):
    """Logs numbers to Weights & Biases.

    Args:
        folder: where the run keeps its local files.
        arguments: keys of the ``wandb`` section, given to ``wandb.init`` (project, name, id, entity, ...).
        config: the configuration of the run.

    Raises:
        UserError: the package cannot be imported.
    """

    title = "Weights & Biases"

    def __init__(self, folder, arguments: dict, config: dict):
        try:
            import wandb
        except ImportError:
            raise UserError("Global.use_wandb: wandb is not installed; pip install wandb") from None
        self._run = wandb.init(**{"dir": str(folder), "config": dict(config), **arguments})

    def log_metrics(self, metrics: dict, prefix: str, step: int):
        """Logs each value as ``prefix/key``."""
        self._run.log({f"{prefix}/{key}": value for key, value in metrics.items()}, step=step)

    def close(self):
        """Ends the run."""
        self._run.finish()


class MetricLoggers(MetricLogger):
    """Several loggers that are used as one; an empty one does nothing, and one that fails ends no run."""

    def __init__(self, loggers=()):
        self._loggers, self._best_effort = list(loggers), BestEffort()
        self.shows_details = any(logger.shows_details for logger in self._loggers)
        self.every_step = any(logger.every_step for logger in self._loggers)

    def log_metrics(self, metrics: dict, prefix: str, step: int):
        """Passes the call on to every logger, as all methods here do."""
        self._each("log_metrics", metrics, prefix, step)

    def log_step(self, metrics: dict, step: int):
        """See :meth:`MetricLogger.log_step`."""
        self._each("log_step", metrics, step)

    def log_best(self, metrics: dict, step: int):
        """See :meth:`MetricLogger.log_best`."""
        self._each("log_best", metrics, step)

    def log_text(self, name: str, text: str, step: int):
        """See :meth:`MetricLogger.log_text`."""
        self._each("log_text", name, text, step)

    def log_images(self, images: dict, prefix: str, step: int):
        """See :meth:`MetricLogger.log_images`."""
        self._each("log_images", images, prefix, step)

    def log_histograms(self, values: dict, prefix: str, step: int):
        """See :meth:`MetricLogger.log_histograms`."""
        self._each("log_histograms", values, prefix, step)

    def close(self):
        """Closes every logger."""
        self._each("close")

    def _each(self, method, *arguments):
        for logger in self._loggers:
            with self._best_effort(logger.title):
                getattr(logger, method)(*arguments)
