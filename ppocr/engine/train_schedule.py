"""When a log line, an evaluation or a checkpoint is due.  Everything counts optimizer updates.

A run that goes on with epochs of another length (other processes, another batch size) keeps counting its updates; its
place in the schedule is that of the epoch, so that it still ends with the last one.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Optional

from ppocr.checkpoint.state import TrainState
from ppocr.errors import ConfigError


@dataclass(frozen=True)
class TrainSchedule:
    """Answers "is it time?" for where a run stands.

    Attributes:
        epoch_num: epochs of the run.
        steps_per_epoch: optimizer updates per epoch.
        accumulate_steps: batches per update.
        total_steps: updates of the run; ``max_steps`` may make it end inside an epoch.
        print_interval: updates between log lines.
        eval_start: the step that the intervals between evaluations are counted from.
        eval_interval: updates between evaluations; 0 means only at the end, None never (no evaluation data).
        eval_from: evaluations that fall before this step are left out, but for the one at the end.
        save_epoch_step: epochs between numbered checkpoints.
        save_step_interval: updates between checkpoints inside an epoch; 0: none.
        metric_epoch_step: epochs between those in which metrics are computed on training batches.
        state: where the run stands; a schedule that was not told stands at the beginning.
    """

    epoch_num: int
    steps_per_epoch: int
    accumulate_steps: int = 1
    total_steps: int = 0
    print_interval: int = 10
    eval_start: int = 0
    eval_interval: Optional[int] = None
    eval_from: int = 0
    save_epoch_step: int = 1
    save_step_interval: int = 0
    metric_epoch_step: int = 1
    state: TrainState = field(default_factory=TrainState)

    @classmethod
    def from_options(cls, options, batches_per_epoch: int, evaluates: bool) -> "TrainSchedule":
        """Derives the schedule from :class:`ppocr.options.GlobalOptions`.

        Raises:
            ConfigError: a training epoch has no batch.
        """
        if batches_per_epoch < 1:
            raise ConfigError(
                "Train: no batch in an epoch; the data set is smaller than a batch: lower "
                "Train.loader.batch_size_per_card or set Train.loader.drop_last=false"
            )
        steps = math.ceil(batches_per_epoch / options.accumulate_steps)
        total = options.epoch_num * steps
        start, interval = _eval_steps(options, steps)
        return cls(
            epoch_num=options.epoch_num,
            steps_per_epoch=steps,
            accumulate_steps=options.accumulate_steps,
            total_steps=min(total, options.max_steps) if options.max_steps else total,
            print_interval=options.print_batch_step,
            eval_start=start,
            eval_interval=interval if evaluates else None,
            eval_from=options.start_eval_step,
            save_epoch_step=options.save_epoch_step,
            save_step_interval=options.save_step_interval,
            metric_epoch_step=options.calc_epoch_interval,
        )

    def at(self, state: TrainState) -> "TrainSchedule":
        """Returns this schedule for a run that stands at ``state``, and goes on from there."""
        return replace(self, state=state)

    def log_due(self) -> bool:
        """A line every ``print_interval`` updates and at the end of an epoch."""
        return self.state.global_step % self.print_interval == 0 or self.epoch_ended() or self.ended()

    def eval_due(self) -> bool:
        """Every ``eval_interval`` updates after ``eval_start``, from ``eval_from`` on, and after the last update."""
        if self.eval_interval is None:
            return False
        return self.ended() or self._eval_falls_on(self.position())

    def save_due(self) -> bool:
        """A checkpoint every ``save_step_interval`` updates inside an epoch; at its end there is one anyway."""
        interval = self.save_step_interval
        return interval > 0 and self.state.global_step % interval == 0 and not (self.epoch_ended() or self.ended())

    def numbered_save_due(self) -> bool:
        """A numbered checkpoint every ``save_epoch_step`` epochs."""
        return self.state.epoch % self.save_epoch_step == 0

    def epoch_ended(self) -> bool:
        """All updates of the epoch in progress are done."""
        return self.state.step_in_epoch >= self.steps_per_epoch

    def ended(self) -> bool:
        """The last update of the run is done, or early stopping has ended it."""
        return self.state.stopped or self.remaining() == 0

    def finished(self) -> bool:
        """Nothing is left to be done, no evaluation either."""
        return self.ended() and not self.resumes_evaluation()

    def resumes_evaluation(self) -> bool:
        """Whether the run ended during an evaluation, which is then done first; one without ``Eval`` leaves it out."""
        return self.state.in_evaluation and self.eval_interval is not None

    def position(self) -> int:
        """Returns the place in the schedule: the updates done, had all epochs been as long as they are now."""
        return (self.state.epoch - 1) * self.steps_per_epoch + self.state.step_in_epoch

    def remaining(self) -> int:
        """Returns how many updates are still to be done."""
        return max(self.total_steps - self.position(), 0)

    def evaluations(self) -> int:
        """Returns how many evaluations are still to come."""
        first_step = self.position()
        if self.eval_interval is None or first_step >= self.total_steps:
            return 0
        return 1 + self._evals_up_to(self.total_steps - 1) - self._evals_up_to(first_step)

    def first_evaluation(self) -> int:
        """Returns the step of the first evaluation that the interval brings, maybe beyond the run; 0: none."""
        if not self.eval_interval:
            return 0
        waits = math.ceil((self.eval_from - self.eval_start) / self.eval_interval)
        return self.eval_start + self.eval_interval * max(1, waits)

    def _eval_falls_on(self, step):
        return self._evals_up_to(step) > self._evals_up_to(step - 1)

    def _evals_up_to(self, step):
        """Evaluations that the interval brings up to a step."""
        if self.eval_interval <= 0:
            return 0
        counted, left_out = (max(s - self.eval_start, 0) // self.eval_interval for s in (step, self.eval_from - 1))
        return max(counted - left_out, 0)


def _eval_steps(options, steps_per_epoch):
    """Returns (the step that intervals are counted from, the interval) in updates."""
    given = options.eval_batch_step
    start, interval = given if isinstance(given, (list, tuple)) else (0, given)
    if options.eval_batch_epoch:
        start, interval = 0, options.eval_batch_epoch * steps_per_epoch
    return start, interval


def each_of_epochs(epochs: int) -> str:
    """Returns what steps are in: ``"each of 2 epochs"``, or ``"1 epoch"``."""
    return "1 epoch" if epochs == 1 else f"each of {epochs} epochs"


def warm_up_too_long(lr_schedule, schedule: TrainSchedule) -> str:
    """Returns what is wrong with a warm-up that ends with the run or after it; empty if it ends before.

    A run that ``max_steps`` ends early is a trial of the one that the schedule is made for: all epochs count here.

    Args:
        lr_schedule: of the learning rate: :class:`ppocr.optimizer.lr_scheduler.Schedule`, or a float.
        schedule: of the run.
    """
    steps = getattr(lr_schedule, "warmup_steps", 0)
    total = schedule.epoch_num * schedule.steps_per_epoch
    if steps < total:
        return ""
    reached, wanted = lr_schedule.rate_at(total - 1), lr_schedule.rate_at(steps)
    return (
        f"the warm-up lasts {steps} steps and the run {total}, so that the learning rate gets to "
        f"{reached:.3g} and never to {wanted:.3g}; shorten the warm-up"
    )
