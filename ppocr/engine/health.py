"""Notices when numbers go bad: loss and gradient norm that are not finite."""

import itertools
import logging
from pathlib import Path

import numpy as np
import paddle

from ppocr.engine import processes
from ppocr.errors import UserError

logger = logging.getLogger("ppocr")
_NAMED = 8  # samples of each process that a warning names


def gradient_norm(parameters):
    """Returns the global l2 norm of the gradients, a scalar on the device; None where there is no gradient."""
    # paddle.square: raising to a power is twenty times slower on a CPU.
    squares = [paddle.square(p.grad.astype("float32")).sum() for p in parameters if p.grad is not None]
    return paddle.add_n(squares).sqrt() if squares else None


class FiniteGuard:
    """Keeps updates away that would ruin the model.

    In the mode ``step`` one flag is read before every update, and a bad update is left out: weights and statistics stay
    as they were.  In the mode ``log`` nothing is read until a log line is due; if anything was bad since the last one,
    the run goes back to the copy in memory that was taken then.  ``off`` only looks on.  In a distributed run all
    processes decide alike, because loss and gradients are those of all.

    Attributes:
        mode, folder: see below.

    Args:
        mode: ``step``, ``log`` or ``off``.
        folder: where offending batches are written, as ``step_N.npz``.
        max_bad: bad updates in a row (in the mode ``log``: bad stretches) that end the run.
        describe: function without arguments that names the samples of the last batches.
        scaled: a loss scaler handles overflows of the gradients, so that only the loss counts.
    """

    def __init__(self, mode="step", folder=None, max_bad=10, describe=None, scaled=False):
        self.mode, self.folder, self._max_bad = mode, folder, max_bad
        self._describe, self._scaled = describe or list, scaled
        self._in_a_row = 0
        self._flag = None
        self._snapshot = None
        self._statistics = []
        self.total = 0

    def before(self, stepper):
        """Keeps what a forward pass changes (running statistics), so that a bad step leaves nothing behind."""
        if self.mode == "step":
            self._statistics = [(t, t.clone()) for t in _statistics(stepper.model)]
        elif self.mode == "log" and self._snapshot is None:
            self._snapshot = _copy_of(stepper)

    def accepts(self, loss, norm, batches, step: int) -> bool:
        """Tells whether the update may be made.

        Args:
            loss: the loss of this update, on the device; in a distributed run the mean of all processes.
            norm: norm of its gradients, or None.
            batches: what it was computed from, for the dump.
            step: number of updates done before.

        Raises:
            UserError: too many bad updates in a row.
        """
        if self.mode == "off":
            return True
        flag = paddle.isfinite(loss).all()
        if norm is not None and not self._scaled:
            flag = paddle.logical_and(flag, paddle.isfinite(norm).all())
        if self.mode == "log":
            self._flag = flag if self._flag is None else paddle.logical_and(self._flag, flag)
            return True
        if bool(flag):
            self._in_a_row = 0
            return True
        for tensor, before in self._statistics:
            tensor.set_value(before)
        self._count(step, batches, "the update is left out")
        return False

    def settle(self, stepper, batches, step: int):
        """Reads the flag of the mode ``log``: goes back if anything was bad, else takes a new copy.

        Raises:
            UserError: bad again and again.
        """
        if self.mode != "log" or self._flag is None:
            return
        good, self._flag = bool(self._flag), None
        if good:
            self._in_a_row = 0
            self._snapshot = _copy_of(stepper)
            return
        _restore(stepper, self._snapshot)
        self._count(step - 1, batches, "the weights go back to those of the last good log line")

    def _count(self, step, batches, what):
        self.total += 1
        self._in_a_row += 1
        names = [str(name) for name in self._describe()]
        path = dump_batches(self.folder, step + 1, batches, names) if self.folder else "not written"
        names = list(itertools.chain.from_iterable(processes.gather(names[:_NAMED])))
        logger.warning(
            "step %d: loss or gradient is not finite, %s (%d in a row); batch: %s; samples: %s",
            step + 1,
            what,
            self._in_a_row,
            path,
            ", ".join(names) or "unknown",
        )
        if self._in_a_row >= self._max_bad:
            raise UserError(
                f"{self._in_a_row} updates in a row had a loss or gradient that is not finite; lower "
                "Optimizer.lr.learning_rate, set Optimizer.clip_norm_global, check the samples in "
                f"{self.folder or 'the data'}, or raise Global.max_bad_steps"
            )


def dump_batches(folder, step, batches, names) -> Path:
    """Writes batches as ``<folder>/step_N.npz``: ``batch_0_field_1`` ... and the sample ``names``; returns the path.

    In a distributed run each process writes its own, as ``step_N_process_R.npz``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"names": np.array(names, dtype=str)}
    for i, batch in enumerate(batches):
        for j, value in enumerate(batch):
            if isinstance(value, paddle.Tensor):
                arrays[f"batch_{i}_field_{j}"] = value.numpy()
    path = folder / (f"step_{step}_process_{processes.rank()}.npz" if processes.several() else f"step_{step}.npz")
    np.savez_compressed(path, **arrays)
    return path


def _statistics(model):
    """Floating values that a forward pass in training mode may change."""
    trained = {id(p) for p in model.parameters() if not p.stop_gradient}
    return [t for t in model.state_dict().values() if id(t) not in trained and "float" in str(t.dtype)]


def _live_tensors(stepper) -> dict:
    """Everything that an update changes, by name: weights, statistics, accumulators, master weights, averages."""
    tensors = {}

    def collect(value, name):
        if isinstance(value, dict):
            for key, inner in value.items():
                collect(inner, (*name, key))
        elif isinstance(value, paddle.Tensor):
            tensors[name] = value

    for part in (stepper.model, stepper.optimizer, stepper.averaging):
        collect(part.state_dict(), (type(part).__name__,))
    return tensors


def _copy_of(stepper):
    return {name: tensor.clone() for name, tensor in _live_tensors(stepper).items()}


def _restore(stepper, snapshot):
    for name, tensor in _live_tensors(stepper).items():
        if name in snapshot:
            tensor.set_value(snapshot[name])
        elif not bool(paddle.isfinite(tensor).all()):
            # An accumulator that came into being with the first update, after the copy.
            tensor.set_value(paddle.zeros_like(tensor))


def build_guard(options, device: str, describe=None) -> FiniteGuard:
    """Builds it from :class:`ppocr.global_options.GlobalOptions`; the mode is ``step`` on a CPU and ``log`` elsewhere
    unless ``check_finite`` names one.
    """
    mode = options.check_finite or ("step" if device == "cpu" else "log")
    scaled = options.use_amp and device != "cpu"
    folder = Path(options.save_model_dir) / "bad_batches"
    return FiniteGuard(mode, folder, options.max_bad_steps, describe, scaled)
