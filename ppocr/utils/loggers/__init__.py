"""Where metrics go besides the log: always to ``metrics.jsonl`` and ``curves.png``, to others on request."""

from ppocr.config import snapshot
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
        options: :class:`ppocr.global_options.GlobalOptions`.
    """
    folder = options.save_model_dir
    loggers = [JsonLinesLogger(folder), CurvesLogger(folder)]  # the second reads what the first has written
    if options.use_visualdl:
        loggers.append(VisualDLLogger(folder))
    wandb = config.get("wandb")
    if options.use_wandb or wandb:
        loggers.append(WandbLogger(folder, {**(wandb or {})}, config))
    together = MetricLoggers(loggers)
    together.log_text("config", snapshot(config), 0)
    return together


__all__ = ["build_loggers"]
