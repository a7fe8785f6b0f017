"""The builder of losses; each file of this package holds one family."""

from ppocr.registry import LOSSES


def build_loss(config, model_type=None):
    """Builds the loss that the ``Loss`` section names; ``config`` is left as it is.

    Args:
        config: ``{"name": ..., key: value, ...}``.
        model_type: scope in which the name is looked up first.

    Returns:
        A callable ``loss(preds, batch) -> dict`` of tensors with the key ``loss``; ``batch[0]`` is the image and
        ``batch[1:]`` the targets in the order of ``keep_keys``.

    Raises:
        ConfigError: an unknown name or key, or a value that does not fit.
    """
    return LOSSES.build(config, model_type, {"model_type": model_type})
