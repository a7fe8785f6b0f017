"""One optimizer update: forward, loss, backward, unscale, clip, step, clear."""

import contextlib
import logging
import re

import numpy as np
import paddle
from paddle import nn
from paddle.base import core
from paddle.utils import unique_name

from ppocr.checkpoint.optimizer_state import create_state, master_weights
from ppocr.data.batch import pick
from ppocr.distributed import processes
from ppocr.engine.averaging import Averaging
from ppocr.engine.forward import call_loss, call_model, inputs_of, to_float32
from ppocr.engine.health import FiniteGuard, gradient_norm
from ppocr.errors import ConfigError
from ppocr.failures import stage
from ppocr.utils.timing import NullTimer, StepPart

logger = logging.getLogger("ppocr")
MADE_WITH = "made_with"
# Their kernel knows float32 only: half weights would be cast in every call, and lie apart where cuDNN wants them flat.
_ONLY_IN_FLOAT32 = (nn.LSTM, nn.GRU, nn.SimpleRNN)


class MixedPrecision:
    """Automatic mixed precision: one object, on or off; off, every method is the plain operation.

    Args:
        enabled: whether to use it.
        level: ``O1`` (operators of the white list in half precision) or ``O2`` (all but the black list, the weights
            too, with master weights in the optimizer).
        dtype: ``float16`` or ``bfloat16``.
        black_list: operators to keep in float32, besides Paddle's own.
        white_list: operators to run in half precision, besides Paddle's own.
        init_loss_scaling: first (or only) factor of the loss.
        dynamic: whether the factor follows the overflows; for ``float16`` only, since gradients in ``bfloat16`` reach
            as far as in float32.
    """

    def __init__(
        self,
        enabled=False,
        level="O2",
        dtype="float16",
        black_list=(),
        white_list=(),
        init_loss_scaling=1.0,
        dynamic=False,
    ):
        self.enabled, self.level, self.dtype = enabled, level, dtype
        dynamic = dynamic and dtype == "float16"
        self._warns_when_sunk = dynamic
        self._lists = {"custom_black_list": list(black_list), "custom_white_list": list(white_list)}
        self._scaling = {"init_loss_scaling": init_loss_scaling, "use_dynamic_loss_scaling": dynamic}
        self.scaler = paddle.amp.GradScaler(**self._scaling) if enabled else None

    @classmethod
    def from_options(cls, options, enabled=None) -> "MixedPrecision":
        """Builds it from :class:`ppocr.options.GlobalOptions`."""
        return cls(
            options.use_amp if enabled is None else enabled,
            options.amp_level,
            options.amp_dtype,
            options.amp_custom_black_list,
            options.amp_custom_white_list,
            options.scale_loss,
            options.use_dynamic_loss_scaling,
        )

    def decorate(self, model, optimizer=None):
        """Returns model and optimizer as ``O2`` wants them: half-precision weights, float32 master weights.

        Master weights begin with what the weights are before these are rounded.  Recurrent layers stay in float32.

        Raises:
            ConfigError: this Paddle cannot make updates in that type with that optimizer.
        """
        if not self.enabled or self.level != "O2":
            return model, optimizer
        options = {"models": model, "level": self.level, "dtype": self.dtype}
        options["excluded_layers"] = [layer for layer in model.sublayers() if isinstance(layer, _ONLY_IN_FLOAT32)]
        if optimizer is None:
            return paddle.amp.decorate(**options), None
        _require_kernel(optimizer, self.dtype)
        exact = {parameter.name: parameter.detach().clone() for parameter in model.parameters()}
        model, optimizer = paddle.amp.decorate(optimizers=optimizer, master_weight=True, **options)
        create_state(optimizer)
        for name, master in master_weights(optimizer).items():
            master.copy_(exact[name], False)
        return model, optimizer

    def autocast(self):
        """Returns the context in which the model runs."""
        if not self.enabled:
            return contextlib.nullcontext()
        return paddle.amp.auto_cast(level=self.level, dtype=self.dtype, **self._lists)

    def backward(self, loss):
        """Computes gradients of the (scaled) loss."""
        (self.scaler.scale(loss) if self.enabled else loss).backward()

    def unscale(self, optimizer):
        """Takes the factor of the loss out of the gradients again."""
        if self.enabled:
            self.scaler.unscale_(optimizer)

    def step(self, optimizer) -> bool:
        """Clips (inside the optimizer) and updates; tells whether it did: a scaler skips the update on an overflow."""
        # Fresh automatic names, in case there is state to be made: see ppocr.checkpoint.optimizer_state.create_state.
        with unique_name.guard():
            if not self.enabled:
                optimizer.step()
                return True
            self.scaler.step(optimizer)
            # Paddle has read it from the device to decide, and leaves a plain bool here.
            skipped = bool(optimizer._get_auxiliary_var("found_inf"))
            self.scaler.update()
        return not skipped

    def skip(self):
        """Goes on without the update that gradients were unscaled for: a scaler refuses to unscale twice."""
        if self.enabled:
            state = self.state_dict()
            self.scaler = paddle.amp.GradScaler(**self._scaling)
            self.load_state_dict(state)

    @property
    def scales(self) -> bool:
        """Whether the loss is scaled, and updates with gradients that are not finite are skipped."""
        return self.enabled and self.scaler.is_enable()

    def scale(self) -> float:
        """Returns the factor of the loss; reads it from the device."""
        return _number(self.state_dict().get("scale", 1.0))

    def scale_is_spent(self) -> bool:
        """Tells whether overflows can no longer be helped by a smaller factor: it is constant, or below 1 already."""
        return not self._scaling["use_dynamic_loss_scaling"] or self.scale() < 1

    def warn_when_sunk(self):
        """Warns, once, when the factor of the loss has sunk below 1: gradients overflow although none are scaled up."""
        if self._warns_when_sunk and self.scale() < 1:
            self._warns_when_sunk = False
            text = "the loss scale has sunk to %g: lower Optimizer.lr.learning_rate, or use Global.amp_dtype=bfloat16"
            logger.warning(text, self.scale())

    def state_dict(self) -> dict:
        """Returns the state of the scaler, with the keys that it was made with; empty when off."""
        state = self.scaler.state_dict() if self.enabled else {}
        return {**state, MADE_WITH: dict(self._scaling)} if state else {}

    def load_state_dict(self, state: dict):
        """Restores the state of a scaler that was made with the same keys; where they have changed, they hold."""
        if self.enabled and state and self._made_alike(state):
            self.scaler.load_state_dict({key: value for key, value in state.items() if key != MADE_WITH})

    def _made_alike(self, state):
        if MADE_WITH in state:
            return state[MADE_WITH] == self._scaling
        # Older checkpoints do not tell the keys; where the factor follows the overflows, they cannot be told from it.
        dynamic = self._scaling["use_dynamic_loss_scaling"]
        if bool(state.get("use_dynamic_loss_scaling")) != dynamic:
            return False
        return dynamic or _number(state["scale"]) == self._scaling["init_loss_scaling"]


def _number(value) -> float:
    return float(np.asarray(value).reshape(-1)[0])


def _require_kernel(optimizer, dtype):
    """Makes sure that Paddle has a GPU kernel that updates parameters of a type; no other would be taken instead.

    Raises:
        ConfigError: it has none.
    """
    kernels = core._get_all_register_op_kernels("phi").get(optimizer.type, ())
    on_gpu = [kernel for kernel in kernels if "Place(gpu" in kernel]
    if on_gpu and not any(re.search(rf"\b{dtype}\]", kernel) for kernel in on_gpu):
        raise ConfigError(
            f"Global.amp_dtype: Paddle {paddle.__version__} has no {dtype} kernel of {type(optimizer).__name__} for "
            "weights in half precision; run with -o Global.amp_level=O1, or choose Optimizer.name Adam or AdamW"
        )


class Stepper:
    """Makes one optimizer update from one or several batches.

    Attributes:
        lr: the learning rate of the last update.

    Args:
        model: the model, in training mode.
        loss: ``loss(predictions, batch) -> dict`` with the key ``loss``; what it gives for each image is trained on as
            its sum and logged as its mean.
        optimizer: a Paddle optimizer.
        lr_scheduler: stepped once per update; a float for a constant rate.
        amp: mixed precision, on or off.
        averaging: average of the weights, updated after each step.
        seed: base of the seeds of the steps.
        guard: keeps updates with numbers that are not finite away.
        unaligned: :class:`ppocr.engine.unaligned.Unaligned`, told of each forward pass; or None.
    """

    def __init__(
        self, model, loss, optimizer, lr_scheduler, amp=None, averaging=None, seed=0, guard=None, unaligned=None
    ):
        self.model, self.loss, self._unaligned = model, loss, unaligned
        self.optimizer, self.lr_scheduler = optimizer, lr_scheduler
        self.amp = amp or MixedPrecision()
        self.averaging = averaging or Averaging()
        self.guard = guard or FiniteGuard("off")
        self._timer = NullTimer()
        self._seed, self._tried = seed, set()  # shapes of inputs that have been trained on
        self.lr = optimizer.get_lr()
        create_state(optimizer)  # so that copies of the state are whole before the first update, too

    def time_with(self, timer):
        """Has a :class:`ppocr.utils.timing.NullTimer`, or what stands for it, told of the parts of each step."""
        self._timer = timer

    def __call__(self, batches, step: int):
        """Does one update.

        Args:
            batches: the batches of this update; their losses count with equal weight.
            step: number of updates done before: dropout and the like are drawn from (seed, step), so that a resumed
                run draws what an uninterrupted one would.

        Returns:
            predictions (float32) of the last batch, and the losses, detached and averaged over the batches (``loss``
            over all processes too), with the norm of the gradients as ``grad_norm``; no losses where the guard has
            skipped the update, no norm where gradients overflowed.

        Raises:
            UserError: too many updates in a row were skipped, or model and loss do not fit a batch of a shape that
                has not come before.
        """
        with self._timer.part(StepPart.CHECK):
            self.guard.snapshot(self)
        sums = {}
        paddle.seed((self._seed * 1_000_003 + step) % 2**31)
        with processes.keeping_gradients(self.model):
            for batch in batches[:-1]:
                sums = _add(sums, self._backward(batch, len(batches))[1])
        predictions, losses = self._backward(batches[-1], len(batches))
        sums = _add(sums, losses)
        losses = sums if len(batches) == 1 else {key: value / len(batches) for key, value in sums.items()}
        losses["loss"] = processes.average(self.model, losses["loss"])
        with self._timer.part(StepPart.UPDATE):
            self.amp.unscale(self.optimizer)
        norm = gradient_norm(self.model.parameters())
        self.lr = self.optimizer.get_lr()
        with self._timer.part(StepPart.CHECK):
            accepted = self.guard.accepts(losses["loss"], norm, batches, step)
        if not accepted:
            self.amp.skip()
            losses, norm = {}, None
        elif not self._update():
            norm = None  # infinite or not a number, as is said when a log line is due
        self._prepare_next()
        return predictions, losses if norm is None else {**losses, "grad_norm": norm}

    def _update(self) -> bool:
        """Makes the update, unless gradients overflow; tells whether it did."""
        with self._timer.part(StepPart.UPDATE):
            made = self.amp.step(self.optimizer)
            if made:
                self.averaging.update()
        if self.amp.scales:
            self.guard.overflows.count(self.amp, made)
        return made

    def _prepare_next(self):
        """Clears the gradients and steps the schedule."""
        with self._timer.part(StepPart.UPDATE):
            self.optimizer.clear_grad()
            if not isinstance(self.lr_scheduler, float):
                self.lr_scheduler.step()

    def _backward(self, batch, count):
        """Adds the gradients of one of ``count`` batches; returns predictions and losses."""
        shapes, part = _shapes_of_inputs(self.model, batch), self._timer.part
        with self._trying("Architecture", "the model fails", shapes), self.amp.autocast(), part(StepPart.FORWARD):
            predictions = call_model(self.model, batch)
        predictions = to_float32(predictions)
        with self._trying("Loss", "it fails", shapes), part(StepPart.LOSS):
            losses = call_loss(self.loss, predictions, batch)
        if self._unaligned is not None:
            self._unaligned(predictions, batch)
        with part(StepPart.BACKWARD):
            self.amp.backward(losses["loss"] / count if count > 1 else losses["loss"])
        self._tried.add(shapes)
        return predictions, losses

    def _trying(self, section, what, shapes):
        """Returns a context in which a failure tells of its section, for inputs of shapes that have not come before."""
        if shapes in self._tried:
            return contextlib.nullcontext()
        inputs = ", ".join(f"{name} {list(shape)}" for name, shape in shapes)
        return stage(section, doing=f"{what} on a training batch" + (f" ({inputs})" if inputs else ""))

    def distribute(self, options, device: str):
        """Has the processes of a distributed run train together; see :func:`ppocr.distributed.processes.distribute`.

        Weights must be loaded before, and a static graph be made.
        """
        self.model = processes.distribute(self.model, options, device)

    def resolve_pending(self):
        """Reads what is known of the last updates on the device alone, so that the weights are good afterwards.

        To be called before the weights are evaluated or saved, and when a log line is due.

        Raises:
            UserError: the numbers are bad again and again.
        """
        with self._timer.part(StepPart.CHECK):
            self.guard.resolve_pending(self)
        if self.guard.overflows.say(self.amp):
            self.amp.warn_when_sunk()


def _shapes_of_inputs(model, batch) -> tuple:
    """Returns (name, shape) of the fields that a model reads, of those that are tensors."""
    fields = pick(batch, inputs_of(model), inputs=())
    return tuple((name, tuple(field.shape)) for name, field in fields.items() if isinstance(field, paddle.Tensor))


def _add(sums, losses):
    """Returns detached losses, added to those of the batches before; of a loss for each image the mean."""
    values = {key: _detached(value) if isinstance(value, paddle.Tensor) else value for key, value in losses.items()}
    return {key: sums[key] + value for key, value in values.items()} if sums else values


def _detached(loss):
    return loss.detach().mean() if loss.size > 1 else loss.detach()
