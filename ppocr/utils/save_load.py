"""Checkpoints: what is in them, how they are written, how training goes on from them.

A checkpoint is four files with one prefix.  ``.pdparams`` (weights by structured name), ``.pdopt`` (optimizer and
schedule) and ``.states`` (epoch, step, best metrics) have the content that PaddleOCR gives them; ``.train_state`` is
this project's and holds what an exact resume needs besides.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import paddle

from ppocr.engine.state import TrainState
from ppocr.errors import CheckpointError
from ppocr.utils import safe_pickle

NAMES_KEY = "StructuredToParameterName@@"
PARAMS, OPTIMIZER, STATES, TRAIN_STATE = ".pdparams", ".pdopt", ".states", ".train_state"


# ------------------------------------------------------------------------------------------------ writing
def save_model(prefix, contents: dict):
    """Writes the files of one checkpoint.

    Each is written to a temporary name, flushed to the disk and renamed, so that a file with its final name is whole.

    Args:
        prefix: path without suffix; the folder must exist.
        contents: ``{suffix: content}`` as :func:`capture` gives it.

    Raises:
        CheckpointError: the files cannot be written (the message says why).
    """
    for suffix, content in contents.items():
        _write(Path(f"{prefix}{suffix}"), content)


def _write(path, content):
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "wb") as file:
            safe_pickle.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from None


def capture(stepper, state: TrainState, trained=None) -> dict:
    """Copies everything that a checkpoint holds from a :class:`ppocr.engine.stepper.Stepper` to the host.

    Args:
        stepper: holds model, optimizer, schedule, mixed precision and averaging.
        state: the counters.
        trained: the trained weights where the model holds averaged ones at the moment.
    """
    model = unwrap(stepper.model)
    optimizer = _plain(stepper.optimizer.state_dict())
    masters = optimizer.get("master_weights", {})
    weights = {name: _weight(tensor, masters) for name, tensor in model.state_dict().items()}
    weights[NAMES_KEY] = {name: tensor.name for name, tensor in model.state_dict().items()}
    states = {"best_model_dict": dict(state.best), "epoch": state.epoch, "global_step": state.global_step}
    extra = {
        "format": 1,
        "counters": state.to_dict(),
        "scaler": _plain(stepper.amp.state_dict()),
        "averaging": _plain(stepper.averaging.state_dict()),
        "trained_weights": _plain(trained) if trained else None,
    }
    return {PARAMS: weights, OPTIMIZER: optimizer, STATES: states, TRAIN_STATE: extra}


def _weight(tensor, masters):
    """A weight in float32: half-precision models keep the exact values in the optimizer's master weights."""
    if tensor.name in masters:
        return masters[tensor.name]
    half = tensor.dtype in (paddle.float16, paddle.bfloat16)
    return (tensor.astype("float32") if half else tensor).numpy().copy()


def _plain(value):
    """Returns nested containers with every tensor as a NumPy array of its own."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(inner) for inner in value)
    return value.numpy().copy() if isinstance(value, paddle.Tensor) else value


def unwrap(model):
    """Returns the model inside a DataParallel wrapper, or the model itself."""
    return model._layers if isinstance(model, paddle.DataParallel) else model


class Checkpointer:
    """Saves the checkpoints of one run: ``latest``, ``iter_epoch_N`` and ``best_accuracy``.

    Args:
        folder: ``Global.save_model_dir``.
        stepper: what is saved.
        logger: told about every checkpoint.
        enabled: False in processes other than the first.
    """

    def __init__(self, folder, stepper, logger, enabled: bool = True):
        self._folder, self._stepper, self._logger, self._enabled = Path(folder), stepper, logger, enabled

    def save_latest(self, state):
        """Saves where the run stands."""
        self._save("latest", capture(self._stepper, state))

    def save_epoch(self, state):
        """Saves a numbered checkpoint that is kept."""
        contents = capture(self._stepper, state)
        contents[STATES]["done_flag"] = False
        self._save(f"iter_epoch_{state.epoch}", contents)

    def save_best(self, state, trained=None):
        """Saves the weights that have just been evaluated; ``trained``: see :func:`capture`."""
        self._save("best_accuracy", capture(self._stepper, state, trained), "save best model is to")

    def _save(self, name, contents, words="save model in"):
        if self._enabled:
            save_model(self._folder / name, contents)
            self._logger.info("%s %s", words, self._folder / name)


# ------------------------------------------------------------------------------------------------ reading
def _strip(path):
    """Returns a checkpoint's prefix, also where one of its files was named."""
    path = str(path)
    return path[: -len(PARAMS)] if path.endswith(PARAMS) else path


def load_weights(path) -> dict:
    """Reads a file of weights: ``{structured name: array}``.

    Args:
        path: a prefix or a ``.pdparams`` file.

    Raises:
        CheckpointError: no such file, damaged, not a file of weights, or unsafe.
    """
    file = _strip(path) + PARAMS
    content = safe_pickle.load(file)
    if not isinstance(content, dict):
        raise CheckpointError(f"{file}: holds a {type(content).__name__} instead of weights by name")
    return {name: value for name, value in map(_unnamed, content.items()) if isinstance(value, np.ndarray)}


def _unnamed(item):
    """Paddle pickles a tensor outside a state dict as the pair (automatic name, array)."""
    key, value = item
    pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], np.ndarray)
    return key, value[1] if pair else value


@dataclass
class TransferReport:
    """What became of the weights in a file."""

    loaded: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    mismatched: list = field(default_factory=list)
    share: float = 0.0

    def __str__(self):
        lines = [f"{len(self.loaded)} loaded ({self.share:.1%} of the model's values)"]
        for title in ("missing", "unexpected", "mismatched"):
            names = getattr(self, title)
            if names:
                shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
                lines.append(f"{len(names)} {title}: {shown}")
        return "; ".join(lines)


def load_pretrained(model, path) -> TransferReport:
    """Copies the weights that fit by name and shape from a file into a model.

    Raises:
        CheckpointError: the file cannot be read, or nothing in it fits.
    """
    weights, target = load_weights(path), model.state_dict()
    report = TransferReport()
    for name, tensor in target.items():
        if name not in weights:
            report.missing.append(name)
        elif list(weights[name].shape) != list(tensor.shape):
            report.mismatched.append(f"{name} {list(weights[name].shape)} for {list(tensor.shape)}")
        else:
            _assign(tensor, weights[name])
            report.loaded.append(name)
    report.unexpected = [name for name in weights if name not in target]
    sizes = {name: int(np.prod(tensor.shape)) for name, tensor in target.items()}
    report.share = sum(sizes[name] for name in report.loaded) / max(sum(sizes.values()), 1)
    if not report.loaded:
        raise CheckpointError(f"{path}: no weight fits the model by name and shape ({report}); is it another model's?")
    return report


def _assign(tensor, array):
    """Copies an array into a tensor of any floating type."""
    value = paddle.to_tensor(np.ascontiguousarray(array).reshape(tensor.shape))
    tensor.set_value(value if value.dtype == tensor.dtype else value.astype(tensor.dtype))


def load_checkpoint(prefix, stepper, steps_per_epoch: int) -> TrainState:
    """Puts a run back to where a checkpoint was saved; everything must be there and fit.

    Args:
        prefix: path of the checkpoint without suffix.
        stepper: receives weights, optimizer, schedule, scaler and averages.
        steps_per_epoch: tells whether the epoch of the checkpoint was finished.

    Returns:
        the counters to go on with.

    Raises:
        CheckpointError: a file is missing or damaged, or a weight does not fit.
    """
    prefix = _strip(prefix)
    for suffix in (PARAMS, OPTIMIZER):
        if not os.path.exists(prefix + suffix):
            hint = "" if suffix == PARAMS else "; to start anew from its weights use Global.pretrained_model instead"
            raise CheckpointError(f"{prefix}{suffix}: no such file, so training cannot be resumed from {prefix}{hint}")
    extra = safe_pickle.load(prefix + TRAIN_STATE) if os.path.exists(prefix + TRAIN_STATE) else {}
    content = safe_pickle.load(prefix + PARAMS)
    weights = {**load_weights(prefix), **(extra.get("trained_weights") or {})}
    model = unwrap(stepper.model)
    _load_all(model, weights, prefix)
    names = content.get(NAMES_KEY, {})
    _load_optimizer(stepper.optimizer, model, safe_pickle.load(prefix + OPTIMIZER), names)
    stepper.amp.load_state_dict(extra.get("scaler") or {})
    if extra.get("averaging"):
        stepper.averaging.load_state_dict(extra["averaging"])
    return _restore_counters(prefix, extra, steps_per_epoch)


def _load_all(model, weights, prefix):
    target = model.state_dict()
    wrong = [n for n in target if n not in weights or list(weights[n].shape) != list(target[n].shape)]
    if wrong:
        raise CheckpointError(
            f"{prefix}{PARAMS}: {len(wrong)} of {len(target)} weights are missing or of another shape, "
            f"first {wrong[0]}; resume with the architecture of the checkpoint, or use Global.pretrained_model"
        )
    for name, tensor in target.items():
        _assign(tensor, weights[name])


def _load_optimizer(optimizer, model, state, old_names):
    """Restores the optimizer, whose entries are named after automatic parameter names.

    Those names differ between processes, so each is carried over by the structured name of its parameter.
    """
    new_names = {name: tensor.name for name, tensor in model.state_dict().items()}
    renamed = {old: new_names[name] for name, old in old_names.items() if name in new_names}
    state = dict(map(_unnamed, state.items()))
    masters = dict(map(_unnamed, (state.pop("master_weights", None) or {}).items()))
    result = {_rename(key, renamed): value for key, value in state.items() if key != NAMES_KEY}
    if masters:
        result["master_weights"] = {
            renamed.get(key, key): paddle.to_tensor(value, place=paddle.CPUPlace()) for key, value in masters.items()
        }
    optimizer.set_state_dict(result)


def _rename(key, renamed):
    """``<old parameter>_moment1_0`` -> ``<new parameter>_moment1_0``; the longest parameter name that fits counts."""
    end = key.rfind("_")
    while end > 0:
        if key[:end] in renamed:
            return renamed[key[:end]] + key[end:]
        end = key.rfind("_", 0, end)
    return key


def _restore_counters(prefix, extra, steps_per_epoch):
    if extra:
        state = TrainState(**extra["counters"])
    else:
        states = safe_pickle.load(prefix + STATES) if os.path.exists(prefix + STATES) else {}
        best = {key: value for key, value in (states.get("best_model_dict") or {}).items() if key != "is_float16"}
        epoch = states.get("epoch", 0)
        step = states.get("global_step", epoch * steps_per_epoch)
        state = TrainState(epoch=epoch, step_in_epoch=steps_per_epoch, global_step=step, best=best)
    if state.step_in_epoch >= steps_per_epoch:
        state.end_epoch()
    return state


def load_model(options, stepper, due, logger) -> TrainState:
    """Loads what ``Global.checkpoints`` or ``Global.pretrained_model`` names and returns the counters to start with.

    Args:
        options: :class:`ppocr.global_options.GlobalOptions`.
        stepper: receives what is loaded.
        due: :class:`ppocr.engine.schedule.Due`.
        logger: told what was loaded.

    Raises:
        CheckpointError: a file is missing, damaged or does not fit, or the run is finished already.
    """
    if options.checkpoints:
        state = load_checkpoint(options.checkpoints, stepper, due.steps_per_epoch)
        if due.stop(state):
            raise CheckpointError(
                f"{options.checkpoints}: this run is finished ({state.global_step} steps of {due.total_steps}); "
                "to train on, raise Global.epoch_num (or Global.max_steps)"
            )
        logger.info("resume from %s: epoch %d, step %d", options.checkpoints, state.epoch, state.global_step)
        return state
    if options.pretrained_model:
        report = load_pretrained(unwrap(stepper.model), options.pretrained_model)
        logger.info("pretrained weights from %s: %s", options.pretrained_model, report)
    else:
        logger.info("train from scratch")
    return TrainState()
