"""The training loop: steps, log lines, evaluations and checkpoints in their order."""

from ppocr.distributed import processes
from ppocr.engine.freezing import set_training_mode


def train(stepper, train_dataloader, evaluation, checkpoints, progress, due, state, interruption):
    """Trains until the schedule ends or a signal asks for the end.

    Args:
        stepper: :class:`ppocr.engine.stepper.Stepper`: one call is forward, loss, backward, clip, step and clear.
        train_dataloader: gives batches; ``set_epoch`` says which epoch and how many batches of it are done.
        evaluation: :class:`ppocr.engine.evaluation.Evaluation`: the sets, the best, early stopping; or None.
        checkpoints: :class:`ppocr.utils.save_load.Checkpointer`.
        progress: :class:`ppocr.engine.progress.Progress`: statistics, log lines, loggers.
        due: :class:`ppocr.engine.schedule.Due`: when to log, evaluate, save and stop.
        state: :class:`ppocr.engine.state.TrainState`: where the run stands; advanced in place.
        interruption: :class:`ppocr.engine.interruption.Interruption`: signals that have come.

    Raises:
        SystemExit: a signal ended the run, after a checkpoint.
        UserError: the numbers stay bad, or the last checkpoint cannot be written.
    """
    if due.resumes_evaluation(state):
        evaluate_and_keep_best(stepper, evaluation, checkpoints, progress, state)
    for epoch in range(state.epoch, due.epoch_num + 1):
        if due.stop(state):
            break
        train_dataloader.set_epoch(epoch, skip_batches=state.step_in_epoch * due.accumulate_steps)
        set_training_mode(stepper.model)
        for batches in progress.watch(updates(train_dataloader, due, checkpoints, state), state):
            predictions, losses = stepper(batches, state.global_step)
            state.advance()
            progress.record(losses, stepper.lr, predictions, batches, state)
            del predictions  # hundreds of megabytes that the next step, or an evaluation, has better use for
            if due.log(state):
                progress.log_line(state)
                stepper.settle()
            if due.eval(state):
                state.in_evaluation = True
                checkpoints.save_latest(state)  # whatever happens in the evaluation, no training is lost
                evaluate_and_keep_best(stepper, evaluation, checkpoints, progress, state)
            interruption.agree(state.global_step, at_once=due.eval(state))
            if due.save_step(state) or interruption.wants_checkpoint():
                checkpoints.save_latest(state)
            checkpoints.report_errors()
            if due.stop(state) or interruption.wants_end():
                break
        if due.stop(state) or interruption.wants_end():
            break
        checkpoints.save_latest(state, numbered=due.save_epoch(state))
        state.end_epoch()
    finish(checkpoints, progress, due, state, interruption)


def updates(dataloader, due, checkpoints, state):
    """Yields the batches of each update of an epoch; where reading fails, what has been trained by then is saved."""
    try:
        yield from group(dataloader, due.accumulate_steps)
    except Exception:
        if state.global_step:
            checkpoints.save_at_once(state)
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


def evaluate_and_keep_best(stepper, evaluation, checkpoints, progress, state):
    """Evaluates, with averaged weights where there are any, and saves ``best_accuracy`` on a new best.

    Everything that an evaluation changes is changed before anything is saved: whichever checkpoint a run goes on from,
    the evaluation has either happened, or is done again.
    """
    stepper.settle()
    with progress.paused(), stepper.averaging.applied(stepper.model) as trained:
        metrics = evaluation(stepper.model)
        progress.say_current(metrics, evaluation.remarks)
        is_best = evaluation.keep_if_best(metrics, state)
        state.stopped = evaluation.wants_stop(metrics)
        state.in_evaluation = False
        if is_best:
            checkpoints.save_best(state, trained)
        progress.log_evaluation(metrics, state)
        progress.log_details(evaluation, stepper.model, state)


def finish(checkpoints, progress, due, state, interruption):
    """Saves the last checkpoint, waits until it is written and says how the run ended; ends the process on a signal."""
    if due.stop(state) or interruption.wants_end():
        whole_epoch = state.step_in_epoch >= due.steps_per_epoch
        checkpoints.save_latest(state, numbered=whole_epoch and due.save_epoch(state))
    checkpoints.finish()
    processes.barrier()  # a launcher ends them all a moment after the first has left
    progress.finish(state)
    if interruption.wants_end():
        raise SystemExit(interruption.exit_code())
