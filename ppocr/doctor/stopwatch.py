"""A stopwatch for parts that lie inside one another, and stand-ins that start and stop it."""

import contextlib
import time
from collections import defaultdict

from ppocr.doctor.parts import OF_STEP, REST, TRAINER, Part
from ppocr.utils.timing import StepPart


class Stopwatch:
    """Adds up the seconds of parts; what lies inside another part counts for the inner one alone.

    Attributes:
        seconds: ``{Part: seconds}`` so far; what no part covers stands under :data:`ppocr.doctor.parts.REST`.

    Args:
        clock: gives seconds.
        synchronize: waits until the device has finished; called before the clock is read for the trainer's parts,
            without which the time of a kernel would count where its result is first needed.
    """

    def __init__(self, clock=time.perf_counter, synchronize=lambda: None):
        self._clock, self._synchronize = clock, synchronize
        self._running = [REST]
        self.restart()

    def restart(self):
        """Forgets everything and starts anew."""
        self.seconds = defaultdict(float)
        self._begin = self._since = self._clock()

    def elapsed(self) -> float:
        """Returns the seconds since the start, all parts together."""
        self._charge()
        return self._since - self._begin

    def take(self, side: str) -> dict:
        """Removes and returns the seconds of one side's parts."""
        return {part: self.seconds.pop(part) for part in list(self.seconds) if part.side == side}

    @contextlib.contextmanager
    def part(self, part: Part):
        """Returns a context whose time counts for a part."""
        self._wait_for_device(part)
        self._charge()
        self._running.append(part)
        try:
            yield
        finally:
            self._wait_for_device(part)
            self._charge()
            self._running.pop()

    def _wait_for_device(self, part):
        if part.side == TRAINER:
            self._synchronize()

    def _charge(self):
        now = self._clock()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now


class StepTimer:
    """Stands for a :class:`ppocr.utils.timing.NullTimer`: the parts of a step count on a stopwatch."""

    def __init__(self, watch: Stopwatch):
        self._watch = watch

    def part(self, part: StepPart):
        """Returns the context in which a part runs."""
        return self._watch.part(OF_STEP[part])


class Timed:
    """Stands for something that can be called: calls count for a part, everything else is the original's.

    Args:
        watch: :class:`Stopwatch`.
        part: what the calls count for.
        original: function or object.
    """

    def __init__(self, watch: Stopwatch, part: Part, original):
        self._watch, self._part, self._original = watch, part, original

    def __call__(self, *args, **kwargs):
        with self._watch.part(self._part):
            return self._original(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self._original, name)
