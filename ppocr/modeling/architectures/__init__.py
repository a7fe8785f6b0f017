"""The builder of whole models; each file of this package holds one architecture."""

from ppocr.registry import ARCHITECTURES


def build_model(config):
    """Builds the model that the ``Architecture`` section describes; ``config`` is left as it is.

    Args:
        config: the section. With ``name`` it is that registered architecture; without, a ``BaseModel`` of the parts
            ``Transform``, ``Backbone``, ``Neck`` and ``Head``.

    Returns:
        paddle.nn.Layer: it is called with the field of a batch that its ``inputs`` names (a list if there are several),
        and if its ``feed`` names fields, with a mapping of these as ``data``; see
        :func:`ppocr.engine.forward.call_model`. A plain list as ``data`` holds what stands behind the inputs in
        published configurations.

    Raises:
        ConfigError: an unknown name or key, or a value that does not fit.
    """
    return ARCHITECTURES.build({"name": "BaseModel", **config}, scope=config.get("model_type"))
