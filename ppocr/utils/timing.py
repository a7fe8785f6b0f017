"""The parts of a training step, and who is told of them."""

import contextlib
from enum import Enum, auto


class StepPart(Enum):
    """What a step consists of; the parts may lie inside one another."""

    READ = auto()  # a sample from its file, or drawn
    COLLATE = auto()
    FORWARD = auto()
    LOSS = auto()
    BACKWARD = auto()
    CHECK = auto()  # whether the numbers are finite
    UPDATE = auto()  # unscaling, clipping, the update itself, averages, clearing gradients
    LOG = auto()


class NullTimer:
    """Takes no notice of the parts of a step; whoever measures them puts another one in its place."""

    _nothing = contextlib.nullcontext()

    def part(self, part: StepPart):
        """Returns the context in which a part runs."""
        return self._nothing
