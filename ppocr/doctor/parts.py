"""The parts of a training step."""

from typing import NamedTuple

from ppocr.utils.timing import StepPart

LOADER, TRAINER = "loader", "trainer"


class Part(NamedTuple):
    """A part of a step.

    Attributes:
        side: ``loader`` (what workers may do) or ``trainer``.
        name: as a table shows it.
    """

    side: str
    name: str


def operator(op) -> Part:
    """Returns the part of a data operator."""
    return Part(LOADER, repr(op))


READ, DECODE, COLLATE = Part(LOADER, "read or draw"), Part(LOADER, "DecodeImage"), Part(LOADER, "collate")
LOADER_REST = Part(LOADER, "rest of the loader")
START, WAIT = Part(TRAINER, "wait, start of an epoch"), Part(TRAINER, "wait for the loader")
HAND_OVER = Part(TRAINER, "hand-over, to tensors")
FORWARD, LOSS, BACKWARD = Part(TRAINER, "forward"), Part(TRAINER, "loss"), Part(TRAINER, "backward")
NORM, CHECK = Part(TRAINER, "gradient norm, casts"), Part(TRAINER, "finite check")
UPDATE, METRIC = Part(TRAINER, "clip, update, clear"), Part(TRAINER, "training metric")
LOG, REST = Part(TRAINER, "statistics, log lines"), Part(TRAINER, "freeing tensors, counters")
TRAINER_PARTS = (START, WAIT, HAND_OVER, FORWARD, LOSS, BACKWARD, NORM, CHECK, UPDATE, METRIC, LOG, REST)
OF_STEP = {
    StepPart.READ: READ,
    StepPart.COLLATE: COLLATE,
    StepPart.FORWARD: FORWARD,
    StepPart.LOSS: LOSS,
    StepPart.BACKWARD: BACKWARD,
    StepPart.CHECK: CHECK,
    StepPart.UPDATE: UPDATE,
    StepPart.LOG: LOG,
}
