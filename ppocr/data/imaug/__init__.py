"""Data operators: built from a configuration's ``transforms`` list and run over samples."""

import numpy as np

from ppocr.data.imaug.fusion import fuse
from ppocr.errors import ConfigError, Dropped
from ppocr.registry import OPERATORS

__all__ = ["create_operators", "name_and_settings", "run_operators", "transform"]

_NOT_PART_OF_A_SAMPLE = ("notes", "facts", "epoch", "rng")


def create_operators(op_param_list, global_config=None) -> list:
    """Builds the operators of a ``transforms`` list; neighbours that are faster together come back as one.

    Args:
        op_param_list: list of ``{Name: {key: value} or None}``.
        global_config: the ``Global`` section, for parameters that the operator's own section leaves out; its
            ``model_type`` is the scope in which names are looked up first.

    Raises:
        ConfigError: not such a list, an unknown operator or a key that does not fit.
    """
    if not isinstance(op_param_list, (list, tuple)):
        raise ConfigError(f"transforms must be a list of operators, not {op_param_list!r}")
    return fuse([_create(i, entry, global_config or {}) for i, entry in enumerate(op_param_list)])


def name_and_settings(entry, position: int):
    """Returns the name and the settings (maybe None) of one item of a ``transforms`` list.

    Raises:
        ConfigError: it is not one operator.
    """
    if not isinstance(entry, dict) or len(entry) != 1:
        given = ", ".join(map(str, entry)) if isinstance(entry, dict) else repr(entry)
        raise ConfigError(f"transforms[{position}] must be one operator, '- Name: {{key: value}}', not: {given}")
    ((name, given),) = entry.items()
    if given is not None and not isinstance(given, dict):
        raise ConfigError(f"transforms[{position}] {name}: its settings must be a mapping, not {given!r}")
    return name, given


def _create(position, entry, global_config):
    name, given = name_and_settings(entry, position)
    try:
        return OPERATORS.build(
            {**(given or {}), "name": name}, scope=global_config.get("model_type"), inherited=global_config
        )
    except ConfigError as error:
        raise ConfigError(f"transforms[{position}] {error}") from error


def run_operators(data: dict, ops, rng: np.random.Generator):
    """Runs the operators over one sample.

    Returns:
        The sample: a dictionary, or a list after ``KeepKeys``.

    Raises:
        Dropped: an operator cannot use the sample.
    """
    for op in ops:
        data = op(data, rng) if op.random else op(data)
    return data


def transform(data: dict, ops, rng=None):
    """Runs the operators over one sample; a dropped sample gives None.

    Args:
        data: the sample; the dictionary itself is not changed.
        ops: what :func:`create_operators` returned.
        rng: ``numpy.random.Generator`` for the random operators; a fresh one if None.
    """
    try:
        sample = run_operators(dict(data), ops, rng or np.random.default_rng())
    except Dropped:
        return None
    if isinstance(sample, dict):
        for key in _NOT_PART_OF_A_SAMPLE:
            sample.pop(key, None)
    return sample
