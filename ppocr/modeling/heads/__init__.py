"""The builder of heads; each file of this package holds one family."""

from ppocr.registry import HEADS


def build_head(config, model_type=None, **supplied):
    """Builds the head that ``config`` names.

    Args:
        config: ``{"name": ..., key: value, ...}``; left as it is.
        model_type: scope in which the name is looked up first.
        **supplied: values that follow from the rest of the model, above all ``in_channels``; they win over the config.

    Returns:
        paddle.nn.Layer: with the attribute ``out_channels`` where a further part may follow.

    Raises:
        ConfigError: an unknown name or key, or a value that does not fit.
    """
    return HEADS.build(config, scope=model_type, supplied={"model_type": model_type, **supplied})
