"""The training loop: steps, log lines, evaluations and checkpoints in their order."""

from dataclasses import dataclass, field
from typing import Any, Optional

from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.writing import Checkpointer
from ppocr.distributed import processes
from ppocr.distributed.watchdog import Watchdog
from ppocr.engine.evaluation import EvaluationSuite
from ppocr.engine.freezing import set_training_mode
from ppocr.engine.interruption import Interruption
from ppocr.engine.progress import Progress
from ppocr.engine.run_record import RunRecord
from ppocr.engine.stepper import Stepper
from ppocr.engine.train_schedule import TrainSchedule


@dataclass
class Run:
    """What a run trains with; :func:`ppocr.engine.build.build_run` makes it of a configuration.

    Attributes:
        stepper: one call is forward, loss, backward, clip, step and clear.
        train_dataloader: gives batches; ``set_epoch`` says which epoch and how many batches of it are done.
        evaluation: the sets, the best, early stopping; None where nothing is evaluated.
        checkpoints: what is saved, and where.
        progress: statistics, log lines, loggers.
        schedule: when to log, evaluate, save and stop; it holds ``state``, where the run stands.
        interruption: signals that have come.
        watchdog: notices that the run hangs.
        record: what is written down of the run.
    """

    stepper: Stepper
    train_dataloader: Any
    evaluation: Optional[EvaluationSuite]
    checkpoints: Checkpointer
    progress: Progress
    schedule: TrainSchedule
    interruption: Interruption = field(default_factory=Interruption)
    watchdog: Watchdog = field(default_factory=lambda: Watchdog(0, ""))
    record: RunRecord = field(default_factory=RunRecord)

    @property
    def state(self) -> TrainState:
        """Where the run stands; advanced in place."""
        return self.schedule.state

    def ends(self) -> bool:
        """Tells whether the schedule has ended or a signal asks for the end."""
        return self.schedule.ended() or self.interruption.wants_end()


def train(run: Run):
    """Trains until the schedule ends or a signal asks for the end.

    Raises:
        SystemExit: a signal ended the run, after a checkpoint.
        UserError: the numbers stay bad, or the last checkpoint cannot be written.
    """
    stepper, progress, checkpoints = run.stepper, run.progress, run.checkpoints
    schedule, state, interruption = run.schedule, run.state, run.interruption
    if schedule.resumes_evaluation():
        evaluate_and_keep_best(run)
    for epoch in range(state.epoch, schedule.epoch_num + 1):
        if schedule.ended():
            break
        start_epoch(run, epoch)
        for batches in progress.watch(updates(run), state):
            predictions, losses = stepper(batches, state.global_step)
            state.advance()
            progress.record(losses, stepper.lr, predictions, batches, state)
            del predictions  # hundreds of megabytes that the next step, or an evaluation, has better use for
            if schedule.log_due():
                progress.log_line(state)
                stepper.resolve_pending()
            if schedule.eval_due():
                state.in_evaluation = True
                checkpoints.save_latest(state)  # whatever happens in the evaluation, no training is lost
                evaluate_and_keep_best(run)
            interruption.agree(state.global_step, at_once=schedule.eval_due())
            if schedule.save_due() or interruption.wants_checkpoint():
                checkpoints.save_latest(state)
            checkpoints.report_errors()
            if run.ends():
                break
        if run.ends():
            break
        checkpoints.save_latest(state, numbered=schedule.numbered_save_due())
        state.end_epoch()
    finish(run)


def start_epoch(run: Run, epoch: int):
    """Has the loader begin with what is left of an epoch, and the model train."""
    skipped = run.state.step_in_epoch * run.schedule.accumulate_steps
    run.train_dataloader.set_epoch(epoch, skip_batches=skipped)
    set_training_mode(run.stepper.model)


def updates(run: Run):
    """Yields the batches of each update of an epoch; where reading fails, what has been trained by then is saved."""
    try:
        yield from group(run.train_dataloader, run.schedule.accumulate_steps)
    except Exception:
        if run.state.global_step:
            run.checkpoints.save_at_once(run.state)
        raise


def group(batches, size: int):
    """Yields lists of ``size`` batches, the last one maybe shorter: what one optimizer update takes."""
    waiting = []
    for batch in batches:
        waiting.append(batch)
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def evaluate_and_keep_best(run: Run):
    """Evaluates, with averaged weights where there are any, and saves ``best_accuracy`` on a new best.

    Everything that an evaluation changes is changed before anything is saved: whichever checkpoint a run goes on from,
    the evaluation has either happened, or is done again.
    """
    stepper, evaluation, progress, state = run.stepper, run.evaluation, run.progress, run.state
    stepper.resolve_pending()
    with progress.paused(), stepper.averaging.applied(stepper.model) as trained:
        metrics = evaluation(stepper.model)
        progress.log_metrics(metrics, evaluation.remarks)
        is_best = evaluation.keep_if_best(metrics, state)
        state.stopped = evaluation.wants_stop(metrics)
        state.in_evaluation = False
        if is_best:
            run.checkpoints.save_best(state, trained)
        progress.log_evaluation(metrics, state)
        progress.log_details(evaluation, stepper.model, state)
    run.record.note()


def finish(run: Run):
    """Saves the last checkpoint, waits until it is written and says how the run ended; ends the process on a signal."""
    schedule, state = run.schedule, run.state
    if run.ends():
        run.checkpoints.save_latest(state, numbered=schedule.epoch_ended() and schedule.numbered_save_due())
    run.checkpoints.finish()
    processes.barrier()  # a launcher ends them all a moment after the first has left
    run.progress.finish(state)
    if run.interruption.wants_end():
        raise SystemExit(run.interruption.exit_code())
