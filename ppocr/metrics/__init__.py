"""Metrics: how good the results of an evaluation are."""

from ppocr.registry import METRICS


def build_metric(config):
    """Builds what the ``Metric`` section names.

    Args:
        config: ``{"name": ..., key: value, ...}``.

    Raises:
        ConfigError: unknown name, unknown key or a value of the wrong type.
    """
    return METRICS.build(config)
