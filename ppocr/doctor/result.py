"""What was measured."""

from dataclasses import dataclass

from ppocr.doctor.facts import Facts
from ppocr.doctor.parts import LOADER, REST, START, TRAINER, WAIT, Part


@dataclass(frozen=True)
class Result:
    """Mean milliseconds of one step (one optimizer update).

    Attributes:
        facts: :class:`Facts`.
        steps: number of steps that were measured.
        step: a whole step.
        parts: ``{Part: milliseconds}``, the loader's in the order in which they run.  With workers the loader's parts
            run beside the trainer's, else within a step.
    """

    facts: Facts
    steps: int
    step: float
    parts: dict

    def of(self, *parts: Part) -> float:
        """Returns the milliseconds of some parts; 0 for those that did not occur."""
        return sum(self.parts.get(part, 0.0) for part in parts)

    @property
    def work(self) -> float:
        """The loader's work for one step, by however many processes it is done."""
        return sum(ms for part, ms in self.parts.items() if part.side == LOADER)

    @property
    def loader(self) -> float:
        """Time between two batches of the loader if nobody else holds it up."""
        return self.work / max(self.facts.workers, 1)

    @property
    def trainer(self) -> float:
        """A step without the loader's work and without waiting for it."""
        return sum(ms for part, ms in self.parts.items() if part.side == TRAINER and part not in (START, WAIT))

    @property
    def waiting(self) -> float:
        """How long the trainer stands still in a step because there is no batch."""
        return self.of(START, WAIT) if self.facts.workers else self.work

    @property
    def in_step(self) -> dict:
        """The parts that follow one another within a step; they sum up to it."""
        return {part: ms for part, ms in self.parts.items() if part.side == TRAINER or not self.facts.workers}

    @property
    def accounted(self) -> float:
        """Share of a step that parts with a name of their own explain."""
        return sum(ms for part, ms in self.in_step.items() if part != REST) / self.step

    @property
    def loader_matters(self) -> bool:
        """Whether less work of the loader makes a step shorter."""
        return self.waiting >= 0.1 * self.step and (self.facts.workers == 0 or self.loader > self.trainer)

    @property
    def trainer_matters(self) -> bool:
        """Whether less work of the trainer makes a step shorter."""
        return self.facts.workers == 0 or not self.loader_matters
