"""Trains a model: ``python tools/train.py -c config.yml -o key=value``."""

import contextlib
import shlex
from pathlib import Path

from ppocr.checkpoint.networks import unwrap
from ppocr.commands import command_line
from ppocr.commands.arguments import preprocess
from ppocr.distributed import processes
from ppocr.engine import loop
from ppocr.engine.build import build_run
from ppocr.engine.drawn_samples import draw_samples
from ppocr.engine.folder_lock import FolderLock
from ppocr.inference.in_use import differences
from ppocr.inference.results import write_image
from ppocr.options import global_options
from ppocr.utils.best_effort import BestEffort


@processes.exit_together()
def main(arguments=None):
    """Reads the command line and trains."""
    train(*preprocess(is_train=True, arguments=arguments))


def train(config, device, logger, loggers):
    """Builds everything that a configuration names and trains; the arguments are what ``preprocess`` gives.

    Returns:
        :class:`ppocr.checkpoint.state.TrainState`: where the run ended, and its best metrics.
    """
    folder = global_options(config).save_model_dir
    with FolderLock(folder) if processes.rank() == 0 else contextlib.nullcontext():
        run = build_run(config, device, logger, loggers)
        with run.record:
            with run.interruption, run.watchdog, run.checkpoints, contextlib.closing(run.train_dataloader):
                loop.train(run)
            finish(config, run, logger)
        return run.state


def finish(config, run, logger):
    """Draws examples of the evaluation and says how the run used its data and what can be done with its model."""
    stepper, evaluation, folder = run.stepper, run.evaluation, global_options(config).save_model_dir
    if processes.rank() == 0 and evaluation is not None:
        with BestEffort()("examples.png"), stepper.averaging.applied(stepper.model):  # as they are evaluated
            save_examples(evaluation.main, stepper.model, folder, logger)
    remarks = [] if evaluation is None else differences(config, unwrap(stepper.model), evaluation.main)
    accounts = dict(data_accounts(run.train_dataloader, evaluation))
    run.record.note(train_data=accounts[""], eval_data={name: accounts[name] for name in accounts if name})
    for line in last_lines(accounts, remarks, folder, run.state):
        logger.info("%s", line)


def last_lines(accounts, remarks, folder, state):
    """Yields how a run used its data, and what can be done with its model.

    Args:
        accounts: ``{data set: what became of its samples}``, see :func:`data_accounts`.
        remarks: what is otherwise in use than in the evaluation.
        folder, state: of the run.
    """
    for section, account in accounts.items():
        yield f"data{section and f' of {section}'}: {account}"
    for text in remarks:
        yield f"note: {text}; tools/eval.py gives both"
    yield from what_next(folder, state)


def what_next(folder, state) -> list:
    """Returns where the best model of a run is, and the commands that look at it and export it."""
    name = "best_accuracy" if state.best else "latest"
    weights, config = Path(folder) / name, Path(folder) / "config.yml"
    export = [*command_line("export_model"), "-c", config, "-o", f"Global.checkpoints={weights}"]
    export.append(f"Global.save_inference_dir={Path(folder) / 'inference'}")
    return [
        f"{'best' if state.best else 'latest'} model: {weights}.pdparams",
        f"to look at it: {shlex.join(map(str, [*command_line('report'), '--run', Path(folder)]))}",
        f"to export it: {shlex.join(map(str, export))}",
    ]


def data_accounts(train_dataloader, evaluation):
    """Yields ``(name, account)`` of each data set, of all processes; training comes first, under no name."""
    report = train_dataloader.report
    report.take_in(processes.gather(report.counted))  # evaluations have done so
    yield "", report.account()
    if evaluation is not None:
        for name, evaluator in evaluation.evaluators.items():
            yield name, evaluator.dataloader.report.account()


def save_examples(evaluator, model, folder, logger):
    """Draws ten samples of the evaluation set, with what the model makes of them, as ``examples.png``."""
    image = draw_samples(evaluator, model, count=10)
    if image is not None:
        path = Path(folder) / "examples.png"
        write_image(path, image)
        logger.info("samples with what the model makes of them: %s", path)
