"""Learning-rate schedules that the ``lr`` part of the ``Optimizer`` section can name.

All of them are a closed form of the step (see ``ppocr.optimizer.curves``) behind an optional linear warm-up.  Lengths
in YAML are in epochs, except those whose key is known to count steps (``T_max``, ``warmup_steps``).
"""

import logging
from typing import Annotated, Literal, Optional

from paddle.optimizer.lr import LRScheduler

from ppocr.errors import ConfigError
from ppocr.optimizer import curves
from ppocr.registry import LR_SCHEDULERS
from ppocr.values import Count, Index, Length, Positive, Probability, Range, Rate, Rising

logger = logging.getLogger("ppocr")
Epochs = Annotated[float, Range(0, 1_000_000)]
RisingEpochs = Annotated[list[Epochs], Rising()]
Exponent = Annotated[float, Range(above=0, most=100)]


class Schedule(LRScheduler):
    """A curve behind a linear warm-up that ends at the curve's first rate.

    The warm-up is put in front of the curve: the curve starts when the warm-up is over, and keeps its length.

    Args:
        curve: the rate as a function of the step.
        warmup_steps: length of the warm-up; 0 for none.
        start_lr: rate at the first step of the warm-up.
    """

    def __init__(self, curve: curves.Curve, warmup_steps: int = 0, start_lr: Rate = 0.0):
        self.curve, self.warmup_steps, self.start_lr = curve, warmup_steps, start_lr
        super().__init__(float(curve(0)))

    def rate_at(self, step: int) -> float:
        """Returns the learning rate of the optimizer update number ``step``, counted from 0."""
        if step < self.warmup_steps:
            return float(self.start_lr + (self.curve(0) - self.start_lr) * step / self.warmup_steps)
        return float(self.curve(step - self.warmup_steps))

    def get_lr(self) -> float:
        """Returns the learning rate of the current step."""
        return self.rate_at(self.last_epoch)

    def state_dict(self) -> dict:
        """Returns ``last_epoch`` and ``last_lr``; behind a warm-up also those of the curve, as ``LinearWarmup_LR``."""
        state = super().state_dict()
        if self.warmup_steps > 0:
            step = max(self.last_epoch - self.warmup_steps, 0)
            state["LinearWarmup_LR"] = {"last_epoch": step, "last_lr": float(self.curve(step))}
        return state

    def set_state_dict(self, state_dict: dict):
        """Goes to the step of a saved state; the rate follows from the step.

        Raises:
            RuntimeError: the state has no ``last_epoch`` or no ``last_lr``.
        """
        super().set_state_dict({k: v for k, v in state_dict.items() if k != "LinearWarmup_LR"})
        self.last_lr = self.get_lr()

    set_dict = set_state_dict


def _steps(epochs, step_each_epoch):
    return round(epochs * step_each_epoch)


@LR_SCHEDULERS.register(name="Const")
def constant(step_each_epoch: int, learning_rate: Rate, warmup_epoch: Epochs = 0):
    """A constant rate: a plain float, or a :class:`Schedule` if it is warmed up."""
    warmup_steps = _steps(warmup_epoch, step_each_epoch)
    return Schedule(curves.constant(learning_rate), warmup_steps) if warmup_steps > 0 else float(learning_rate)


@LR_SCHEDULERS.register()
class Linear(Schedule):
    """Falls from ``learning_rate`` to ``end_lr`` over the run, as a straight line or a power of it."""

    def __init__(
        self,
        epochs: int,
        step_each_epoch: int,
        learning_rate: Rate,
        end_lr: Rate = 0.0,
        power: Exponent = 1.0,
        warmup_epoch: Epochs = 0,
    ):
        curve = curves.polynomial(learning_rate, end_lr, epochs * step_each_epoch, power)
        super().__init__(curve, _steps(warmup_epoch, step_each_epoch))


@LR_SCHEDULERS.register()
class DecayLearningRate(Linear):
    """Falls from ``learning_rate`` to ``end_lr`` as ``(1 - step / steps) ** factor`` ("poly", arXiv:1606.00915)."""

    def __init__(
        self,
        epochs: int,
        step_each_epoch: int,
        learning_rate: Rate,
        factor: Exponent = 0.9,
        end_lr: Rate = 0.0,
        warmup_epoch: Epochs = 0,
    ):
        super().__init__(epochs, step_each_epoch, learning_rate, end_lr, factor, warmup_epoch)


@LR_SCHEDULERS.register()
class Cosine(Schedule):
    """Falls from ``learning_rate`` to 0 over the run as half a cosine wave (SGDR, arXiv:1608.03983)."""

    def __init__(self, epochs: int, step_each_epoch: int, learning_rate: Rate, warmup_epoch: Epochs = 0):
        curve = curves.cosine(learning_rate, 0.0, epochs * step_each_epoch)
        super().__init__(curve, _steps(warmup_epoch, step_each_epoch))


@LR_SCHEDULERS.register()
class LinearWarmupCosine(Schedule):
    """Half a cosine wave to ``min_lr`` over the run, behind a warm-up from ``start_lr``.

    The warm-up lasts ``warmup_steps`` updates, 5000 by default, or ``warmup_epoch`` epochs.
    """

    def __init__(
        self,
        epochs: int,
        step_each_epoch: int,
        learning_rate: Rate,
        start_lr: Rate = 1e-5,
        min_lr: Rate = 1e-8,
        warmup_steps: Optional[Index] = None,
        warmup_epoch: Optional[Epochs] = None,
    ):
        if warmup_epoch is not None:
            warmup_steps = _steps(warmup_epoch, step_each_epoch)
        curve = curves.cosine(learning_rate, min_lr, epochs * step_each_epoch)
        super().__init__(curve, 5000 if warmup_steps is None else warmup_steps, start_lr)

    @staticmethod
    def check_arguments(warmup_steps, warmup_epoch):
        """Yields keys that exclude each other."""
        if warmup_steps is not None and warmup_epoch is not None:
            yield "warmup_epoch", "'warmup_steps' and 'warmup_epoch' exclude each other, give one"


@LR_SCHEDULERS.register()
class Step(Schedule):
    """Multiplies the rate by ``gamma`` every ``step_size`` epochs."""

    def __init__(
        self, step_each_epoch: int, learning_rate: Rate, step_size: Count, gamma: Probability, warmup_epoch: Epochs = 0
    ):
        curve = curves.step_decay(learning_rate, step_size * step_each_epoch, gamma)
        super().__init__(curve, _steps(warmup_epoch, step_each_epoch))


@LR_SCHEDULERS.register()
class Piecewise(Schedule):
    """Takes the ``values`` one after the other, changing at ``decay_epochs``.

    There is one value more than epochs; as many values as epochs are taken too, the last of them then stays.
    A ``learning_rate`` beside them is not needed; if it is not the first of the values, a warning is logged.
    """

    def __init__(
        self,
        step_each_epoch: int,
        decay_epochs: RisingEpochs,
        values: Annotated[list[Rate], Length(1)],
        learning_rate: Optional[Rate] = None,
        warmup_epoch: Epochs = 0,
    ):
        boundaries = [_steps(epoch, step_each_epoch) for epoch in decay_epochs[: len(values) - 1]]
        if learning_rate not in (None, values[0]):
            logger.warning(
                "Piecewise: 'learning_rate: %s' is not used, 'values' begin with %s", learning_rate, values[0]
            )
        super().__init__(curves.piecewise(boundaries, values), _steps(warmup_epoch, step_each_epoch))

    @staticmethod
    def check_arguments(decay_epochs, values):
        """Yields what does not fit together."""
        if not max(len(decay_epochs), 1) <= len(values) <= len(decay_epochs) + 1:
            need = f"{len(decay_epochs)} 'decay_epochs' need {len(decay_epochs) + 1} 'values'"
            yield "values", f"{need}, not {len(values)}"


@LR_SCHEDULERS.register()
class MultiStepDecay(Schedule):
    """Multiplies the rate by ``gamma`` at each of the ``milestones``, in epochs."""

    def __init__(
        self,
        step_each_epoch: int,
        learning_rate: Rate,
        milestones: RisingEpochs,
        gamma: Probability = 0.1,
        warmup_epoch: Epochs = 0,
    ):
        boundaries = [_steps(epoch, step_each_epoch) for epoch in milestones]
        values = [learning_rate * gamma**i for i in range(len(boundaries) + 1)]
        super().__init__(curves.piecewise(boundaries, values), _steps(warmup_epoch, step_each_epoch))


@LR_SCHEDULERS.register(aliases=("CyclicalCosine",))
class CyclicalCosineDecay(Schedule):
    """Half a cosine wave from ``learning_rate`` to ``eta_min``, again and again (arXiv:2012.12645).

    Args:
        learning_rate: rate at the start of a cycle.
        T_max: length of the run in steps; with it ``cycle`` is in steps too.
        cycle: length of a cycle, in epochs if there is no ``T_max``; by default the whole run.
        eta_min: rate at the end of a cycle.
        epochs: length of the run in epochs, needed if there is no ``T_max``.
        step_each_epoch: steps in an epoch, needed for whatever is given in epochs.
        warmup_epoch: length of the warm-up in epochs.

    Raises:
        ConfigError: the cycle is shorter than a step.
    """

    def __init__(
        self,
        learning_rate: Rate,
        T_max: Optional[Count] = None,
        cycle: Optional[Positive] = None,
        eta_min: Rate = 0.0,
        epochs: int = 1,
        step_each_epoch: int = 1,
        warmup_epoch: Epochs = 0,
    ):
        whole, unit = (T_max, 1) if T_max is not None else (epochs, step_each_epoch)
        length = _steps(whole if cycle is None else cycle, unit)
        if length < 1:
            raise ConfigError(f"CyclicalCosineDecay: a 'cycle' of {cycle} is shorter than a step")
        super().__init__(curves.cyclical_cosine(learning_rate, eta_min, length), _steps(warmup_epoch, step_each_epoch))


@LR_SCHEDULERS.register(aliases=("TwoStepCosine",))
class TwoStepCosineDecay(Schedule):
    """A cosine that reaches ``eta_min`` after ``T_max1`` steps, then the rest of one that reaches it after ``T_max2``.

    Args:
        learning_rate: first rate of both cosines.
        T_max1: length of the first in steps; by default 200 epochs.
        T_max2: length of the second in steps; by default the whole run.
        eta_min: lowest rate.
        epochs: length of the run in epochs.
        step_each_epoch: steps in an epoch.
        warmup_epoch: length of the warm-up in epochs.
    """

    def __init__(
        self,
        learning_rate: Rate,
        T_max1: Optional[Count] = None,
        T_max2: Optional[Count] = None,
        eta_min: Rate = 0.0,
        epochs: int = 1,
        step_each_epoch: int = 1,
        warmup_epoch: Epochs = 0,
    ):
        first = 200 * step_each_epoch if T_max1 is None else T_max1
        second = epochs * step_each_epoch if T_max2 is None else T_max2
        if min(first, second) < 1:
            raise ConfigError(f"TwoStepCosineDecay: 'T_max1' and 'T_max2' must be at least 1, not {first} and {second}")
        curve = curves.two_step_cosine(learning_rate, eta_min, first, second)
        super().__init__(curve, _steps(warmup_epoch, step_each_epoch))


@LR_SCHEDULERS.register(aliases=("OneCycle",))
class OneCycleDecay(Schedule):
    """Climbs from ``max_lr / div_factor`` to ``max_lr`` and falls far below it (super-convergence, arXiv:1708.07120).

    A warm-up climbs to the first rate of the cycle, and the cycle takes the steps that are left of the run.

    Args:
        max_lr: highest rate.
        epochs: length of the run in epochs.
        steps_per_epoch: steps in an epoch.
        pct_start: share of the cycle in which the rate climbs.
        anneal_strategy: ``cos`` or ``linear``.
        div_factor: ``max_lr`` divided by the first rate.
        final_div_factor: the first rate divided by the last one.
        three_phase: whether the rate first falls as fast as it climbed, and only then to the last rate.
        step_each_epoch: another name for ``steps_per_epoch``.
        warmup_epoch: length of the warm-up in epochs.

    Raises:
        ConfigError: the steps in an epoch are missing.
    """

    def __init__(
        self,
        max_lr: Rate,
        epochs: int,
        steps_per_epoch: Optional[int] = None,
        pct_start: Probability = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        div_factor: Positive = 25.0,
        final_div_factor: Positive = 1e4,
        three_phase: bool = False,
        step_each_epoch: Optional[int] = None,
        warmup_epoch: Epochs = 0,
    ):
        steps_per_epoch = steps_per_epoch or step_each_epoch
        if not steps_per_epoch:
            raise ConfigError("OneCycleDecay: 'steps_per_epoch' is missing")
        warmup_steps = _steps(warmup_epoch, steps_per_epoch)
        length = max(epochs * steps_per_epoch - warmup_steps, 1)
        first, climb = max_lr / div_factor, pct_start * length
        points = [(0, first), (climb - 1, max_lr), (length - 1, first / final_div_factor)]
        if three_phase:
            points.insert(2, (2 * climb - 2, first))
        super().__init__(curves.one_cycle(points, anneal_strategy == "linear"), warmup_steps)
