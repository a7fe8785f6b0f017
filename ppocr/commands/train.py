"""Trains a model: ``python tools/train.py -c config.yml -o key=value``."""

import contextlib
import shlex
from pathlib import Path

from ppocr.checkpoint.optimizer_state import master_weights
from ppocr.commands import command_line
from ppocr.commands.arguments import preprocess
from ppocr.data import build_dataloader
from ppocr.distributed import processes
from ppocr.distributed.watchdog import Watchdog
from ppocr.drawing.samples import draw_samples
from ppocr.engine import loop
from ppocr.engine.averaging import build_averaging
from ppocr.engine.evaluation import EarlyStopping, Evaluation, Guard
from ppocr.engine.evaluator import Evaluator, build_training_metric
from ppocr.engine.folder_lock import FolderLock
from ppocr.engine.health import build_guard
from ppocr.engine.interruption import Interruption
from ppocr.engine.profiling import build_profiler
from ppocr.engine.progress import Progress
from ppocr.engine.rehearsal import rehearse
from ppocr.engine.run_facts import describe_run
from ppocr.engine.schedule import Due, warm_up_too_long
from ppocr.engine.static_graph import use_static_graph
from ppocr.engine.stepper import MixedPrecision, Stepper
from ppocr.engine.unaligned import Unaligned
from ppocr.failures import blaming
from ppocr.inference.in_use import differs_in_use, remark
from ppocr.inference.results import write_image
from ppocr.losses import build_loss
from ppocr.metrics import build_metric
from ppocr.modeling.architectures import build_model
from ppocr.optimizer import build_optimizer
from ppocr.optimizer.table import parameter_table
from ppocr.options import global_options
from ppocr.postprocess import build_post_process
from ppocr.utils.best_effort import BestEffort
from ppocr.utils.loggers.metric_loggers import MetricLoggers
from ppocr.utils.save_load import Checkpointer, load_model, unwrap


@processes.exit_together()
def main(arguments=None):
    """Reads the command line and trains."""
    train(*preprocess(is_train=True, arguments=arguments))


def train(config, device, logger, loggers):
    """Builds everything that a configuration names and trains; the arguments are what ``preprocess`` gives.

    Returns:
        :class:`ppocr.engine.state.TrainState`: where the run ended, and its best metrics.
    """
    options = global_options(config)
    with FolderLock(options.save_model_dir) if processes.rank() == 0 else contextlib.nullcontext():
        return _train(config, options, device, logger, loggers)


def _train(config, options, device, logger, loggers):
    train_dataloader = build_dataloader(config, "Train", device, logger, options.seed)
    due = Due.from_options(options, len(train_dataloader), evaluates=config.get("Eval") is not None)
    stepper = build_stepper(config, options, due, device)
    stepper.guard = build_guard(options, device, stepper.amp, train_dataloader)
    stepper.unaligned = Unaligned(stepper.loss, train_dataloader)
    watchdog = build_watchdog(options)
    evaluation = None
    if config.get("Eval"):
        evaluation = build_evaluation(config, options, stepper.amp, device, logger, watchdog.beat)
    evaluators = evaluation.evaluators.values() if evaluation else ()
    for dataloader in (train_dataloader, *(evaluator.dataloader for evaluator in evaluators)):
        dataloader.stack_file = watchdog.path
    progress = build_progress(config, options, due, device, logger, loggers, watchdog)
    parts, facts = {"statistics": progress.statistics}, describe_run(config, options, due.steps_per_epoch, device)
    if evaluation is not None and evaluation.stopping:
        parts["early_stopping"] = evaluation.stopping
    state = load_model(options, stepper, due, logger, parts, facts)
    progress.start(state)
    for line in parameter_table(stepper.model, stepper.optimizer):
        logger.info("parameters: %s", line)
    if options.to_static:
        use_static_graph(stepper.model, options.d2s_train_image_shape)
    stepper.model = processes.distribute(stepper.model, options, device)
    logger.info(
        "%d steps in each of %d epochs, up to step %d; %d evaluations",
        due.steps_per_epoch,
        due.epoch_num,
        state.global_step + due.remaining(state),
        due.evaluations(due.position(state)),
    )
    too_long = warm_up_too_long(stepper.lr_scheduler, due)
    if too_long:
        logger.warning("Optimizer.lr: %s", too_long)
    first = processes.rank() == 0
    folder = options.save_model_dir
    checkpoints = Checkpointer(folder, stepper, logger, first, facts, parts, options.keep_last_k)
    if evaluation is not None:
        rehearse(evaluation, stepper.model)
    with Interruption() as interruption, watchdog, checkpoints, contextlib.closing(train_dataloader):
        loop.train(stepper, train_dataloader, evaluation, checkpoints, progress, due, state, interruption)
    if first and evaluation is not None:
        with BestEffort()("examples.png"), stepper.averaging.applied(stepper.model):  # as they are evaluated
            save_examples(evaluation.main, stepper.model, folder, logger)
    prepared_otherwise = evaluation is not None and differs_in_use(config, unwrap(stepper.model))
    for line in last_lines(train_dataloader, evaluation, prepared_otherwise, folder, state):
        logger.info("%s", line)
    return state


def last_lines(train_dataloader, evaluation, prepared_otherwise, folder, state):
    """Yields how a run used its data, and what can be done with its model.

    Args:
        prepared_otherwise: whether lines that are wider than the evaluation has them are read wider in use.
        train_dataloader, evaluation, folder, state: of the run.
    """
    for section, account in data_accounts(train_dataloader, evaluation):
        yield f"data{section and f' of {section}'}: {account}"
    if prepared_otherwise and evaluation.main.wider:
        yield f"note: {remark(evaluation.main.wider, evaluation.main.samples)}; tools/eval.py gives both"
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


def build_stepper(config, options, due, device) -> Stepper:
    """Returns the :class:`ppocr.engine.stepper.Stepper` of a configuration, with fresh weights."""
    with blaming("Architecture", doing="the model cannot be built"):
        model = build_model(config["Architecture"])
    optimizer, lr_scheduler = build_optimizer(config["Optimizer"], options.epoch_num, due.steps_per_epoch, model)
    amp = MixedPrecision.from_options(options, enabled=options.use_amp and device.startswith("gpu"))
    model, optimizer = amp.decorate(model, optimizer)
    averaging = build_averaging(options, model, master_weights(optimizer))
    with blaming("Loss", doing="it cannot be built"):
        loss = build_loss(config["Loss"], options.model_type)
    seed = options.seed + processes.rank()  # dropout and the like should not be the same in every process
    return Stepper(model, loss, optimizer, lr_scheduler, amp, averaging, seed)


def build_progress(config, options, due, device, logger, loggers, watchdog) -> Progress:
    """Returns the :class:`ppocr.engine.progress.Progress` of a run."""
    return Progress(
        due,
        logger,
        loggers or MetricLoggers(),
        options.log_smooth_window,
        build_training_metric(config, options, logger),
        build_profiler(config.get("profiler_options")),
        memory=options.print_mem_info and device.startswith("gpu"),
        watchdog=watchdog,
    )


def hang_timeout(options) -> float:
    """Returns the seconds after which a run hangs: by default half an hour under a launcher, never otherwise."""
    if options.hang_timeout is not None:
        return options.hang_timeout
    return 1800 if processes.is_distributed() else 0


def build_watchdog(options) -> Watchdog:
    """Returns the :class:`~ppocr.distributed.watchdog.Watchdog` of a run; a distributed one looks after the others."""
    several = processes.is_distributed()
    path = Path(options.save_model_dir) / "train.log"
    return Watchdog(hang_timeout(options), path, ends=several, lost=processes.lost_contact if several else None)


def build_evaluation(config, options, amp, device, logger, beat=None) -> Evaluation:
    """Returns the :class:`ppocr.engine.evaluation.Evaluation` of the ``Eval`` and ``GuardEval`` sections.

    ``beat``: see :class:`ppocr.engine.evaluator.Evaluator`.
    """
    loss = (
        build_loss(config["Loss"], options.model_type) if options.cal_loss_during_eval and _same_keys(config) else None
    )
    if options.cal_loss_during_eval and loss is None:
        logger.warning("Global.cal_loss_during_eval: Eval's KeepKeys differ from Train's, so there is no loss")

    def evaluator(section, name):
        dataloader = build_dataloader({"Global": config["Global"], name: section}, name, device, logger, options.seed)
        post_process = build_post_process(config["PostProcess"], config["Global"])
        return Evaluator(dataloader, post_process, build_metric(config["Metric"], options.model_type), amp, loss, beat)

    guards = config.get("GuardEval") or {}
    stopping = EarlyStopping(**options.early_stopping) if options.early_stopping else None
    return Evaluation(
        evaluator(config["Eval"], "Eval"),
        {name: Guard(evaluator(section, name), section.get("veto_drop")) for name, section in guards.items()},
        stopping,
    )


def _same_keys(config):
    """Tells whether evaluation batches hold what the loss needs: the fields of training batches."""
    last = [config[name]["dataset"]["transforms"][-1].get("KeepKeys") for name in ("Train", "Eval")]
    return last[0] == last[1]


def save_examples(evaluator, model, folder, logger):
    """Draws ten samples of the evaluation set, with what the model makes of them, as ``examples.png``."""
    image = draw_samples(evaluator, model, count=10)
    if image is not None:
        path = Path(folder) / "examples.png"
        write_image(path, image)
        logger.info("samples with what the model makes of them: %s", path)
