"""From a merged configuration to one that is ready: checked, resolved, with device, processes, folder, log and seed."""

import contextlib
from pathlib import Path

from ppocr import config as configuration
from ppocr.distributed import processes
from ppocr.engine import setup
from ppocr.engine.folder import follow, open_folder
from ppocr.engine.folder_lock import given_up_on_error
from ppocr.engine.run_info import describe_start
from ppocr.errors import ConfigError, UserError
from ppocr.imports import import_modules
from ppocr.options import global_options
from ppocr.postprocess import build_post_process
from ppocr.utils.loggers import build_loggers
from ppocr.utils.logging import format_config, get_logger, quiet_other_packages


def prepare(merged, path, is_train: bool = False, profiler_options=None, check=None):
    """Imports ``Global.imports``, validates, and sets up device, processes, folder, log and seed.

    Args:
        merged: the configuration with its overrides.
        path: the file it comes from; None if it was made in Python.
        is_train: make and log to ``Global.save_model_dir``, and save the configuration there.
        profiler_options: options of :func:`ppocr.engine.profiling.build_profiler`.
        check: ``check(merged, path) -> warnings``: what a training looks at before its folder is opened.

    Returns:
        (config, device, logger, loggers): a read-only configuration with everything derived, the name of the device,
        the logger, the metric loggers.

    Raises:
        UserError: the configuration has problems, or a device or folder cannot be used.
    """
    import_modules(merged)
    found = configuration.check(merged)
    if found.problems:
        raise ConfigError(list_problems(path, found.problems))
    if profiler_options:
        merged["profiler_options"] = profiler_options
    options = global_options(merged)
    device = setup.set_up_device(options)
    rank = setup.set_up_processes(device)  # before the checks: what only one machine lacks has to end all of them
    if check is not None:
        found.warnings += check(merged, path)
    resolved = resolve(merged)
    found.warnings += configuration.replaced(merged, resolved)
    folder = setup.prepare_folder(options) if is_train else None
    if is_train:
        found.warnings += _open_folder(merged, resolved, options, path, describe_start(merged))
    quiet_other_packages()
    with given_up_on_error(folder) if is_train else contextlib.nullcontext():
        logger = get_logger(folder / "train.log" if is_train else None, rank)
    for warning in found.warnings:
        logger.warning("%s", warning)
    loggers = None
    if is_train:
        _start_log(logger, resolved, device, options)
        if rank == 0:
            with given_up_on_error(folder):
                write_config(folder, merged, path)
                loggers = build_loggers(merged, options)
    setup.set_up_seed(options.seed)
    return configuration.freeze(resolved), device, logger, loggers


def _open_folder(merged, resolved, options, path, facts) -> list:
    """Opens the folder of the run in the first process and has the configuration follow; returns what there is to say.

    See :func:`ppocr.engine.folder.open_folder`.
    """
    processes.barrier()  # nothing is moved for a run in which another process has failed its checks
    opening = processes.broadcast_object(lambda: open_folder(merged, options, path, facts))
    for config in (merged, resolved):
        follow(config, options.save_model_dir, opening.moved)
        config["Global"].pop("overwrite", None)  # asked for once: a run from its config.yml must not remove this one
    if options.resume == "auto":
        resolved["Global"].update(checkpoints=opening.checkpoint, resume=None)
    return opening.warnings


def write_config(folder, merged, path):
    """Writes ``config.yml``, and ``base.yml``: what the file ``path`` starts from, so that differences can be told.

    A run that goes on from its own ``config.yml`` keeps the base that it has.

    Raises:
        UserError: they cannot be written, as on a full disk.
    """
    texts = {"config.yml": configuration.snapshot(merged)}
    if path is not None and Path(path).resolve() != (folder / "config.yml").resolve():
        texts["base.yml"] = f"# base of {path}\n{configuration.snapshot(configuration.load_base(path))}"
    try:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error})") from None


def resolve(config):
    """Returns the configuration with what follows from its dictionary filled in; see :func:`ppocr.config.resolve`."""
    shared = configuration.shared_values(config)
    return configuration.resolve(config, build_post_process(config["PostProcess"], shared))


def list_problems(path, problems) -> str:
    """Returns the message of an error about all that is wrong with a configuration, the file ``path``."""
    if len(problems) == 1:
        return str(problems[0])
    return "\n  ".join([f"{path or 'the configuration'}: {len(problems)} problems", *map(str, problems)])


def _start_log(logger, config, device, options):
    for line in setup.describe_machine(device, options.seed):
        logger.info(line)
    for line in format_config(config):
        logger.info(line)
    for warning in setup.precision_warnings(config["Global"], options, device):
        logger.warning("%s", warning)
