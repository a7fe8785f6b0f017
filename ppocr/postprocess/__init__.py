"""Post-processing: model outputs to texts, boxes and classes."""

from ppocr.registry import POST_PROCESSES


def build_post_process(config, global_config=None):
    """Builds what the ``PostProcess`` section names.

    Args:
        config: ``{"name": ..., key: value, ...}``.
        global_config: the ``Global`` section; gives parameters that ``config`` leaves out (``character_dict_path``,
            ``use_space_char``, ``label_list``, ...); its ``model_type`` is the scope in which the name is looked up
            first.

    Raises:
        ConfigError: unknown name, unknown key or a value of the wrong type.
    """
    return POST_PROCESSES.build(config, (global_config or {}).get("model_type"), inherited=global_config)
