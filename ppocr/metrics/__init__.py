"""Metrics: how good the results of an evaluation are."""

from ppocr.registry import METRICS


def build_metric(config, model_type=None):
    """Builds what the ``Metric`` section names.

    Args:
        config: ``{"name": ..., key: value, ...}``.
        model_type: scope in which the name is looked up first.

    Raises:
        ConfigError: unknown name, unknown key or a value of the wrong type.
    """
    return METRICS.build(config, model_type, {"model_type": model_type})
