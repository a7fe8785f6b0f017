"""The counters of a training run: everything that says where the run stands."""

import math
from dataclasses import asdict, dataclass, field

from ppocr.checkpoint.damage import count, number


@dataclass
class TrainState:
    """Where a run stands.

    Attributes:
        epoch: the epoch in progress, counted from 1.
        step_in_epoch: optimizer updates done in it.
        global_step: optimizer updates done in the run.
        best: metrics of the best evaluation so far, with ``best_epoch``; empty before the first one.
        stopped: early stopping has ended the run.
        in_evaluation: the evaluation that is due at this step has not ended.
    """

    epoch: int = 1
    step_in_epoch: int = 0
    global_step: int = 0
    best: dict = field(default_factory=dict)
    stopped: bool = False
    in_evaluation: bool = False

    def advance(self):
        """Counts one optimizer update."""
        self.step_in_epoch += 1
        self.global_step += 1

    def end_epoch(self):
        """Goes on to the next epoch."""
        self.epoch += 1
        self.step_in_epoch = 0

    def keep_if_best(self, metrics: dict, indicator: str, higher_is_better: bool = True) -> bool:
        """Makes ``metrics`` the best ones if they are; the first ones always are, NaN never beats a number."""
        if self.best and not is_better(metrics[indicator], self.best.get(indicator, math.nan), higher_is_better):
            return False
        self.best = {**metrics, "best_epoch": self.epoch}
        return True

    def to_dict(self) -> dict:
        """Returns plain values for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "TrainState":
        """Returns what :meth:`to_dict` gave.

        Raises:
            ValueError, TypeError, AttributeError: the values are something else.
        """
        state = cls(**values)
        state.epoch, state.step_in_epoch = count(state.epoch), count(state.step_in_epoch)
        state.global_step = count(state.global_step)
        state.stopped, state.in_evaluation = bool(state.stopped), bool(state.in_evaluation)
        for value in state.best.values():
            number(value)
        return state


def is_better(new: float, best: float, higher_is_better: bool) -> bool:
    """Tells whether ``new`` is strictly better; any number is better than NaN."""
    if math.isnan(new):
        return False
    if math.isnan(best):
        return True
    return new > best if higher_is_better else new < best
