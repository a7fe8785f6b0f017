"""The builder of transforms; each file of this package holds one family."""

from ppocr.registry import TRANSFORMS


def build_transform(config, model_type=None, **supplied):
    """Builds the transform that ``config`` names.

    Args:
        config: ``{"name": ..., key: value, ...}``; left as it is.
        model_type: scope in which the name is looked up first.
        **supplied: values that follow from the rest of the model, above all ``in_channels``; they win over the config.

    Returns:
        paddle.nn.Layer: with the attribute ``out_channels`` where a further part may follow.

    Raises:
        ConfigError: an unknown name or key, or a value that does not fit.
    """
    return TRANSFORMS.build(config, scope=model_type, supplied=supplied)
