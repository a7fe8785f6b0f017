"""What an evaluation of a run consists of: the main set, further sets that are watched, and what follows from them."""

import logging
import math
from dataclasses import dataclass, field
from typing import Optional

from ppocr.checkpoint.damage import count, number
from ppocr.options import EarlyStoppingOptions
from ppocr.wording import counted

logger = logging.getLogger("ppocr")


@dataclass
class EarlyStopping(EarlyStoppingOptions):
    """Ends a run whose evaluations no longer improve."""

    best: float = field(default=math.nan, init=False)
    waited: int = field(default=0, init=False)

    def update(self, value: float, higher_is_better: bool) -> bool:
        """Takes the value of an evaluation; tells whether the run should end.  No number is no improvement."""
        gain = value - self.best if higher_is_better else self.best - value
        if not math.isnan(value) and (math.isnan(self.best) or gain > self.min_delta):
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        return self.waited >= self.patience

    def state_dict(self) -> dict:
        """Returns what a checkpoint needs."""
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict):
        """Restores what :meth:`state_dict` gave."""
        self.best, self.waited = number(state["best"]), count(state["waited"])


@dataclass
class ExtraEval:
    """A further evaluation set.

    Attributes:
        evaluator: :class:`ppocr.engine.evaluator.Evaluator`.
        veto_drop: a new best model is refused if this set's indicator is worse by more than that than at the best
            so far; None only watches.
    """

    evaluator: object
    veto_drop: Optional[float] = None


class EvaluationSuite:
    """Evaluates on every set and decides what is a new best and when to stop.

    Attributes:
        main: evaluator of the ``Eval`` section.
        remarks: sentences about the last evaluation that belong beside its values.
        stopping: :class:`EarlyStopping`, or None.

    Args:
        main: ``main(model) -> metrics``, with a ``metric`` that names ``main_indicator`` and ``higher_is_better``.
        extras: ``{name: ExtraEval}`` of the ``GuardEval`` section.
        stopping: see above.
    """

    def __init__(self, main, extras=None, stopping=None):
        self.main, self.stopping = main, stopping
        self._extras = extras or {}

    def __call__(self, model) -> dict:
        """Returns the metrics of the main set, and those of the others as ``<name>_<metric>``."""
        metrics = self.main(model)
        for name, extra in self._extras.items():
            metrics.update({f"{name}_{key}": value for key, value in extra.evaluator(model).items()})
        return metrics

    @property
    def evaluators(self) -> dict:
        """The evaluators of all sets by name: ``Eval``, then those that are watched."""
        return {"Eval": self.main, **{name: extra.evaluator for name, extra in self._extras.items()}}

    @property
    def remarks(self) -> list:
        extras = [f"{name}: {text}" for name, extra in self._extras.items() for text in extra.evaluator.remarks]
        return [*self.main.remarks, *extras]

    def keep_if_best(self, metrics: dict, state) -> bool:
        """Makes the metrics the best of ``state`` unless they are not, or an extra set objects; says which does."""
        metric = self.main.metric
        objecting = [name for name, extra in self._extras.items() if self._objects(name, extra, metrics, state.best)]
        if objecting:
            logger.info("no new best: %s fell too far below its value at the best model", ", ".join(objecting))
            return False
        return state.keep_if_best(metrics, metric.main_indicator, metric.higher_is_better)

    def wants_stop(self, metrics: dict) -> bool:
        """Tells whether early stopping ends the run after this evaluation."""
        if self.stopping is None:
            return False
        metric = self.main.metric
        name = self.stopping.metric or metric.main_indicator
        higher = metric.higher_is_better and name != "loss"
        stop = self.stopping.update(metrics[name], higher)
        if stop:
            logger.info("early stopping: no better %s in %s", name, counted(self.stopping.patience, "evaluation"))
        return stop

    @staticmethod
    def _objects(name, extra, metrics, best):
        metric = extra.evaluator.metric
        key = f"{name}_{metric.main_indicator}"
        if extra.veto_drop is None or key not in best:
            return False
        drop = best[key] - metrics[key] if metric.higher_is_better else metrics[key] - best[key]
        return drop > extra.veto_drop
