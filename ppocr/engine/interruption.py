"""Signals: the step is finished and a checkpoint saved before the process ends."""

import os
import signal
import time
from dataclasses import dataclass

from ppocr.distributed import processes

_EXIT_CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
_SECONDS = 1.0  # between the questions whether any process has got a signal
_MOST_STEPS = 100


@dataclass
class _Requests:
    """What signals ask for: the number of one that ends the run, or 0; a checkpoint, counted."""

    end: int = 0
    saves: int = 0


class Interruption:
    """Notes SIGTERM, SIGINT and SIGUSR1 for the training loop; a context in which they are noted.

    SIGTERM and SIGINT end the run after the step in progress with exit code 143 and 130, SIGUSR1 only asks for a
    checkpoint.  A second SIGINT ends the process at once.

    In a distributed run a signal may reach any of the processes.  About once a second, and after each evaluation, they
    ask each other for it, after a step that they all agree on: so all save the same state and end together.
    """

    def __init__(self):
        self._noted = _Requests()
        self._agreed = _Requests() if processes.is_distributed() else self._noted
        self._next_step, self._last = 0, (0, time.monotonic())
        self._before = {}

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            self._before[number] = signal.signal(number, self._note)
            signal.siginterrupt(number, False)  # Paddle takes an interrupted call for a broken connection
        return self

    def __exit__(self, kind, *exception):
        if kind is not None and processes.is_distributed():
            return  # a launcher ends all when one is gone, by SIGTERM: the others should live to say why they end
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def agree(self, step: int, at_once: bool = False):
        """Lets the processes of a distributed run act on the same signals; to be called after every step.

        Args:
            step: number of updates done.
            at_once: much time may have passed since the last step.
        """
        if self._agreed is self._noted or (step < self._next_step and not at_once):
            return
        saves, self._noted.saves = self._noted.saves, 0
        end, saves, interval = processes.all_reduce_max([self._noted.end, saves, self._steps_until_next(step)])
        self._agreed.end = end
        self._agreed.saves += saves
        self._next_step = step + interval

    def wants_checkpoint(self) -> bool:
        """Tells whether a checkpoint alone is asked for, once for each request."""
        wanted, self._agreed.saves = self._agreed.saves > 0, 0
        return wanted

    def wants_end(self) -> bool:
        """Tells whether the run has to end."""
        return self._agreed.end != 0

    def exit_code(self) -> int:
        """Returns the code to end with."""
        return _EXIT_CODES[self._agreed.end]

    def _steps_until_next(self, step):
        """Returns how many steps take about ``_SECONDS``, as far as the last ones tell."""
        (last_step, last_time), self._last = self._last, (step, time.monotonic())
        seconds = max((self._last[1] - last_time) / max(step - last_step, 1), 1e-6)
        return min(max(int(_SECONDS / seconds), 1), _MOST_STEPS)

    def _note(self, number, frame):
        if number == signal.SIGUSR1:
            self._noted.saves += 1
        elif number == signal.SIGINT and self._noted.end == signal.SIGINT:
            os._exit(130)
        else:
            self._noted.end = int(number)
