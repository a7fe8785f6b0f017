"""Resuming from a checkpoint, or starting from the weights of one."""

import os
from pathlib import Path

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.damage import count, refusing_damage
from ppocr.checkpoint.facts import RESUME, TRAIN_STATE, facts_in, refuse_others
from ppocr.checkpoint.files import MANIFEST, STATES, check_files, checkpoints_in
from ppocr.checkpoint.networks import network_warnings, unwrap
from ppocr.checkpoint.optimizer_state import (
    OPTIMIZER_STATE,
    exact_weights,
    in_words,
    read_state,
    restore_schedule,
    restore_state,
    restore_weights,
    round_weights,
)
from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.transfer import PARAMS, arrays_of, load_params, load_start_weights, strip_suffix
from ppocr.distributed import processes
from ppocr.errors import CheckpointError
from ppocr.wording import counted


def load_checkpoint(prefix, stepper, steps_per_epoch: int, extra_state=None, run_info=None, logger=None) -> TrainState:
    """Restores a run to where a checkpoint was saved; everything must be present and fit.

    Args:
        prefix: path of the checkpoint without suffix.
        stepper: receives weights, optimizer, schedule, scaler and averages.
        steps_per_epoch: tells whether the epoch of the checkpoint was finished.
        extra_state: ``{name: object with load_state_dict()}`` of whatever else was saved.
        run_info: what describes this run; see :func:`ppocr.engine.run_info.describe_run`.
        logger: told about them.

    Returns:
        the counters to continue with.

    Raises:
        CheckpointError: a file is missing or damaged, a weight does not fit, or the run has other outputs or another
            optimizer.
    """
    prefix = strip_suffix(prefix)
    check_files(prefix)
    for suffix in (PARAMS, OPTIMIZER_STATE):
        if not os.path.exists(prefix + suffix):
            hint = "" if suffix == PARAMS else "; to start again from its weights, use Global.pretrained_model"
            raise CheckpointError(f"{prefix}{suffix}: no such file, so training cannot be resumed from {prefix}{hint}")
    with refusing_damage(prefix):
        return _restore(prefix, stepper, steps_per_epoch, extra_state or {}, run_info or {}, logger)


def _restore(prefix, stepper, steps_per_epoch, extra_state, run_info, logger):
    extra = safe_pickle.load_if_there(prefix + TRAIN_STATE)
    _compare_facts(prefix, facts_in(extra), run_info, logger)
    model = unwrap(stepper.model)
    saved, new = restore_training(prefix, model, stepper.optimizer, extra.get("trained_weights"))
    stepper.amp.load_state_dict(extra.get("scaler") or {})
    same_average = stepper.averaging.load_state_dict(extra.get("averaging") or {})
    for name, part in extra_state.items():
        if name in extra.get("parts", {}):
            part.load_state_dict(extra["parts"][name])
    if logger is not None and new:
        logger.warning("%s: %s", prefix, in_words(new, model))
    if logger is not None and not same_average:
        logger.warning("%s: has no average of the weights of this kind; averaging starts from the current ones", prefix)
    state = restore_counters(prefix, extra, steps_per_epoch)
    _place_schedule(stepper.lr_scheduler, saved, state, steps_per_epoch)
    return state


def restore_training(prefix, model, optimizer, trained_weights=None) -> tuple:
    """Puts weights and optimizer back to where a checkpoint was saved.

    Args:
        prefix: path of the checkpoint without suffix.
        model: receives the weights.
        optimizer: receives its accumulators; its state has been created and never been updated.
        trained_weights: ``{structured name: array}`` in place of those of ``.pdparams``; None for none.

    Returns:
        :class:`ppocr.checkpoint.optimizer_state.SavedState`, whose schedule is not yet restored, and what
        :func:`ppocr.checkpoint.optimizer_state.restore_state` returns.

    Raises:
        CheckpointError: a file is missing or damaged, a weight does not fit, or it is of another optimizer.
    """
    content = load_params(prefix)
    saved = read_state(prefix, content, model)
    weights = {**arrays_of(content), **(trained_weights or {}), **saved.master_weights}
    restore_weights(prefix, exact_weights(model, optimizer), weights)
    round_weights(model, optimizer)
    return saved, restore_state(optimizer, saved)


def _compare_facts(prefix, saved, now, logger):
    """Logs which facts about the run have changed: it continues, but not as it would have without interruption.

    Raises:
        CheckpointError: one has changed that prevents the run from continuing.
    """
    changed = refuse_others(prefix, saved, now, RESUME)
    if changed and logger is not None:
        logger.warning(
            "resuming from %s with other settings: %s; the run continues from there", prefix, ", ".join(changed)
        )


def restore_counters(prefix, extra, steps_per_epoch) -> TrainState:
    """Returns the counters of a checkpoint, for epochs of ``steps_per_epoch`` updates.

    Args:
        prefix: path of the checkpoint without suffix.
        extra: content of its ``.train_state``; empty if there is none.
        steps_per_epoch: of the resumed run.
    """
    if extra:
        state = TrainState.from_dict(extra["counters"])
        _rescale_position(state, facts_in(extra).get("steps_per_epoch", steps_per_epoch), steps_per_epoch)
    else:
        states = safe_pickle.load_if_there(prefix + STATES)
        best = {key: value for key, value in (states.get("best_model_dict") or {}).items() if key != "is_float16"}
        epoch = count(states.get("epoch", 0))
        step = states.get("global_step", epoch * steps_per_epoch)
        counters = {"epoch": epoch, "step_in_epoch": steps_per_epoch, "global_step": step, "best": best}
        state = TrainState.from_dict(counters)
    if state.step_in_epoch >= steps_per_epoch and not state.in_evaluation:  # that one belongs to its epoch
        state.end_epoch()
    return state


def _rescale_position(state, old_steps, new_steps):
    """Keeps the share of the epoch that is done if the number of steps in an epoch has changed."""
    if old_steps != new_steps:
        done = state.step_in_epoch >= old_steps
        state.step_in_epoch = new_steps if done else state.step_in_epoch * new_steps // old_steps


def _place_schedule(schedule, saved, state, steps_per_epoch):
    """Restores the learning rate; if the length of an epoch has changed, to that of the same share of the run."""
    if isinstance(schedule, float):
        return
    restore_schedule(schedule, saved)
    place = (state.epoch - 1) * steps_per_epoch + state.step_in_epoch
    if not saved.schedule or place != state.global_step:
        schedule.step(place)


def newest_checkpoint(folder):
    """Returns the prefix of the newest undamaged checkpoint in a folder, or None, and a line for each damaged one."""
    damaged = []
    for _, prefix in checkpoints_in(folder):
        try:
            check_files(prefix)
        except CheckpointError as error:
            damaged.append(f"{error}; trying the previous checkpoint")
            continue
        return str(prefix), damaged
    latest = Path(folder) / "latest"
    whole = Path(f"{latest}{PARAMS}").exists() and not Path(f"{latest}{MANIFEST}").exists()
    return (str(latest) if whole else None), damaged


def load_run(options, stepper, schedule, logger, extra_state=None, run_info=None) -> TrainState:
    """Loads what ``Global.checkpoints`` or ``Global.pretrained_model`` names and returns the counters to start with.

    Args:
        options: :class:`ppocr.options.GlobalOptions`; what ``resume: auto`` resumes from is named in
            ``checkpoints`` by now; see :func:`ppocr.engine.folder.open_folder`.
        stepper: receives what is loaded.
        schedule: :class:`ppocr.engine.train_schedule.TrainSchedule`.
        logger: what was loaded is logged to it.
        extra_state, run_info: see :func:`load_checkpoint`; rows of output layers follow the symbols of pretrained
            weights.

    Raises:
        CheckpointError: a file is missing, damaged or does not fit, or the run is finished already.
    """
    prefix = options.checkpoints
    if prefix:
        state = load_checkpoint(prefix, stepper, schedule.steps_per_epoch, extra_state, run_info, logger)
        if len(set(processes.gather(repr(state)))) > 1:
            raise CheckpointError(f"{prefix}: differs between machines; they need a shared folder to resume from")
        schedule = schedule.at(state)
        if schedule.finished():
            raise CheckpointError(
                f"{prefix}: this run is finished ({counted(schedule.position(), 'step')} of {schedule.total_steps}); "
                "to train longer, raise Global.epoch_num (or Global.max_steps)"
            )
        logger.info("resume from %s: epoch %d, step %d", prefix, state.epoch, state.global_step)
        return state
    for warning in _start(unwrap(stepper.model), stepper, options, run_info or {}, logger):
        logger.warning("%s", warning)
    return TrainState()


def _start(model, stepper, options, run_info, logger) -> list:
    """Starts from ``Global.pretrained_model`` or from fresh weights; returns warnings."""
    if not options.pretrained_model:
        logger.info("train from scratch")
        return network_warnings(model, run_info)
    report = load_start_weights(model, options, run_info, exact_weights(model, stepper.optimizer))
    round_weights(model, stepper.optimizer)
    stepper.averaging.restart()
    logger.info("pretrained weights from %s: %s", options.pretrained_model, report)
    return report.warnings + network_warnings(model, run_info, report.loaded)
