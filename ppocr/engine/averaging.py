"""Averages of the weights: exponential (EMA) and over a window (model averaging).

Both are updated after every optimizer update, put in place for evaluation and the best checkpoint, and taken out again.
"""

import contextlib
import math

import paddle

from ppocr.checkpoint.damage import count, like
from ppocr.checkpoint.optimizer_state import HALF
from ppocr.checkpoint.transfer import assign


class Averaging:
    """No average: what training without averaging uses.  The others share its interface.

    Averages are kept in float32 and on the device.

    Attributes:
        counts: numbers of updates, by name.

    Args:
        masters: ``{automatic name of a parameter: tensor}`` of the float32 weights that half-precision parameters are
            rounded from; looked at in each update.
    """

    def __init__(self, masters=None):
        self.counts = {}
        self._masters = {} if masters is None else masters

    def update(self):
        """Takes the weights after one optimizer update into the average."""

    def average(self) -> dict:
        """Returns ``{structured name: tensor}`` of the averaged weights; empty: the weights themselves."""
        return {}

    def restart(self):
        """Begins anew from the weights as they are, after they have been loaded."""

    def state_dict(self) -> dict:
        """Returns what a checkpoint needs."""
        return {}

    def load_state_dict(self, state: dict) -> bool:
        """Restores what :meth:`state_dict` gave.

        Weights that it knows nothing about were not trained so far: their average is what they are.

        Returns:
            whether it is the state of such an average; else the average begins anew.
        """
        return True

    def _exact(self, tensor):
        """Returns a weight in float32, which is not to be changed."""
        exact = self._masters.get(tensor.name, tensor)
        return exact.astype("float32") if exact.dtype in HALF else exact

    @contextlib.contextmanager
    def applied(self, model):
        """Has the averaged weights in the model inside the block and the trained ones, bit for bit, after it.

        Yields:
            the trained weights by name, or None where there is no average.
        """
        averaged = self.average()
        if not averaged:
            yield None
            return
        weights = model.state_dict()
        trained = {name: weights[name].detach().clone() for name in averaged}
        _put(averaged, weights)
        try:
            yield trained
        finally:
            _put(trained, weights)


@paddle.no_grad()
def _put(values, weights):
    for name, value in values.items():
        tensor = weights[name]
        tensor.copy_(value if value.dtype == tensor.dtype else value.astype(tensor.dtype), False)


class ExponentialAverage(Averaging):
    """Exponential moving average of weights and statistics (Polyak averaging with a decaying memory).

    Args:
        model: the model whose weights are averaged.
        decay: share of the average that stays at each update.
        decay_type: ``normal`` uses ``decay`` as it is, ``threshold`` min(decay, (1 + n) / (10 + n)) for the n-th
            update, ``exponential`` decay * (1 - exp(-(n + 1) / gamma)).
        gamma: see ``exponential``.
        filter_no_grad: leave out parameters that are not trained.
        masters: see :class:`Averaging`.
    """

    def __init__(self, model, decay=0.9999, decay_type="threshold", gamma=2000.0, filter_no_grad=False, masters=None):
        super().__init__(masters)
        frozen = {name for name, p in model.named_parameters() if p.stop_gradient} if filter_no_grad else set()
        self._source = {n: t for n, t in model.state_dict().items() if _is_float(t) and n not in frozen}
        self._average = {name: self._exact(tensor).detach().clone() for name, tensor in self._source.items()}
        self._decay, self._decay_type, self._gamma = decay, decay_type, gamma
        self.counts = {"updates": 0}

    def current_decay(self) -> float:
        """Returns the decay of the next update."""
        updates = self.counts["updates"]
        if self._decay_type == "threshold":
            return min(self._decay, (1 + updates) / (10 + updates))
        if self._decay_type == "exponential":
            return self._decay * (1 - math.exp(-(updates + 1) / self._gamma))
        return self._decay

    @paddle.no_grad()
    def update(self):
        """average = decay * average + (1 - decay) * weights"""
        decay = self.current_decay()
        for name, value in self._average.items():
            value.scale_(decay)
            value.add_(self._exact(self._source[name]) * (1 - decay))
        self.counts["updates"] += 1

    def average(self):
        """See :class:`Averaging`."""
        return self._average

    @paddle.no_grad()
    def restart(self):
        """See :class:`Averaging`."""
        self.counts["updates"] = 0
        for name, value in self._average.items():
            value.copy_(self._exact(self._source[name]), False)

    def state_dict(self):
        """See :class:`Averaging`."""
        return {**self.counts, "average": self._average}

    def load_state_dict(self, state):
        """See :class:`Averaging`."""
        self.restart()
        if "average" not in state:
            return False
        self.counts["updates"] = count(state["updates"])
        for name in self._average.keys() & state["average"].keys():
            assign(self._average[name], state["average"][name])
        return True


class WindowAverage(Averaging):
    """Plain mean of the trained parameters over a window of recent updates.

    A window is closed when it holds ``min_window`` updates and at least min(``max_window``, ``rate`` * updates so far);
    the average covers the last closed window and the open one.  The defaults are those that PaddleOCR uses for SRN.

    Args:
        model: the model whose parameters are averaged.
        rate: length of the window relative to the updates done.
        min_window: least number of updates in a window.
        max_window: largest number that ``rate`` may ask for.
        masters: see :class:`Averaging`.
    """

    def __init__(self, model, rate=0.15, min_window=10000, max_window=15625, masters=None):
        super().__init__(masters)
        self._source = {n: p for n, p in model.named_parameters() if not p.stop_gradient}
        self._open, self._closed = self._zeros(), self._zeros()
        self._rate, self._min, self._max = rate, min_window, max_window
        self.counts = {"updates": 0, "open": 0, "closed": 0}

    def _zeros(self):
        return {name: paddle.zeros_like(self._exact(p)) for name, p in self._source.items()}

    @paddle.no_grad()
    def update(self):
        """Adds the weights to the open window and closes it when it is long enough."""
        counts = self.counts
        counts["updates"] += 1
        counts["open"] += 1
        for name, total in self._open.items():
            total.add_(self._exact(self._source[name]))
        if counts["open"] >= self._min and counts["open"] >= min(self._max, counts["updates"] * self._rate):
            self._closed, self._open = self._open, self._zeros()
            counts["closed"], counts["open"] = counts["open"], 0

    @paddle.no_grad()
    def average(self):
        """See :class:`Averaging`; empty before the first update."""
        updates = self.counts["open"] + self.counts["closed"]
        return {n: (self._open[n] + self._closed[n]) / updates for n in self._open} if updates else {}

    def state_dict(self):
        """See :class:`Averaging`."""
        return {"counts": dict(self.counts), "open": self._open, "closed": self._closed}

    @paddle.no_grad()
    def load_state_dict(self, state):
        """See :class:`Averaging`."""
        if "counts" not in state:
            return False
        self.counts = dict(like(state["counts"], self.counts))
        for window, totals in (("open", self._open), ("closed", self._closed)):
            for name, total in totals.items():
                if name in state[window]:
                    assign(total, state[window][name])
                else:
                    total.copy_(self._exact(self._source[name]) * self.counts[window], False)
        return True


def _is_float(tensor):
    return "float" in str(tensor.dtype)


def build_averaging(options, model, masters=None) -> Averaging:
    """Returns the average that the ``Global`` section or, where that leaves it open, the model asks for.

    ``masters``: see :class:`Averaging`.
    """
    if options.use_ema:
        settings = options.ema_decay, options.ema_decay_type, options.ema_gamma, options.ema_filter_no_grad
        return ExponentialAverage(model, *settings, masters)
    wanted = options.model_average
    if getattr(model, "model_average", False) if wanted is None else wanted:
        return WindowAverage(model, masters=masters)
    return Averaging()
