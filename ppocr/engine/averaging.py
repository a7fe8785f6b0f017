"""Averages of the weights: exponential (EMA) and over a window (model averaging).

Both are updated after every optimizer update, put in place for evaluation and the best checkpoint, and taken out again.
"""

import contextlib
import math

import paddle


class Averaging:
    """No average: what training without averaging uses.  The others share its interface."""

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

    def load_state_dict(self, state: dict):
        """Restores what :meth:`state_dict` gave."""

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
        trained = {name: weights[name].clone() for name in averaged}
        for name, value in averaged.items():
            weights[name].set_value(value)
        try:
            yield trained
        finally:
            for name, value in trained.items():
                weights[name].set_value(value)


class ExponentialAverage(Averaging):
    """Exponential moving average of weights and statistics (Polyak averaging with a decaying memory).

    Args:
        model: the model whose weights are averaged.
        decay: share of the average that stays at each update.
        decay_type: ``normal`` uses ``decay`` as it is, ``threshold`` min(decay, (1 + n) / (10 + n)) for the n-th
            update, ``exponential`` decay * (1 - exp(-(n + 1) / gamma)).
        gamma: see ``exponential``.
        filter_no_grad: leave out parameters that are not trained.
    """

    def __init__(self, model, decay=0.9999, decay_type="threshold", gamma=2000.0, filter_no_grad=False):
        frozen = {name for name, p in model.named_parameters() if p.stop_gradient} if filter_no_grad else set()
        self._source = {n: t for n, t in model.state_dict().items() if _is_float(t) and n not in frozen}
        self._average = {name: tensor.detach().clone() for name, tensor in self._source.items()}
        self._decay, self._decay_type, self._gamma = decay, decay_type, gamma
        self._updates = 0

    def current_decay(self) -> float:
        """Returns the decay of the next update."""
        if self._decay_type == "threshold":
            return min(self._decay, (1 + self._updates) / (10 + self._updates))
        if self._decay_type == "exponential":
            return self._decay * (1 - math.exp(-(self._updates + 1) / self._gamma))
        return self._decay

    @paddle.no_grad()
    def update(self):
        """average = decay * average + (1 - decay) * weights"""
        decay = self.current_decay()
        for name, value in self._average.items():
            value.set_value(value * decay + self._source[name] * (1 - decay))
        self._updates += 1

    def average(self):
        """See :class:`Averaging`."""
        return self._average

    def restart(self):
        """See :class:`Averaging`."""
        self._updates = 0
        for name, value in self._average.items():
            value.set_value(self._source[name])

    def state_dict(self):
        """See :class:`Averaging`."""
        return {"updates": self._updates, "average": self._average}

    def load_state_dict(self, state):
        """See :class:`Averaging`."""
        self._updates = state["updates"]
        for name, value in state["average"].items():
            self._average[name].set_value(value)


class WindowAverage(Averaging):
    """Plain mean of the trained parameters over a window of recent updates.

    A window is closed when it holds ``min_window`` updates and at least min(``max_window``, ``rate`` * updates so far);
    the average covers the last closed window and the open one.  The defaults are those that the family uses for SRN.

    Args:
        model: the model whose parameters are averaged.
        rate: length of the window relative to the updates done.
        min_window: least number of updates in a window.
        max_window: largest number that ``rate`` may ask for.
    """

    def __init__(self, model, rate=0.15, min_window=10000, max_window=15625):
        self._source = {n: p for n, p in model.named_parameters() if not p.stop_gradient}
        self._open = {name: paddle.zeros_like(p) for name, p in self._source.items()}
        self._closed = {name: paddle.zeros_like(p) for name, p in self._source.items()}
        self._rate, self._min, self._max = rate, min_window, max_window
        self._counts = {"updates": 0, "open": 0, "closed": 0}

    @paddle.no_grad()
    def update(self):
        """Adds the weights to the open window and closes it when it is long enough."""
        counts = self._counts
        counts["updates"] += 1
        counts["open"] += 1
        for name, total in self._open.items():
            total.add_(self._source[name])
        if counts["open"] >= self._min and counts["open"] >= min(self._max, counts["updates"] * self._rate):
            self._closed = self._open
            self._open = {name: paddle.zeros_like(total) for name, total in self._closed.items()}
            counts["closed"], counts["open"] = counts["open"], 0

    @paddle.no_grad()
    def average(self):
        """See :class:`Averaging`; empty before the first update."""
        count = self._counts["open"] + self._counts["closed"]
        return {n: (self._open[n] + self._closed[n]) / count for n in self._open} if count else {}

    def state_dict(self):
        """See :class:`Averaging`."""
        return {"counts": dict(self._counts), "open": self._open, "closed": self._closed}

    def load_state_dict(self, state):
        """See :class:`Averaging`."""
        self._counts = dict(state["counts"])
        for totals, saved in ((self._open, state["open"]), (self._closed, state["closed"])):
            for name, value in saved.items():
                totals[name].set_value(value)


def _is_float(tensor):
    return "float" in str(tensor.dtype)


def build_averaging(options, model) -> Averaging:
    """Returns the average that the ``Global`` section or, where that leaves it open, the model asks for."""
    if options.use_ema:
        return ExponentialAverage(
            model, options.ema_decay, options.ema_decay_type, options.ema_gamma, options.ema_filter_no_grad
        )
    wanted = options.model_average
    if getattr(model, "model_average", False) if wanted is None else wanted:
        return WindowAverage(model)
    return Averaging()
