"""Checks that build what a run builds: schedule, model and first batches, weights, space."""

import math
import shutil

import numpy as np
import paddle

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.damage import refusing_damage
from ppocr.checkpoint.facts import RESUME, TRAIN_STATE, facts_in, output_facts, refuse_others
from ppocr.checkpoint.files import check_files
from ppocr.checkpoint.loading import restore_counters
from ppocr.checkpoint.networks import network_warnings
from ppocr.checkpoint.optimizer_state import in_words, read_state, without_state
from ppocr.checkpoint.transfer import arrays_of, fits, load_params, load_start_weights
from ppocr.data import shared_memory
from ppocr.data.batch import names_of
from ppocr.engine.run_info import describe_run
from ppocr.engine.train_schedule import each_of_epochs, warm_up_too_long
from ppocr.errors import CheckpointError, DataError
from ppocr.findings import ERROR, NOTE, WARNING, CannotRun, Finding
from ppocr.optimizer import build_lr_scheduler
from ppocr.preflight.config_checks import existing
from ppocr.wording import counted

_COPIES = 3  # weights and two moments of them, as Adam keeps
MIB = 1 << 20


def check_schedule(context):
    """The run evaluates and saves something."""
    schedule = context.dry_run.schedule
    if context.section("Eval") is not None:
        context.dry_run.loader("Eval")
    yield from schedule_findings(context, schedule)
    rate = context.config["Optimizer"]["lr"]
    too_long = warm_up_too_long(build_lr_scheduler(rate, schedule.epoch_num, schedule.steps_per_epoch), schedule)
    if too_long:
        yield context.finding(WARNING, ("Optimizer", "lr"), too_long)


def schedule_findings(context, schedule):
    """Yields what there is to say about a :class:`ppocr.engine.train_schedule.TrainSchedule`."""
    evaluations, numbered = schedule.evaluations(), numbered_checkpoints(schedule)
    what = (
        f"{counted(schedule.total_steps, 'step')}, {schedule.steps_per_epoch} in {each_of_epochs(schedule.epoch_num)}; "
        f"{counted(evaluations, 'evaluation')}; "
        f"checkpoints: latest, {'best_accuracy, ' if evaluations else ''}{numbered} numbered"
    )
    yield Finding(NOTE, what, *context.where(("Global",)))
    if not evaluations:
        what = "there is no section Eval, so nothing is evaluated and no best model is ever saved"
        yield Finding(WARNING, what, *context.where(("Eval",)))
    elif schedule.first_evaluation() > schedule.total_steps:
        what = (
            f"the first evaluation would be at step {schedule.first_evaluation()}, the run ends at "
            f"{schedule.total_steps}: the best model is the last one; lower Global.eval_batch_step"
        )
        yield Finding(WARNING, what, *context.where(("Global", "eval_batch_step")))


def numbered_checkpoints(schedule) -> int:
    """Returns how many checkpoints ``iter_epoch_N`` a run makes."""
    return schedule.total_steps // schedule.steps_per_epoch // schedule.save_epoch_step


def check_training_batch(context):
    """A training batch goes through model and loss, and the loss is finite."""
    value = float(context.dry_run.training.values["loss"].mean())  # of each image, or of all
    if not math.isfinite(value):
        yield context.finding(ERROR, ("Loss",), f"the loss of the first training batch is {value}")
    yield from _not_finite(context)
    lost = context.dry_run.reports["Train"].no_box_left()
    if lost:
        what = f"no box of the first training batch is learnt: {lost}; change the sizes, or the limits of sizes"
        yield context.finding(WARNING, ("Train", "dataset", "transforms"), what)


def _not_finite(context):
    """A layer such as ReLU may hide from the loss that an image holds no numbers."""
    section, batch = context.section("Train"), context.dry_run.training.batch
    path = next((step.path for step in section.steps if hasattr(step.operator, "keep_keys")), section.path)
    for name, field in zip(names_of(batch), batch):
        if isinstance(field, paddle.Tensor) and not np.isfinite(field.numpy()).all():
            what = f"'{name}' of the first training batch holds what is no finite number"
            yield context.finding(WARNING, path, what)


def check_evaluation_batch(context):
    """An evaluation batch goes through model, post-processing and metric."""
    if context.section("Eval") is not None:
        _ = context.dry_run.evaluation  # what does not fit is raised
    return ()


def check_alignments(context):
    """CTC has a time step for each character of a label, and one between equal neighbours."""
    section = context.section("Train")
    needed = [(scan, scan.seen.steps) for scan in context.scans_of(section) if scan.seen.steps]
    if not needed:
        return
    steps = context.dry_run.time_steps(_narrowest_width(context, section.config.get("sampler")))
    if steps is None:
        return
    for scan, tallies in needed:
        impossible = {key: tally for key, tally in tallies.items() if key > steps}
        if impossible:
            lines = sum(tally.count for tally in impossible.values())
            need = f"{counted(lines, 'label')} need{'s' if lines == 1 else ''}"
            what = (
                f"{need} more time steps than the model has in training, up to {max(impossible)} of "
                f"{steps}, and teach it nothing; wider images give some models more steps, else leave these lines out"
            )
            yield Finding(WARNING, what, scan.path, min(tally.line for tally in impossible.values()))


def _narrowest_width(context, sampler):
    """Returns the least width that a sampler gives training images; None where there is no sampler.

    Raises:
        CannotRun: each line has a width of its own, and the time steps follow it.
    """
    if sampler is None:
        return None
    dry_run = context.dry_run
    if getattr(dry_run.loader("Train").dataset, "ds_width", False):
        if dry_run.time_steps(2 * dry_run.image_width) != dry_run.time_steps():
            raise CannotRun("the sampler gives each line a width of its own, and the time steps follow it")
        return None
    scales = sampler.get("scales") or [dry_run.image_width]
    return min(dry_run.image_width, *(scale[0] if isinstance(scale, (list, tuple)) else scale for scale in scales))


def check_weights(context):
    """Weights that are to be loaded fit the model."""
    options, model = context.options, context.dry_run.model
    facts = output_facts(context.post_process)
    path = ("Global", "checkpoints" if context.checkpoint else "pretrained_model")
    for line in context.damaged_checkpoints:
        yield context.finding(WARNING, ("Global", "resume"), line)
    try:
        if context.checkpoint:
            with refusing_damage(context.checkpoint):
                yield from _resumed(context, context.checkpoint, model, path)
            return
        loaded = ()
        if options.pretrained_model:
            report = load_start_weights(model, options, facts)
            loaded = report.loaded
            yield context.finding(NOTE, path, str(report))
            for warning in report.warnings:
                yield context.finding(WARNING, path, warning)
        for warning in network_warnings(model, facts, loaded):
            yield Finding(WARNING, warning, *context.where(("Architecture", "Models")))
    except CheckpointError as error:
        yield context.finding(ERROR, path, str(error))
    except DataError as error:
        yield context.finding(ERROR, ("Global", "pretrained_dict_path"), str(error))


def _resumed(context, prefix, model, path):
    """Yields what keeps a run from going on from a checkpoint, and with what it goes on differently."""
    check_files(prefix)
    content, target = load_params(prefix), model.state_dict()
    weights, saved = arrays_of(content), read_state(prefix, content, model)
    extra = safe_pickle.load_if_there(prefix + TRAIN_STATE)
    schedule = context.dry_run.schedule
    now = describe_run(context.config, context.options, schedule.steps_per_epoch, context.dry_run.device)
    for change in refuse_others(prefix, facts_in(extra), now, RESUME):
        yield context.finding(NOTE, path, f"the run goes on with another setting: {change}")
    wrong = [name for name in target if name not in weights or not fits(weights[name], target[name])]
    if wrong:
        what = f"{len(wrong)} of {len(target)} weights are missing or of another shape, first {wrong[0]}"
        yield context.finding(ERROR, path, what)
    new = without_state(context.dry_run.optimizer, saved)
    if new:
        yield context.finding(WARNING, path, f"{prefix} {in_words(new, model)}")
    state = restore_counters(prefix, extra, schedule.steps_per_epoch)
    schedule = schedule.at(state)
    if schedule.finished():
        what = f"this run is finished ({counted(schedule.position(), 'step')}); raise Global.epoch_num to train on"
        yield context.finding(ERROR, path, what)


def check_disk(context):
    """The checkpoints have room where they are written."""
    options, schedule = context.options, context.dry_run.schedule
    values = sum(tensor.size * tensor.element_size() for tensor in context.dry_run.model.state_dict().values())
    one = int(values) * (_COPIES + bool(options.use_ema or options.model_average))
    numbered = min(numbered_checkpoints(schedule), options.keep_last_k or schedule.total_steps)
    count = numbered + 3 + bool(schedule.evaluations())  # latest, the one before it, one being written, and the best
    free = shutil.disk_usage(existing(options.save_model_dir)).free
    what = (
        f"{count} checkpoints of about {one / MIB:.1f} MiB need {one * count / MIB:.0f} MiB, {free // MIB} MiB are free"
    )
    path = ("Global", "save_model_dir")
    if one * count > free:
        yield context.finding(ERROR, path, f"{what}; set Global.keep_last_k, raise save_epoch_step or make room")
    else:
        yield context.finding(NOTE, path, what)


def check_shared_memory(context):
    """What the workers read ahead has room in shared memory."""
    for section in context.sections:
        loader = context.dry_run.loader(section.name)
        options = loader.options
        if not options.num_workers or not options.use_shared_memory or not shared_memory.FOLDER.is_dir():
            continue
        outcome = context.dry_run.training if section.training else context.dry_run.evaluation
        batches = options.num_workers * options.prefetch_factor + 2
        needed = outcome.sample_bytes * loader.batch_size * batches
        free = shared_memory.free_bytes()
        if needed > free:
            what = (
                f"{batches} batches read ahead need {needed // MIB} MiB in {shared_memory.FOLDER}, "
                f"{free // MIB} MiB are free; lower num_workers or prefetch_factor, or set use_shared_memory to false"
            )
            yield context.finding(WARNING, (section.name, "loader", "num_workers"), what)
