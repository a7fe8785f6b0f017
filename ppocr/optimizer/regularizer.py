"""Regularizers that the ``regularizer`` part of the ``Optimizer`` section can name.

A regularizer is a plain float (the L2 coefficient, which every optimizer takes) or an object that gives the gradient of
its penalty.
"""

import paddle
from paddle.regularizer import WeightDecayRegularizer

from ppocr.optimizer import curves
from ppocr.optimizer.lr_scheduler import Schedule
from ppocr.registry import REGULARIZERS
from ppocr.values import NonNegative, Penalty


@REGULARIZERS.register(name="L1", aliases=("L1Decay",))
def L1Decay(factor: Penalty = 0.0):
    """Adds ``factor * sign(parameter)`` to the gradient."""
    return paddle.regularizer.L1Decay(float(factor))


@REGULARIZERS.register(name="L2", aliases=("L2Decay",))
def L2Decay(factor: Penalty = 0.0) -> float:
    """Adds ``factor * parameter`` to the gradient; ``AdamW`` takes the factor as its decoupled weight decay."""
    return float(factor)


@REGULARIZERS.register(name="CosineL2", aliases=("CosineL2Decay",))
class CosineL2Decay(WeightDecayRegularizer):
    """Adds ``coefficient * parameter`` to the gradient; the coefficient falls over the run as half a cosine wave.

    The coefficient is a function of the step that the learning-rate schedule is at, so it needs no state of its own:
    restoring the schedule restores it.

    Args:
        epochs: length of the run in epochs.
        step_each_epoch: steps in an epoch.
        factor: coefficient during the first ``warmup_epoch`` epochs and at the start of the wave.
        end_factor: coefficient at the end of the run and after it.
        warmup_epoch: epochs before the wave starts.
    """

    def __init__(
        self,
        epochs: int,
        step_each_epoch: int,
        factor: Penalty,
        end_factor: Penalty = 0.0,
        warmup_epoch: NonNegative = 0,
    ):
        super().__init__()
        self._wait = round(warmup_epoch * step_each_epoch)
        self._length = max(epochs * step_each_epoch - self._wait, 1)
        self._wave = curves.cosine(factor, end_factor, self._length)
        self._schedule = None

    def coefficient(self, step: int) -> float:
        """Returns the coefficient at the optimizer update number ``step``, counted from 0."""
        return float(self._wave(min(max(step - self._wait, 0), self._length)))

    def follow(self, learning_rate) -> Schedule:
        """Takes the steps from a schedule from now on.

        Args:
            learning_rate: a float or a schedule.

        Returns:
            The schedule that the optimizer has to use: a float becomes one that counts steps.
        """
        if isinstance(learning_rate, float):
            learning_rate = Schedule(curves.constant(learning_rate))
        self._schedule = learning_rate
        return learning_rate

    def __call__(self, param, grad, block):
        """Returns what is added to the gradient ``grad``, a tensor of the shape of ``param``."""
        return paddle.scale(param, self.coefficient(self._schedule.last_epoch))

    def __str__(self):
        return f"CosineL2Decay, {self.coefficient(0):g} to {self.coefficient(self._wait + self._length):g}"
