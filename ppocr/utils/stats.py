"""Smoothed statistics of a training run."""

from collections import deque

import numpy as np

from ppocr.checkpoint.damage import number


class TrainingStats:
    """Medians over the last ``window`` values of each key.

    Values may be numbers or Paddle scalars; the latter stay on the device until :meth:`get` is called, so that
    recording a step never waits for the device.

    Args:
        window: number of values that count.
        keys: keys that come first in the order of :meth:`get`, whether or not they have been updated.
        unsmoothed: keys of which the last value counts alone.
    """

    def __init__(self, window: int, keys=(), unsmoothed=()):
        self._window, self._unsmoothed = window, frozenset(unsmoothed)
        self._values = {key: self._row(key) for key in keys}

    def update(self, stats: dict):
        """Adds one value to each key of ``stats``; new keys are appended to the order."""
        for key, value in stats.items():
            if key not in self._values:
                self._values[key] = self._row(key)
            self._values[key].append(value)

    def get(self, extras=None) -> dict:
        """Returns the medians, rounded to 6 decimals, after the items of ``extras``."""
        result = dict(extras or {})
        for key, values in self._values.items():
            if values:
                result[key] = round(float(np.median(_to_numbers(values))), 6)
        return result

    def state_dict(self) -> dict:
        """Returns the values in the windows as plain numbers."""
        return {key: _to_numbers(values) for key, values in self._values.items()}

    def load_state_dict(self, state: dict):
        """Restores what :meth:`state_dict` gave."""
        self._values.update({key: self._row(key, list(map(number, values))) for key, values in state.items()})

    def _row(self, key, values=()):
        return deque(values, maxlen=1 if key in self._unsmoothed else self._window)

    def log(self, extras=None) -> str:
        """Returns ``key: value`` pairs with 6 decimals, joined by commas."""
        return ", ".join(f"{key}: {value:.6f}" for key, value in self.get(extras).items())


class StepStatistics:
    """The statistics after every single update, computed when they are asked for.

    Until then the values stay where they are; all of them come from the device in one transfer.

    Args:
        statistics: :class:`TrainingStats` of its own, which takes the values one update after the other.
    """

    LONGEST = 10_000  # updates that are remembered; older ones are passed over

    def __init__(self, statistics: TrainingStats):
        self._statistics = statistics
        self._waiting = deque(maxlen=self.LONGEST)

    def restore(self, state: dict):
        """Begins with the windows of another :class:`TrainingStats`: what its ``state_dict`` gave."""
        self._statistics.load_state_dict(state)

    def add(self, step: int, values: dict):
        """Takes the values of an update, numbers or Paddle scalars."""
        self._waiting.append((step, values))

    def take(self) -> list:
        """Returns ``(step, statistics)`` of each update since the last call, in order."""
        numbers = iter(_to_numbers([value for _, values in self._waiting for value in values.values()]))
        rows = []
        for step, values in self._waiting:
            self._statistics.update({key: next(numbers) for key in values})
            rows.append((step, self._statistics.get()))
        self._waiting.clear()
        return rows


def _to_numbers(values):
    """Converts the waiting device values in one transfer and keeps the numbers in their place."""
    waiting = [i for i, value in enumerate(values) if hasattr(value, "numpy")]
    if waiting:
        import paddle

        stacked = paddle.stack([values[i].reshape([]).astype("float32") for i in waiting])
        for i, number in zip(waiting, stacked.numpy().tolist()):
            values[i] = number
    return list(values)
