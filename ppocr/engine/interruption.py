"""Signals: the step is finished and a checkpoint saved before the process ends."""

import os
import signal

_EXIT_CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


class Interruption:
    """Notes SIGTERM, SIGINT and SIGUSR1 for the training loop; a context in which they are noted.

    SIGTERM and SIGINT end the run after the step in progress with exit code 143 and 130, SIGUSR1 only asks for a
    checkpoint.  A second SIGINT ends the process at once.
    """

    def __init__(self):
        self._received = None
        self._save = False
        self._before = {}

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wants_checkpoint(self) -> bool:
        """Tells whether a checkpoint alone is asked for, once for each request."""
        wanted, self._save = self._save, False
        return wanted

    def wants_end(self) -> bool:
        """Tells whether the run has to end."""
        return self._received is not None

    def exit_code(self) -> int:
        """Returns the code to end with."""
        return _EXIT_CODES[self._received]

    def _note(self, number, frame):
        if number == signal.SIGUSR1:
            self._save = True
        elif number == signal.SIGINT and self._received == signal.SIGINT:
            os._exit(130)
        else:
            self._received = signal.Signals(number)
