"""Metric loggers: each has ``log_metrics(metrics, prefix, step)`` and ``close()``."""

import json
import math
from pathlib import Path

from ppocr.errors import UserError


class JsonLinesLogger:
    """Appends one JSON object a call to ``metrics.jsonl``; numbers that are not finite become null."""

    def __init__(self, folder):
        self._path = Path(folder) / "metrics.jsonl"

    def log_metrics(self, metrics: dict, prefix: str, step: int):
        """Writes ``{"split": prefix, "step": step, **metrics}`` as one line."""
        values = {k: v if not isinstance(v, float) or math.isfinite(v) else None for k, v in metrics.items()}
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"split": prefix, "step": step, **values}, ensure_ascii=False) + "\n")

    def close(self):
        """Nothing stays open between calls."""


class VisualDLLogger:
    """Writes scalars for VisualDL into ``<folder>/vdl``.

    Raises:
        UserError: the package cannot be imported.
    """

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

    def close(self):
        """Flushes the event file."""
        self._writer.close()


class WandbLogger:
    """Logs to Weights & Biases.

    Args:
        folder: where the run keeps its local files.
        arguments: keys of the ``wandb`` section, given to ``wandb.init`` (project, name, id, entity, ...).
        config: the configuration of the run.

    Raises:
        UserError: the package cannot be imported.
    """

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


class MetricLoggers:
    """Several loggers that are used as one; an empty one does nothing."""

    def __init__(self, loggers=()):
        self._loggers = list(loggers)

    def log_metrics(self, metrics: dict, prefix: str, step: int):
        """Passes the call on to every logger."""
        for logger in self._loggers:
            logger.log_metrics(metrics, prefix, step)

    def close(self):
        """Closes every logger."""
        for logger in self._loggers:
            logger.close()
