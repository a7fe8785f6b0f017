"""The builders of a model's parts."""


def part_builder(registry, passes_scope=False):
    """Returns the builder of what ``registry`` holds.

    Args:
        registry: the parts of one kind.
        passes_scope: supply the model type to the part, as ``model_type``.
    """

    def build_part(config, model_type=None, **supplied):
        """Builds the part that ``config`` names.

        Args:
            config: ``{"name": ..., key: value, ...}``; left as it is.
            model_type: scope in which the name is looked up first.
            **supplied: values that follow from the rest of the model, above all ``in_channels``; they win over the
                config.

        Returns:
            paddle.nn.Layer: with the attribute ``out_channels`` where a further part may follow.

        Raises:
            ConfigError: an unknown name or key, or a value that does not fit.
        """
        if passes_scope:
            supplied = {"model_type": model_type, **supplied}
        return registry.build(config, scope=model_type, supplied=supplied)

    return build_part
