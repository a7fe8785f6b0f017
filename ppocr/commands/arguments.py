"""The command lines of the tools, and what these do with them first."""

import argparse

from ppocr import preflight
from ppocr.config import load, override
from ppocr.engine.preparation import prepare


class OptionsParser(argparse.ArgumentParser):
    """What every command line has: ``-o key=value ...`` and ``--traceback``.

    Args:
        description: what ``--help`` begins with.
    """

    def __init__(self, description=None):
        super().__init__(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        self.add_argument("-o", "--opt", nargs="+", action="extend", default=[], help="key.path=value overrides")
        self.add_argument("--traceback", action="store_true", help="show where an error was raised")


class ArgsParser(OptionsParser):
    """The command line of every tool of one configuration: ``-c config.yml -o key=value ... -p profiler options``.

    Args:
        description: what ``--help`` begins with.
        config_required: whether the tool can do nothing without ``-c``.
    """

    def __init__(self, description=None, config_required: bool = True):
        super().__init__(description)
        self.add_argument("-c", "--config", required=config_required, help="configuration file (YAML)")
        self.add_argument(
            "-p", "--profiler_options", help='"batch_range=[10,20];profile_path=DIR;..." writes a timeline'
        )


def preprocess(is_train: bool = False, arguments=None):
    """Reads the command line and sets up what every tool needs.

    Args:
        is_train: make and log to ``Global.save_model_dir``, and save the configuration there.
        arguments: command-line words; by default those of the process.

    Returns:
        (config, device, logger, loggers): a read-only configuration with everything derived, the name of the device,
        the logger, the metric loggers.

    Raises:
        UserError: the configuration has problems, or a device or folder cannot be used.
    """
    args = ArgsParser().parse_args(arguments)
    merged = override(load(args.config), args.opt)
    if is_train:
        return prepare_training(merged, args.config, args.profiler_options)
    return prepare(merged, args.config, profiler_options=args.profiler_options)


def prepare_training(merged, path, profiler_options=None):
    """Prepares a training, after the checks that take no time; see :func:`ppocr.engine.preparation.prepare`."""
    return prepare(merged, path, True, profiler_options, preflight.cheap_warnings)
