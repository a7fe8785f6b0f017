"""Where metrics go besides the log: always to ``metrics.jsonl`` and ``curves.png``, to others on request."""

from ppocr.config import snapshot
from ppocr.errors import UserError
from ppocr.utils.best_effort import BestEffort
from ppocr.utils.loggers.metric_loggers import (
    CurvesLogger,
    JsonLinesLogger,
    MetricLoggers,
    VisualDLLogger,
    WandbLogger,
)


def build_loggers(config, options) -> MetricLoggers:
    """Returns the loggers that a configuration asks for; they have been told the configuration.

    Args:
        config: the whole configuration; a ``wandb`` section turns that logger on and gives its arguments.
        options: :class:`ppocr.options.GlobalOptions`.
    """
    folder = options.save_model_dir
    loggers = [JsonLinesLogger(folder), CurvesLogger(folder)]  # the second reads what the first has written
    if options.use_visualdl:
        loggers += _begun(VisualDLLogger, folder)
    wandb = config.get("wandb")
    if options.use_wandb or wandb:
        loggers += _begun(WandbLogger, folder, {**(wandb or {})}, config)
    together = MetricLoggers(loggers)
    together.log_text("config", snapshot(config), 0)
    return together


def _begun(kind, *arguments) -> list:
    """Returns a logger, or none where it cannot begin: without a network or a login a run goes on all the same.

    Raises:
        UserError: its package is not installed.
    """
    with BestEffort(but=UserError)(kind.title):
        return [kind(*arguments)]
    return []


__all__ = ["build_loggers"]
