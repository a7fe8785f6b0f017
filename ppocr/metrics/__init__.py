"""Metrics: how good the results of an evaluation are."""

from ppocr.errors import ConfigError
from ppocr.metrics.base import Metric
from ppocr.registry import METRICS


def build_metric(config, model_type=None):
    """Builds what the ``Metric`` section names.

    Args:
        config: ``{"name": ..., key: value, ...}``.
        model_type: scope in which the name is looked up first.

    Raises:
        ConfigError: unknown name, unknown key or a value of the wrong type; or the class is no :class:`Metric`.
    """
    metric = METRICS.build(config, model_type, {"model_type": model_type})
    if not isinstance(metric, Metric):
        raise ConfigError(f"{type(metric).__name__} must be derived from {Metric.__module__}.Metric")
    return metric
