"""Notices when numbers go bad: loss and gradient norm that are not finite."""

import itertools
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
from paddle import _C_ops

from ppocr.distributed import processes
from ppocr.errors import UserError
from ppocr.wording import counted

logger = logging.getLogger("ppocr")
_NAMED = 8  # samples of each process that a warning names
_LONGEST = 1000  # updates that the mode log waits for a log line


def gradient_norm(parameters):
    """Returns the global l2 norm of the gradients, a scalar on the device; None where there is no gradient."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    # One launch for each: casting to the type that it has would be a copy, and a square and a sum are two.
    squares = [_C_ops.squared_l2_norm(g if g.dtype == paddle.float32 else g.astype("float32")) for g in gradients]
    return paddle.add_n(squares).sqrt().reshape([]) if squares else None


@dataclass
class _Update:
    """An update whose numbers have not been looked at yet: they stay on the device.

    Attributes:
        step: its number, counted from 1.
        numbers: scalars that have to be finite.
        keys: those of the samples of each of its batches.
    """

    step: int
    numbers: list
    keys: list

    @classmethod
    def of(cls, step, numbers, batches):
        return cls(step + 1, numbers, [getattr(batch, "sample_keys", []) for batch in batches])


class FiniteGuard:
    """Keeps updates away that would ruin the model.

    In the mode ``step`` one number is read before every update, and a bad update is skipped: weights and statistics
    stay as they were.  In the mode ``log`` nothing is read until a log line is due, or the weights are evaluated or
    saved: if anything was bad since then, the run goes back to a copy in memory.  ``off`` only looks on.  In a
    distributed run all processes decide alike, because loss and gradients are those of all.

    Attributes:
        mode, folder: see below.
        overflows: :class:`Overflows`, the updates that a loss scaler skips.
        total: how many bad updates there were.

    Args:
        mode: ``step``, ``log`` or ``off``.
        folder: where offending batches are written, as ``step_N.npz``.
        max_bad: bad updates in a row (in the mode ``log``: bad stretches) that end the run.
        source: knows the samples by the ``sample_keys`` of a batch: ``names(keys)`` and ``read_again(keys)``; or None.
        scaled: a loss scaler handles overflows of the gradients, so that only the loss counts.
        copy_steps: least number of updates between two copies in the mode ``log``.
    """

    def __init__(self, mode="step", folder=None, max_bad=10, source=None, scaled=False, copy_steps=100):
        self.mode, self.folder, self._max_bad = mode, folder, max_bad
        self._source, self._scaled, self._copy_steps = source, scaled, copy_steps
        self.overflows = Overflows(max_bad)
        self._in_a_row = 0
        self._waiting = []
        self._snapshot, self._counts, self._steps_since_copy = {}, {}, 0
        self._statistics = []
        self.total = 0

    def snapshot(self, stepper):
        """Keeps what a forward pass changes (running statistics), so that a bad step leaves nothing behind."""
        if self.mode == "step":
            self._statistics = [(t, t.clone()) for t in _statistics(stepper.model)]
        elif self.mode == "log" and not self._snapshot:
            self._copy(stepper)
        elif len(self._waiting) >= _LONGEST:
            self.resolve_pending(stepper)

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
        update = _Update.of(step, [loss] if norm is None or self._scaled else [loss, norm], batches)
        if self.mode == "log":
            self._waiting.append(update)
            return True
        if _first_bad([update]) is None:
            self._in_a_row = 0
            return True
        for tensor, before in self._statistics:
            tensor.set_value(before)
        self._count(update, batches, "the update is skipped")
        return False

    def resolve_pending(self, stepper):
        """Reads what the mode ``log`` has noted: goes back if anything was bad, else takes a new copy now and then.

        To be called before anything reads the weights; in a distributed run by all processes.

        Raises:
            UserError: bad again and again.
        """
        if not self._waiting:
            return
        updates, self._waiting = self._waiting, []
        bad = _first_bad(updates)
        if bad is not None:
            _restore(stepper, self._snapshot)
            stepper.averaging.counts.update(self._counts)
            self._count(bad, None, "the weights go back to those of an earlier good step")
            return
        self._in_a_row = 0
        self._steps_since_copy += len(updates)
        if self._steps_since_copy >= self._copy_steps:
            self._copy(stepper)

    def _copy(self, stepper):
        _copy_into(self._snapshot, stepper)
        self._counts = dict(stepper.averaging.counts)
        self._steps_since_copy = 0

    def _count(self, update, batches, what):
        self.total += 1
        self._in_a_row += 1
        names = [str(name) for keys in update.keys for name in self._source.names(keys)] if self._source else []
        path = self._dump(update, batches, names)
        names = list(itertools.chain.from_iterable(processes.gather(names[:_NAMED])))
        logger.warning(
            "step %d: loss or gradient is not finite, %s (%d in a row); batch: %s; samples: %s",
            update.step,
            what,
            self._in_a_row,
            path,
            ", ".join(names) or "unknown",
        )
        if self._in_a_row >= self._max_bad:
            raise UserError(
                f"{counted(self._in_a_row, 'update')} in a row had a loss or gradient that is not finite; lower "
                "Optimizer.lr.learning_rate, set Optimizer.clip_norm_global, check the samples in "
                f"{self.folder or 'the data'}, or raise Global.max_bad_steps"
            )

    def _dump(self, update, batches, names):
        """Writes the batches of an update, read again where they are gone; returns the path, or why there is none."""
        if not self.folder or (batches is None and not self._source):
            return "not written"
        try:
            batches = batches or [self._source.read_again(keys) for keys in update.keys]
            return dump_batches(self.folder, update.step, batches, names)
        except (UserError, OSError) as error:
            return f"not written ({error})"


class Overflows:
    """Counts the updates that a loss scaler skips because gradients are not finite.

    A scale that follows the overflows is found by some of them.  Where it cannot fall, or has fallen below 1 without
    help, a row of them means that nothing is trained any more.

    Args:
        max_bad: such updates in a row that end the run.
    """

    def __init__(self, max_bad=10):
        self._max_bad = max_bad
        self._updates, self._skipped, self._in_a_row = 0, 0, 0

    def count(self, amp, made: bool):
        """Takes an update.

        Args:
            amp: :class:`ppocr.engine.stepper.MixedPrecision`.
            made: whether the update was made.

        Raises:
            UserError: too many in a row were skipped.
        """
        self._updates += 1
        if made:
            self._in_a_row = 0
            return
        self._skipped += 1
        self._in_a_row += amp.scale_is_spent()
        if self._in_a_row >= self._max_bad:
            were = "was" if self._in_a_row == 1 else "were"
            raise UserError(
                f"{counted(self._in_a_row, 'update')} in a row {were} skipped because gradients in {amp.dtype} are not "
                f"finite, with the loss scale {amp.scale():g}; set Global.use_dynamic_loss_scaling=true, "
                "Global.amp_dtype=bfloat16 or Global.amp_level=O1, lower Optimizer.lr.learning_rate, or raise "
                "Global.max_bad_steps"
            )

    def say(self, amp) -> bool:
        """Logs how many updates were skipped since the last call; tells whether any were."""
        skipped, updates = self._skipped, self._updates
        self._skipped = self._updates = 0
        if skipped:
            text = "%d of the last %d updates were skipped: gradients in %s were not finite; the loss scale is now %g"
            logger.warning(text, skipped, updates, amp.dtype, amp.scale())
        return skipped > 0


def _first_bad(updates):
    """Returns the first update with a number that is not finite, or None; reads all numbers at once."""
    numbers = [number.detach().reshape([]).astype("float32") for update in updates for number in update.numbers]
    finite = iter(np.isfinite(paddle.stack(numbers).numpy()).tolist())
    return next((update for update in updates if not all([next(finite) for _ in update.numbers])), None)


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
    process = f"_process_{processes.rank()}" if processes.is_distributed() else ""
    path = folder / f"step_{step}{process}.npz"
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


@paddle.no_grad()
def _copy_into(snapshot, stepper):
    """Copies into the tensors of the last copy, so that there are never two; nothing waits for the device."""
    for name, tensor in _live_tensors(stepper).items():
        if name in snapshot:
            snapshot[name].copy_(tensor, False)
        else:
            snapshot[name] = tensor.detach().clone()


@paddle.no_grad()
def _restore(stepper, snapshot):
    for name, tensor in _live_tensors(stepper).items():
        if name in snapshot:
            tensor.copy_(snapshot[name], False)
        else:
            tensor.zero_()  # an optimizer of one's own that makes accumulators later than Paddle's do


def build_guard(options, device: str, amp=None, source=None, keeps_batches=True) -> FiniteGuard:
    """Builds it from :class:`ppocr.options.GlobalOptions`; the mode is ``step`` on a CPU and ``log`` elsewhere
    unless ``check_finite`` names one.

    Args:
        options: see above.
        device: name of the device.
        amp: :class:`ppocr.engine.stepper.MixedPrecision`, or None.
        source: see :class:`FiniteGuard`.
        keeps_batches: whether offending batches are written, to the folder of the run.
    """
    mode = options.check_finite or ("step" if device == "cpu" else "log")
    folder = Path(options.save_model_dir) / "bad_batches" if keeps_batches else None
    return FiniteGuard(mode, folder, options.max_bad_steps, source, scaled=amp is not None and amp.scales)
