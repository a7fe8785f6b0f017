"""The builder of whole models; each file of this package holds one architecture."""

from ppocr.registry import ARCHITECTURES


def build_model(config):
    """Builds the model that the ``Architecture`` section describes; ``config`` is left as it is.

    Args:
        config: the section. With ``name`` it is that registered architecture; without, a ``BaseModel`` of the parts
            ``Transform``, ``Backbone``, ``Neck`` and ``Head``.

    Returns:
        paddle.nn.Layer: its ``feed`` says what it is called with: ``"image"`` (the first field of a batch),
        ``"image+targets"`` (``model(batch[0], data=batch[1:])``) or ``"batch"`` (the list as it is).

    Raises:
        ConfigError: an unknown name or key, or a value that does not fit.
    """
    return ARCHITECTURES.build({"name": "BaseModel", **config}, scope=config.get("model_type"))
