"""Checkpoints: what is in them, how they are written, how training goes on from them.

A checkpoint is four files with one prefix.  ``.pdparams`` (weights by structured name), ``.pdopt`` (optimizer and
schedule) and ``.states`` (epoch, step, best metrics) have the content that PaddleOCR gives them; ``.train_state`` is
this project's and holds what an exact resume needs besides.
"""

import os
import queue
from pathlib import Path

import paddle

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.damage import count, refusing_damage
from ppocr.checkpoint.facts import RESUME, TRAIN_STATE, facts_in, refuse_others
from ppocr.checkpoint.files import (
    MANIFEST,
    STATES,
    BackgroundWriter,
    check_files,
    checkpoints_in,
    delete_checkpoint,
    write_checkpoint,
)
from ppocr.checkpoint.host_copy import HostBuffers, plain
from ppocr.checkpoint.networks import network_warnings
from ppocr.checkpoint.optimizer_state import (
    HALF,
    MASTER_WEIGHTS,
    NAMES_KEY,
    OPTIMIZER_STATE,
    exact_weights,
    in_words,
    read_state,
    restore_schedule,
    restore_state,
    restore_weights,
    round_weights,
)
from ppocr.checkpoint.transfer import (
    PARAMS,
    arrays_of,
    load_params,
    load_start_weights,
    strip_suffix,
)
from ppocr.distributed import processes
from ppocr.engine.state import TrainState
from ppocr.errors import CheckpointError
from ppocr.utils import family_calls
from ppocr.wording import counted

NUMBERED = "iter_epoch_"


# ------------------------------------------------------------------------------------------------ writing
def save_model(target, contents, *others, **options):
    """Writes the files of one checkpoint, each whole or not at all, and their manifest.

    Args:
        target: path without suffix; the folder must exist.
        contents: ``{suffix: content}`` as :func:`capture` gives it.
        *others, **options: ``counters``: where the run stood; ``keep_previous``: whether the checkpoint that is
            replaced is kept, as ``<name>_previous``.

    The family's call, with a model and an optimizer first, is :func:`ppocr.utils.family_calls.save_model`.

    Raises:
        CheckpointError: the files cannot be written (the message says why); what was there before is still there.
    """
    if isinstance(target, paddle.nn.Layer):
        family_calls.save_model(target, contents, *others, **options)
    else:
        _write(target, contents, *others, **options)


def _write(prefix, contents, counters=None, keep_previous=False):
    write_checkpoint(prefix, contents, counters or {}, keep_previous)


def capture(stepper, state: TrainState, trained=None, copy=paddle.Tensor.numpy) -> dict:
    """Copies everything that a checkpoint holds from a :class:`ppocr.engine.stepper.Stepper` to the host.

    Args:
        stepper: holds model, optimizer, schedule, mixed precision and averaging.
        state: the counters.
        trained: the trained weights where the model holds averaged ones at the moment.
        copy: function that copies a tensor into an array.
    """
    live = unwrap(stepper.model).state_dict()
    optimizer = plain(stepper.optimizer.state_dict(), copy)
    masters = optimizer.get(MASTER_WEIGHTS, {})
    exact = {name: masters.get(tensor.name, tensor) for name, tensor in live.items()}
    best = {**exact, **stepper.averaging.average()} if trained else exact
    weights = {name: _in_float32(value, copy) for name, value in best.items()}
    weights[NAMES_KEY] = {name: tensor.name for name, tensor in live.items()}
    trained = {name: _in_float32(value, copy) for name, value in (trained or {}).items()}
    states = {"best_model_dict": dict(state.best), "epoch": state.epoch, "global_step": state.global_step}
    extra = {
        "format": 1,
        "counters": state.to_dict(),
        "scaler": plain(stepper.amp.state_dict(), copy),
        "averaging": plain(stepper.averaging.state_dict(), copy),
        "trained_weights": trained or None,
    }
    return {PARAMS: weights, OPTIMIZER_STATE: optimizer, STATES: states, TRAIN_STATE: extra}


def _in_float32(value, copy):
    """Returns an array of a weight, in float32 where the model has it in half precision."""
    if isinstance(value, paddle.Tensor) and value.dtype in HALF:
        return value.astype("float32").numpy()
    return copy(value) if isinstance(value, paddle.Tensor) else value


def unwrap(model):
    """Returns the model inside a DataParallel wrapper, or the model itself."""
    return model._layers if isinstance(model, paddle.DataParallel) else model


class Checkpointer:
    """Saves the checkpoints of one run: ``latest``, ``iter_epoch_N`` and ``best_accuracy``.

    Training waits only while everything is copied; a thread writes.  A checkpoint that could not be written is said at
    the next step and training goes on: the one before is still there.  If the last one of all fails, that is an error.
    A context: what is being written at its end is finished, even if training has failed.

    Args:
        folder: ``Global.save_model_dir``.
        stepper: what is saved.
        logger: told about every checkpoint.
        enabled: False in processes other than the first; these wait until the first has handed over what is saved.
        run_info: plain values that describe the run; a resumed run is compared with them.
        extra_state: ``{name: object with state_dict()}`` of whatever else is to be restored.
        keep_last: number of ``iter_epoch_N`` to keep; 0 keeps all.
    """

    def __init__(self, folder, stepper, logger, enabled=True, run_info=None, extra_state=None, keep_last=0):
        self._folder, self._stepper, self._logger, self._enabled = Path(folder), stepper, logger, enabled
        self._run_info, self._extra_state, self._keep_last = run_info or {}, extra_state or {}, keep_last
        self._writer = BackgroundWriter()
        self._free = queue.SimpleQueue()  # buffers that no checkpoint on its way uses

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._writer.wait()

    def save_latest(self, state, numbered: bool = False):
        """Saves where the run stands; ``numbered``: as ``iter_epoch_N`` too, which is kept."""
        self._save(state, None, "save model in", ["latest"] + ([f"{NUMBERED}{state.epoch}"] if numbered else []))

    def save_best(self, state, trained=None):
        """Saves the weights that have just been evaluated; ``trained``: see :func:`capture`."""
        self._save(state, trained, "save best model is to", ["best_accuracy"])

    def save_at_once(self, state):
        """Saves where the run stands, as ``latest``, before it ends in an error; waits for no other process."""
        self._stepper.resolve_pending()
        if self._enabled:
            self._submit(state, None, "save model in", ["latest"])
            self._writer.wait()
            self.report_errors()

    def report_errors(self):
        """Says what went wrong in the background since the last call; returns the last error, or None."""
        last = None
        while (error := self._writer.error()) is not None:
            self._logger.error("%s; training goes on, the checkpoint before is still there", error)
            last = error
        return last

    def finish(self):
        """Waits for the last checkpoint.

        Raises:
            CheckpointError: it could not be written.
        """
        self._writer.wait()
        error = self.report_errors()
        if error is not None:
            raise error if isinstance(error, CheckpointError) else CheckpointError(f"{self._folder}: {error}")

    def _save(self, state, trained, words, names):
        self._stepper.resolve_pending()  # no checkpoint holds weights of which nobody knows whether they are finite
        if self._enabled:
            self._submit(state, trained, words, names)
        processes.barrier()  # a slow disk may hold up the first one longer than a collective waits for it

    def _submit(self, state, trained, words, names):
        buffers = HostBuffers() if self._free.empty() else self._free.get()
        buffers.restart()
        contents = capture(self._stepper, state, trained, buffers.copy)
        contents[TRAIN_STATE]["run"] = self._run_info
        contents[TRAIN_STATE]["parts"] = {n: plain(p.state_dict(), buffers.copy) for n, p in self._extra_state.items()}
        self._writer.submit(lambda: self._write(names, contents, buffers))
        for name in names:
            self._logger.info("%s %s", words, self._folder / name)

    def _write(self, names, contents, buffers):
        """Writes one captured state under several names; runs in the background."""
        try:
            for name in names:
                if name.startswith(NUMBERED):
                    contents = {**contents, STATES: {**contents[STATES], "done_flag": False}}
                counters = contents[TRAIN_STATE]["counters"]
                save_model(self._folder / name, contents, counters, keep_previous=name == "latest")
        finally:
            self._free.put(buffers)
        if self._keep_last:
            self._delete_old()

    def _delete_old(self):
        numbered = [(path, _number(path)) for path in self._folder.glob(f"{NUMBERED}*{MANIFEST}")]
        for path, _ in sorted(numbered, key=lambda item: -item[1])[self._keep_last :]:
            delete_checkpoint(str(path)[: -len(MANIFEST)])


def _number(path):
    text = path.name[len(NUMBERED) : -len(MANIFEST)]
    return int(text) if text.isdigit() else -1


# ------------------------------------------------------------------------------------------------ reading
def load_checkpoint(prefix, stepper, steps_per_epoch: int, extra_state=None, run_info=None, logger=None) -> TrainState:
    """Puts a run back to where a checkpoint was saved; everything must be there and fit.

    Args:
        prefix: path of the checkpoint without suffix.
        stepper: receives weights, optimizer, schedule, scaler and averages.
        steps_per_epoch: tells whether the epoch of the checkpoint was finished.
        extra_state: ``{name: object with load_state_dict()}`` of whatever else was saved.
        run_info: what describes this run; see :func:`ppocr.engine.run_info.describe_run`.
        logger: told about them.

    Returns:
        the counters to go on with.

    Raises:
        CheckpointError: a file is missing or damaged, a weight does not fit, or the run is one for other outputs or
            with another optimizer.
    """
    prefix = strip_suffix(prefix)
    check_files(prefix)
    for suffix in (PARAMS, OPTIMIZER_STATE):
        if not os.path.exists(prefix + suffix):
            hint = "" if suffix == PARAMS else "; to start anew from its weights use Global.pretrained_model instead"
            raise CheckpointError(f"{prefix}{suffix}: no such file, so training cannot be resumed from {prefix}{hint}")
    with refusing_damage(prefix):
        return _restore(prefix, stepper, steps_per_epoch, extra_state or {}, run_info or {}, logger)


def _restore(prefix, stepper, steps_per_epoch, extra_state, run_info, logger):
    extra = safe_pickle.load(prefix + TRAIN_STATE) if os.path.exists(prefix + TRAIN_STATE) else {}
    _compare_facts(prefix, facts_in(extra), run_info, logger)
    content, model = load_params(prefix), unwrap(stepper.model)
    saved = read_state(prefix, content, model)
    weights = {**arrays_of(content), **(extra.get("trained_weights") or {})}
    weights.update(saved.master_weights)
    restore_weights(prefix, exact_weights(model, stepper.optimizer), weights)
    round_weights(model, stepper.optimizer)
    new = restore_state(stepper.optimizer, saved)
    stepper.amp.load_state_dict(extra.get("scaler") or {})
    same_average = stepper.averaging.load_state_dict(extra.get("averaging") or {})
    for name, part in extra_state.items():
        if name in extra.get("parts", {}):
            part.load_state_dict(extra["parts"][name])
    if logger is not None and new:
        logger.warning("%s: %s", prefix, in_words(new, model))
    if logger is not None and not same_average:
        logger.warning("%s: holds no such average of the weights: it begins with the weights as they are", prefix)
    state = restore_counters(prefix, extra, steps_per_epoch)
    _place_schedule(stepper.lr_scheduler, saved, state, steps_per_epoch)
    return state


def _compare_facts(prefix, saved, now, logger):
    """Says which facts about the run have changed: it then goes on, but not as the uninterrupted one would have.

    Raises:
        CheckpointError: one has changed with which the run cannot go on.
    """
    changed = refuse_others(prefix, saved, now, RESUME)
    if changed and logger is not None:
        logger.warning(
            "resuming from %s with other settings: %s; the run goes on from there", prefix, ", ".join(changed)
        )


def restore_counters(prefix, extra, steps_per_epoch) -> TrainState:
    """Returns the counters of a checkpoint, for epochs of ``steps_per_epoch`` updates.

    Args:
        prefix: path of the checkpoint without suffix.
        extra: content of its ``.train_state``; empty if there is none.
        steps_per_epoch: of the run that goes on.
    """
    if extra:
        state = TrainState.from_dict(extra["counters"])
        _rescale_position(state, facts_in(extra).get("steps_per_epoch", steps_per_epoch), steps_per_epoch)
    else:
        states = safe_pickle.load(prefix + STATES) if os.path.exists(prefix + STATES) else {}
        best = {key: value for key, value in (states.get("best_model_dict") or {}).items() if key != "is_float16"}
        epoch = count(states.get("epoch", 0))
        step = states.get("global_step", epoch * steps_per_epoch)
        counters = {"epoch": epoch, "step_in_epoch": steps_per_epoch, "global_step": step, "best": best}
        state = TrainState.from_dict(counters)
    if state.step_in_epoch >= steps_per_epoch and not state.in_evaluation:  # that one belongs to its epoch
        state.end_epoch()
    return state


def _rescale_position(state, old_steps, new_steps):
    """Keeps the share of the epoch that is done where an epoch has another number of steps now."""
    if old_steps != new_steps:
        done = state.step_in_epoch >= old_steps
        state.step_in_epoch = new_steps if done else state.step_in_epoch * new_steps // old_steps


def _place_schedule(schedule, saved, state, steps_per_epoch):
    """Puts the learning rate where it was, or, where epochs have had another length, to the same share of the run."""
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
            damaged.append(f"{error}; looking for the checkpoint before")
            continue
        return str(prefix), damaged
    latest = Path(folder) / "latest"
    whole = Path(f"{latest}{PARAMS}").exists() and not Path(f"{latest}{MANIFEST}").exists()
    return (str(latest) if whole else None), damaged


def load_model(options, *others, **named):
    """Loads what ``Global.checkpoints`` or ``Global.pretrained_model`` names: :func:`load_run`.

    The family's call, with a configuration and a model first, is :func:`ppocr.utils.family_calls.load_model`.
    """
    return (family_calls.load_model if isinstance(options, dict) else load_run)(options, *others, **named)


def load_run(options, stepper, schedule, logger, extra_state=None, run_info=None) -> TrainState:
    """Loads what ``Global.checkpoints`` or ``Global.pretrained_model`` names and returns the counters to start with.

    Args:
        options: :class:`ppocr.options.GlobalOptions`; what ``resume: auto`` goes on from is named in
            ``checkpoints`` by now, see :func:`ppocr.engine.folder.open_folder`.
        stepper: receives what is loaded.
        schedule: :class:`ppocr.engine.train_schedule.TrainSchedule`.
        logger: told what was loaded.
        extra_state, run_info: see :func:`load_checkpoint`; rows of output layers follow the symbols of pretrained
            weights.

    Raises:
        CheckpointError: a file is missing, damaged or does not fit, or the run is finished already.
    """
    prefix = options.checkpoints
    if prefix:
        state = load_checkpoint(prefix, stepper, schedule.steps_per_epoch, extra_state, run_info, logger)
        if len(set(processes.gather(repr(state)))) > 1:
            raise CheckpointError(f"{prefix}: differs between machines; they need a common folder to resume from")
        schedule = schedule.at(state)
        if schedule.finished():
            raise CheckpointError(
                f"{prefix}: this run is finished ({counted(schedule.position(), 'step')} of {schedule.total_steps}); "
                "to train on, raise Global.epoch_num (or Global.max_steps)"
            )
        logger.info("resume from %s: epoch %d, step %d", prefix, state.epoch, state.global_step)
        return state
    for warning in _start(unwrap(stepper.model), stepper, options, run_info or {}, logger):
        logger.warning("%s", warning)
    return TrainState()


def _start(model, stepper, options, run_info, logger) -> list:
    """Begins with ``Global.pretrained_model`` or with fresh weights; returns what there is to be warned of."""
    if not options.pretrained_model:
        logger.info("train from scratch")
        return network_warnings(model, run_info)
    report = load_start_weights(model, options, run_info, exact_weights(model, stepper.optimizer))
    round_weights(model, stepper.optimizer)
    stepper.averaging.restart()
    logger.info("pretrained weights from %s: %s", options.pretrained_model, report)
    return report.warnings + network_warnings(model, run_info, report.loaded)
