"""From a resolved configuration to what runs: the network, the parts of a training, a whole run.

Every tool builds here what it needs of a configuration.  The order in which a run is built is part of what it computes,
since weights are drawn while they are made.
"""

from pathlib import Path

from ppocr.checkpoint.loading import load_run
from ppocr.checkpoint.optimizer_state import master_weights
from ppocr.checkpoint.writing import Checkpointer
from ppocr.data import build_dataloader
from ppocr.distributed import processes
from ppocr.distributed.watchdog import Watchdog
from ppocr.engine.averaging import build_averaging
from ppocr.engine.dry_run import dry_run
from ppocr.engine.evaluation import EarlyStopping, EvaluationSuite, ExtraEval
from ppocr.engine.evaluator import Evaluator, TrainingMetric
from ppocr.engine.health import build_guard
from ppocr.engine.loop import Run
from ppocr.engine.profiling import build_profiler
from ppocr.engine.progress import Progress
from ppocr.engine.run_info import describe_run
from ppocr.engine.run_record import open_record
from ppocr.engine.static_graph import use_static_graph
from ppocr.engine.stepper import MixedPrecision, Stepper
from ppocr.engine.train_schedule import TrainSchedule, each_of_epochs, warm_up_too_long
from ppocr.engine.unaligned import Unaligned
from ppocr.failures import stage
from ppocr.losses import build_loss
from ppocr.metrics import build_metric
from ppocr.modeling.architectures import build_model
from ppocr.optimizer import build_optimizer
from ppocr.optimizer.table import parameter_table
from ppocr.options import global_options
from ppocr.postprocess import build_post_process
from ppocr.schema import lacking_targets
from ppocr.utils.loggers.metric_loggers import MetricLoggers
from ppocr.wording import counted


def build_run(config, device: str, logger, loggers=None) -> Run:
    """Builds everything that a configuration names, and puts it where the run begins or goes on.

    The folder of the run is taken; the other arguments are what
    :func:`ppocr.engine.preparation.prepare` gives.

    Raises:
        UserError: a part cannot be built, or does not fit the data or the others; the checkpoint cannot be used.
    """
    options = global_options(config)
    train_dataloader = build_dataloader(config, "Train", device, logger, options.seed)
    schedule = TrainSchedule.from_options(options, len(train_dataloader), evaluates=config.get("Eval") is not None)
    stepper = build_stepper(config, options, schedule, device, train_dataloader)
    watchdog = build_watchdog(options)
    evaluation = None
    if config.get("Eval"):
        evaluation = build_evaluation(config, options, stepper.amp, device, logger, watchdog.heartbeat)
    evaluators = evaluation.evaluators.values() if evaluation else ()
    for dataloader in (train_dataloader, *(evaluator.dataloader for evaluator in evaluators)):
        dataloader.stack_file = watchdog.path
    progress = build_progress(config, options, schedule, device, logger, loggers, watchdog)
    run_info = describe_run(config, options, schedule.steps_per_epoch, device)
    extra_state = {"statistics": progress.statistics}
    if evaluation is not None and evaluation.stopping:
        extra_state["early_stopping"] = evaluation.stopping
    schedule = schedule.at(load_run(options, stepper, schedule, logger, extra_state, run_info))
    progress.start(schedule.state)
    _finish_model(stepper, options, device, logger)
    _describe_schedule(schedule, stepper.lr_scheduler, logger)
    writes = processes.rank() == 0
    checkpoints = Checkpointer(
        options.save_model_dir, stepper, logger, writes, run_info, extra_state, options.keep_last_k
    )
    if evaluation is not None:
        dry_run(evaluation, stepper.model)
    record = open_record(options, device, schedule)
    return Run(stepper, train_dataloader, evaluation, checkpoints, progress, schedule, watchdog=watchdog, record=record)


def _finish_model(stepper, options, device, logger):
    """Lists the parameters of the model as it begins; makes a static graph of it, and spreads it over the processes."""
    for line in parameter_table(stepper.model, stepper.optimizer):
        logger.info("parameters: %s", line)
    if options.to_static:
        use_static_graph(stepper.model, options.d2s_train_image_shape)
    stepper.distribute(options, device)


def _describe_schedule(schedule, lr_scheduler, logger):
    logger.info(
        "%s in %s, up to step %d; %s",
        counted(schedule.steps_per_epoch, "step"),
        each_of_epochs(schedule.epoch_num),
        schedule.state.global_step + schedule.remaining(),
        counted(schedule.evaluations(), "evaluation"),
    )
    too_long = warm_up_too_long(lr_scheduler, schedule)
    if too_long:
        logger.warning("Optimizer.lr: %s", too_long)


# ------------------------------------------------------------------------------------------------ training
def build_network(config):
    """Returns the model of a configuration, with fresh weights.

    Raises:
        StageError: it cannot be built.
    """
    with stage("Architecture", doing="the model cannot be built"):
        return build_model(config["Architecture"])


def build_training_loss(config):
    """Returns the loss of a configuration.

    Raises:
        StageError: it cannot be built.
    """
    with stage("Loss", doing="it cannot be built"):
        return build_loss(config["Loss"], config["Global"].get("model_type"))


def build_amp(options, device: str) -> MixedPrecision:
    """Returns the :class:`ppocr.engine.stepper.MixedPrecision` of a run; it is for GPUs, and off elsewhere."""
    return MixedPrecision.from_options(options, enabled=options.use_amp and device.startswith("gpu"))


def build_stepper(config, options, schedule, device, train_dataloader=None, keeps_bad_batches=True) -> Stepper:
    """Returns the :class:`ppocr.engine.stepper.Stepper` of a configuration, with fresh weights.

    Args:
        config: the resolved configuration.
        options: its :class:`ppocr.options.GlobalOptions`.
        schedule: :class:`ppocr.engine.train_schedule.TrainSchedule` of the run.
        device: name of the device.
        train_dataloader: knows the samples of batches by their keys, and counts those that the loss leaves out; or
            None.
        keeps_bad_batches: whether batches with numbers that are not finite are written to the folder of the run.
    """
    model = build_network(config)
    optimizer, lr_scheduler = build_optimizer(config["Optimizer"], options.epoch_num, schedule.steps_per_epoch, model)
    amp = build_amp(options, device)
    model, optimizer = amp.decorate(model, optimizer)
    averaging = build_averaging(options, model, master_weights(optimizer))
    loss = build_training_loss(config)
    seed = options.seed + processes.rank()  # dropout and the like should not be the same in every process
    guard = build_guard(options, device, amp, train_dataloader, keeps_bad_batches)
    unaligned = None if train_dataloader is None else Unaligned(loss, train_dataloader)
    return Stepper(model, loss, optimizer, lr_scheduler, amp, averaging, seed, guard, unaligned)


def build_progress(config, options, schedule, device, logger, loggers, watchdog) -> Progress:
    """Returns the :class:`ppocr.engine.progress.Progress` of a run."""
    return Progress(
        schedule,
        logger,
        loggers or MetricLoggers(),
        options.log_smooth_window,
        build_training_metric(config, options, logger),
        build_profiler(config.get("profiler_options")),
        memory=options.print_mem_info and device.startswith("gpu"),
        watchdog=watchdog,
    )


def build_training_metric(config, options, logger):
    """Returns a :class:`ppocr.engine.evaluator.TrainingMetric`, or None if ``Global.cal_metric_during_train`` is off.

    Training batches of detectors hold maps instead of boxes, so that their metrics have nothing to compare with; their
    classes say so with ``on_training_batches = False``.
    """
    if not options.cal_metric_during_train:
        return None
    metric = build_metric(config["Metric"], options.model_type)
    if not metric.on_training_batches:
        name = config["Metric"]["name"]
        logger.warning("Global.cal_metric_during_train: %s cannot be computed on training batches", name)
        return None
    return TrainingMetric(build_post_process(config["PostProcess"], config["Global"]), metric)


def build_watchdog(options) -> Watchdog:
    """Returns the :class:`~ppocr.distributed.watchdog.Watchdog` of a run; a distributed one looks after the others."""
    several = processes.is_distributed()
    path = Path(options.save_model_dir) / "train.log"
    return Watchdog(hang_timeout(options), path, ends=several, lost=processes.lost_contact if several else None)


def hang_timeout(options) -> float:
    """Returns the seconds after which a run hangs: by default half an hour under a launcher, never otherwise."""
    if options.hang_timeout is not None:
        return options.hang_timeout
    return 1800 if processes.is_distributed() else 0


# ------------------------------------------------------------------------------------------------ evaluation
def build_evaluation(config, options, amp, device, logger, heartbeat=None) -> EvaluationSuite:
    """Returns the :class:`ppocr.engine.evaluation.EvaluationSuite` of the ``Eval`` and ``GuardEval`` sections.

    ``heartbeat``: see :class:`ppocr.engine.evaluator.Evaluator`.
    """
    loss = build_training_loss(config) if options.cal_loss_during_eval else None

    def evaluator(section, name):
        dataloader = build_dataloader({"Global": config["Global"], name: section}, name, device, logger, options.seed)
        lacking = [] if loss is None else lacking_targets(config, section)
        for message in lacking:
            logger.warning("Global.cal_loss_during_eval: %s has no loss: %s", name, message)
        return build_evaluator(config, dataloader, amp, None if lacking else loss, heartbeat)

    extras = config.get("GuardEval") or {}
    stopping = EarlyStopping(**options.early_stopping) if options.early_stopping else None
    return EvaluationSuite(
        evaluator(config["Eval"], "Eval"),
        {name: ExtraEval(evaluator(section, name), section.get("veto_drop")) for name, section in extras.items()},
        stopping,
    )


def build_evaluator(
    config, dataloader, amp=None, loss=None, heartbeat=None, on_batch=None, post_process=None, single=False
) -> Evaluator:
    """Returns the :class:`ppocr.engine.evaluator.Evaluator` of one data set.

    Args:
        config: the resolved configuration.
        dataloader: of the data set.
        amp, loss, heartbeat, on_batch: see :class:`ppocr.engine.evaluator.Evaluator`.
        post_process: by default that of the configuration.
        single: judge one network alone, where the metric is for several that were trained together.

    Raises:
        StageError: the metric cannot be built.
    """
    post_process = post_process or build_post_process(config["PostProcess"], config["Global"])
    with stage("Metric", doing="the metric cannot be built"):
        metric = build_metric(config["Metric"], config["Global"].get("model_type"))
    return Evaluator(dataloader, post_process, metric.single if single else metric, amp, loss, heartbeat, on_batch)
