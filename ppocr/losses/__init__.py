"""The builder of losses; each file of this package holds one family."""

from ppocr.registry import LOSSES


def build_loss(config, model_type=None):
    """Builds the loss that the ``Loss`` section names; ``config`` is left as it is.

    Args:
        config: ``{"name": ..., key: value, ...}``.
        model_type: scope in which the name is looked up first.

    Returns:
        A callable ``loss(preds, batch) -> dict`` of tensors with the key ``loss``; its ``reads`` names the fields that
        it takes of the batch. A plain list holds the image and then these, in this order.

    Raises:
        ConfigError: an unknown name or key, or a value that does not fit.
    """
    return LOSSES.build(config, model_type, {"model_type": model_type})
