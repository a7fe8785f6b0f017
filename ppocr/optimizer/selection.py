"""Which parameters a configuration means: patterns over structured names, and freezing by them."""

from fnmatch import fnmatchcase

from ppocr.errors import ConfigError
from ppocr.registry import did_you_mean

# Paddle keeps the running statistics of a normalisation among the parameters; nothing that trains is meant by them.
STATISTICS = ("_mean", "_variance")


def weights(model) -> dict:
    """Returns the parameters of a layer, trainable or not, by structured name; running statistics are left out."""
    return {name: p for name, p in model.named_parameters() if name.rpartition(".")[2] not in STATISTICS}


def matching(patterns, names, where: str) -> list:
    """Returns the names that match at least one pattern, in the order of the names.

    Args:
        patterns: one pattern or several, as in file names: ``*`` matches anything, dots too.
        names: structured names of parameters.
        where: the place in the configuration, for errors.

    Raises:
        ConfigError: a pattern is not a string, or matches no name.
    """
    names = list(names)
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ConfigError(f"{where}: a pattern of parameter names must be a string, not {pattern!r}")
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ConfigError(f"{where}: no parameter of the model matches '{pattern}'{_hint(pattern, names)}")
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def freeze_parameters(model, patterns) -> list:
    """Takes parameters out of training; the others stay as they are.

    The running statistics of a normalisation whose parameters are all frozen stay as they are too, if the model is put
    in training mode by :func:`ppocr.engine.freezing.set_training_mode`.

    Args:
        model: a ``paddle.nn.Layer``.
        patterns: see :func:`matching`.

    Returns:
        The structured names that match.

    Raises:
        ConfigError: see :func:`matching`.
    """
    found = weights(model)
    names = matching(patterns, found, "Optimizer.freeze")
    for name in names:
        found[name].stop_gradient = True
    return names


def _hint(pattern, names):
    """Returns the nearest pattern that matches something, or else how the names begin."""
    parts = [name.split(".") for name in names]
    prefixes = dict.fromkeys(".".join(p[:n]) + ".*" for p in parts for n in range(1, len(p)))
    near = did_you_mean(pattern, [*prefixes, *names])
    return near or "; their names begin with " + ", ".join(dict.fromkeys(p[0] for p in parts))
