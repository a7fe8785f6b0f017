"""Where metrics go besides the log: ``metrics.jsonl`` always, VisualDL and Weights & Biases on request."""

from ppocr.utils.loggers.metric_loggers import JsonLinesLogger, MetricLoggers, VisualDLLogger, WandbLogger


def build_loggers(config, options) -> MetricLoggers:
    """Returns the loggers that a configuration asks for.

    Args:
        config: the whole configuration; a ``wandb`` section turns that logger on and gives its arguments.
        options: :class:`ppocr.global_options.GlobalOptions`.
    """
    folder = options.save_model_dir
    loggers = [JsonLinesLogger(folder)]
    if options.use_visualdl:
        loggers.append(VisualDLLogger(folder))
    wandb = config.get("wandb")
    if options.use_wandb or wandb:
        loggers.append(WandbLogger(folder, {**(wandb or {})}, config))
    return MetricLoggers(loggers)


__all__ = ["build_loggers"]
