"""The training program: command line, configuration, the training loop, evaluation."""

import argparse
import contextlib
import logging
from pathlib import Path

from ppocr import config as configuration
from ppocr import preflight
from ppocr.commands import run
from ppocr.data import shared_memory
from ppocr.distributed import processes
from ppocr.engine import setup
from ppocr.engine.evaluator import Evaluator
from ppocr.engine.folder import follow, open_folder
from ppocr.engine.folder_lock import given_up_on_error
from ppocr.engine.freezing import set_training_mode
from ppocr.engine.run_facts import describe_start
from ppocr.engine.stepper import MixedPrecision, to_float32
from ppocr.errors import ConfigError, UserError
from ppocr.imports import import_modules
from ppocr.options import global_options
from ppocr.postprocess import build_post_process
from ppocr.utils.loggers import build_loggers
from ppocr.utils.logging import format_config, get_logger

__all__ = ["ArgsParser", "eval", "load_config", "merge_config", "preprocess", "run", "to_float32", "train"]


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


def load_config(path):
    """Reads a configuration file; see :func:`ppocr.config.load`."""
    return configuration.load(path)


def merge_config(config, opts):
    """Applies ``key.path=value`` overrides, a list or a mapping; see :func:`ppocr.config.override`."""
    return configuration.override(config, opts)


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
    merged = merge_config(load_config(args.config), args.opt)
    return prepare(merged, args.config, is_train, args.profiler_options)


def prepare(merged, path, is_train: bool = False, profiler_options=None):
    """Imports ``Global.imports``, validates, and sets up device, processes, folder, log and seed.

    Args:
        merged: the configuration with its overrides.
        path: the file it comes from; None if it was made in Python.
        is_train: see :func:`preprocess`.
        profiler_options: see :class:`ArgsParser`.

    Returns:
        See :func:`preprocess`.

    Raises:
        UserError: see :func:`preprocess`.
    """
    import_modules(merged)
    found = configuration.check(merged)
    if found.problems:
        raise ConfigError(_list_problems(path, found.problems))
    if profiler_options:
        merged["profiler_options"] = profiler_options
    options = global_options(merged)
    device = setup.set_up_device(options)
    rank = setup.set_up_processes(device)  # before the checks: what only one machine lacks has to end all of them
    if is_train:
        found.warnings += preflight_warnings(merged, path)
    resolved = resolve(merged)
    found.warnings += configuration.replaced(merged, resolved)
    folder = setup.prepare_folder(options) if is_train else None
    if is_train:
        found.warnings += _open_folder(merged, resolved, options, path, describe_start(merged))
    logging.getLogger().setLevel(logging.WARNING)  # other packages' chatter; VisualDL turns it on when imported
    with given_up_on_error(folder) if is_train else contextlib.nullcontext():
        logger = get_logger(folder / "train.log" if is_train else None, rank)
    for warning in found.warnings:
        logger.warning("%s", warning)
    left = shared_memory.sweep()
    if left:
        logger.info("%.1f MiB of shared memory that dead data workers had left were removed", left / shared_memory.MIB)
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


def preflight_warnings(config, path) -> list:
    """Returns the warnings of the checks that take no time.

    Raises:
        ConfigError: the run would fail.
    """
    findings = [f for f in preflight.cheap_findings(config) if f.check != "configuration"]
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        raise ConfigError(_list_problems(path, errors))
    return findings


def resolve(config):
    """Returns the configuration with what follows from its dictionary filled in; see :func:`ppocr.config.resolve`."""
    shared = configuration.shared_values(config)
    return configuration.resolve(config, build_post_process(config["PostProcess"], shared))


def _list_problems(path, problems):
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


def train(stepper, train_dataloader, evaluation, checkpoints, progress, due, state, interruption):
    """Trains until the schedule ends or a signal asks for the end.

    Args:
        stepper: :class:`ppocr.engine.stepper.Stepper`: one call is forward, loss, backward, clip, step and clear.
        train_dataloader: gives batches; ``set_epoch`` says which epoch and how many batches of it are done.
        evaluation: :class:`ppocr.engine.evaluation.Evaluation`: the sets, the best, early stopping; or None.
        checkpoints: :class:`ppocr.utils.save_load.Checkpointer`.
        progress: :class:`ppocr.engine.progress.Progress`: statistics, log lines, loggers.
        due: :class:`ppocr.engine.schedule.Due`: when to log, evaluate, save and stop.
        state: :class:`ppocr.engine.state.TrainState`: where the run stands; advanced in place.
        interruption: :class:`ppocr.engine.interruption.Interruption`: signals that have come.

    Raises:
        SystemExit: a signal ended the run, after a checkpoint.
        UserError: the numbers stay bad, or the last checkpoint cannot be written.
    """
    if due.resumes_evaluation(state):
        evaluate_and_keep_best(stepper, evaluation, checkpoints, progress, state)
    for epoch in range(state.epoch, due.epoch_num + 1):
        if due.stop(state):
            break
        train_dataloader.set_epoch(epoch, skip_batches=state.step_in_epoch * due.accumulate_steps)
        set_training_mode(stepper.model)
        for batches in progress.watch(updates(train_dataloader, due, checkpoints, state), state):
            predictions, losses = stepper(batches, state.global_step)
            state.advance()
            progress.record(losses, stepper.lr, predictions, batches, state)
            del predictions  # hundreds of megabytes that the next step, or an evaluation, has better use for
            if due.log(state):
                progress.log_line(state)
                stepper.settle()
            if due.eval(state):
                state.in_evaluation = True
                checkpoints.save_latest(state)  # whatever happens in the evaluation, no training is lost
                evaluate_and_keep_best(stepper, evaluation, checkpoints, progress, state)
            interruption.agree(state.global_step, at_once=due.eval(state))
            if due.save_step(state) or interruption.wants_checkpoint():
                checkpoints.save_latest(state)
            checkpoints.report_errors()
            if due.stop(state) or interruption.wants_end():
                break
        if due.stop(state) or interruption.wants_end():
            break
        checkpoints.save_latest(state, numbered=due.save_epoch(state))
        state.end_epoch()
    finish(checkpoints, progress, due, state, interruption)


def updates(dataloader, due, checkpoints, state):
    """Yields the batches of each update of an epoch; where reading fails, what has been trained by then is saved."""
    try:
        yield from group(dataloader, due.accumulate_steps)
    except Exception:
        if state.global_step:
            checkpoints.save_at_once(state)
        raise


def group(batches, size: int):
    """Yields lists of ``size`` batches, the last one maybe shorter: what one optimizer update takes."""
    waiting = []
    for batch in batches:
        waiting.append(batch)
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def evaluate_and_keep_best(stepper, evaluation, checkpoints, progress, state):
    """Evaluates, with averaged weights where there are any, and saves ``best_accuracy`` on a new best.

    Everything that an evaluation changes is changed before anything is saved: whichever checkpoint a run goes on from,
    the evaluation has either happened, or is done again.
    """
    stepper.settle()
    with progress.paused(), stepper.averaging.applied(stepper.model) as trained:
        metrics = evaluation(stepper.model)
        progress.say_current(metrics, evaluation.remarks)
        is_best = evaluation.keep_if_best(metrics, state)
        state.stopped = evaluation.wants_stop(metrics)
        state.in_evaluation = False
        if is_best:
            checkpoints.save_best(state, trained)
        progress.log_evaluation(metrics, state)
        progress.log_details(evaluation, stepper.model, state)


def finish(checkpoints, progress, due, state, interruption):
    """Saves the last checkpoint, waits until it is written and says how the run ended; ends the process on a signal."""
    if due.stop(state) or interruption.wants_end():
        whole_epoch = state.step_in_epoch >= due.steps_per_epoch
        checkpoints.save_latest(state, numbered=whole_epoch and due.save_epoch(state))
    checkpoints.finish()
    processes.barrier()  # a launcher ends them all a moment after the first has left
    progress.finish(state)
    if interruption.wants_end():
        raise SystemExit(interruption.exit_code())


def eval(
    model,
    valid_dataloader,
    post_process_class,
    eval_class,
    model_type=None,
    extra_input=False,
    scaler=None,
    amp_level="O2",
    amp_custom_black_list=(),
    amp_custom_white_list=(),
    amp_dtype="float16",
) -> dict:
    """Evaluates a model and returns its metrics; see :class:`ppocr.engine.evaluator.Evaluator`.

    Args:
        model: a ``paddle.nn.Layer`` of ``build_model``; it says itself what it is fed, so that ``model_type`` and
            ``extra_input``, which are in the family's call, tell nothing here.
        valid_dataloader, post_process_class, eval_class: what ``build_dataloader``, ``build_post_process`` and
            ``build_metric`` give.
        model_type, extra_input: see ``model``.
        scaler: a ``paddle.amp.GradScaler`` if the model is to run in mixed precision, else None.
        amp_level, amp_custom_black_list, amp_custom_white_list, amp_dtype: how it does so.
    """
    amp = MixedPrecision(scaler is not None, amp_level, amp_dtype, amp_custom_black_list, amp_custom_white_list)
    return Evaluator(valid_dataloader, post_process_class, eval_class, amp)(model)
