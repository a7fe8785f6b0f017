"""The family's import path of :mod:`ppocr.program`, where the training loop is."""

from ppocr import program
from ppocr.errors import ConfigError
from ppocr.program import ArgsParser, eval, load_config, merge_config, preprocess, run, to_float32

__all__ = ["ArgsParser", "eval", "load_config", "merge_config", "preprocess", "run", "to_float32", "train"]


def train(*parts, **named):
    """Trains what has been built; see :func:`ppocr.program.train`.

    Raises:
        ConfigError: the call has the family's form, which begins with a configuration.
    """
    if "config" in named or (parts and isinstance(parts[0], dict)):
        raise ConfigError(
            "program.train takes the built parts of a run, not a configuration: call "
            "ppocr.commands.train.train(*preprocess(is_train=True)) or ppocr.train(file)"
        )
    return program.train(*parts, **named)
