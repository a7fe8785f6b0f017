"""The training loop on a one-layer model: every branch of the loop."""

import contextlib
import math
import os
import re
import signal
import weakref
from types import SimpleNamespace

import numpy as np
import paddle
import pytest

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.transfer import load_weights
from ppocr.checkpoint.writing import Checkpointer
from ppocr.engine import loop
from ppocr.engine.evaluation import EarlyStopping, EvaluationSuite, ExtraEval
from ppocr.engine.health import FiniteGuard
from ppocr.engine.run_record import RunRecord
from ppocr.errors import UserError
from ppocr.utils.run_file import read_sessions


class Values:
    """Gives prepared values, one an evaluation, and notes the weights that it saw.

    Another value that is worse the better the indicator is comes first.
    """

    def __init__(self, values=(), higher_is_better=True):
        self.metric = SimpleNamespace(main_indicator="acc", higher_is_better=higher_is_better)
        self.values, self.seen, self.remarks = list(values), [], []

    def __call__(self, model):
        self.seen.append(model.weight.numpy().copy())
        value = self.values[len(self.seen) - 1] if self.values else 0.5
        return {"other": -value, "acc": value}


def train(run):
    loop.train(run)
    return run


def train_rows(run):
    return [(step, values) for prefix, step, values in run.metrics.rows if prefix == "train"]


def evaluated_at(run):
    return [step for prefix, step, _ in run.metrics.rows if prefix == "eval"]


def weights(run):
    return run.stepper.model.weight.numpy()


def test_the_schedule_steps_once_a_batch_and_the_rate_in_use_is_logged(make_run):
    run = train(make_run(batches=3))
    expected = [(0.1 - 0.0001) * (1 - step / 20) + 0.0001 for step in range(6)]
    assert [values["lr"] for _, values in train_rows(run)] == pytest.approx(expected, abs=1e-6)
    assert run.stepper.lr_scheduler.last_epoch == 6
    assert (run.state.epoch, run.state.global_step) == (2, 6) and run.metrics.closed


def test_a_line_tells_what_the_family_tells(make_run):
    run = train(make_run(batches=3, print_batch_step=2))
    lines = [line for line in run.log.lines if line.startswith("epoch: [")]
    assert [line.split(", ")[1] for line in lines] == [f"global_step: {n}" for n in (2, 3, 4, 6)]
    assert lines[0].startswith("epoch: [1/2], global_step: 2, lr: 0.09")
    for part in ("loss: ", "avg_reader_cost: ", "avg_batch_cost: ", "avg_samples: 1.0", "ips: ", "eta: 0:00:0"):
        assert part in lines[0]


def test_accumulation_equals_the_large_batch(make_run):
    small = train(make_run(batches=4, size=2, accumulate_steps=2))
    large = train(make_run(batches=2, size=4))
    np.testing.assert_allclose(weights(small), weights(large), rtol=1e-6)
    assert small.state.global_step == large.state.global_step == 4
    losses = [[values["loss"] for _, values in train_rows(run)] for run in (small, large)]
    assert losses[0] == pytest.approx(losses[1], abs=2e-6)


def test_the_last_partial_group_is_an_update_of_its_own(make_run):
    run = train(make_run(batches=5, accumulate_steps=2, epoch_num=2))
    assert run.state.global_step == 6
    samples = [re.search(r"avg_samples: ([\d.]+)", line)[1] for line in run.log.lines if "global_step" in line]
    assert samples == ["2.0", "2.0", "1.0"] * 2


@pytest.mark.parametrize(
    "options, steps",
    [
        ({"eval_batch_step": [0, 2]}, [2, 4, 6]),
        ({"eval_batch_step": [3, 2]}, [5, 6]),
        ({"eval_batch_epoch": 1}, [3, 6]),
        ({"eval_batch_step": 100}, [6]),
        ({"eval_batch_step": 2, "start_eval_step": 4}, [4, 6]),
        ({"eval_batch_step": 100, "max_steps": 4}, [4]),
    ],
)
def test_when_evaluations_happen(make_run, options, steps):
    assert evaluated_at(train(make_run(evaluation=EvaluationSuite(Values()), **options))) == steps


def test_without_evaluation_nothing_is_evaluated_and_nothing_is_best(make_run):
    run = train(make_run())
    assert evaluated_at(run) == [] and not (run.folder / "best_accuracy.pdparams").exists()
    assert (run.folder / "latest.pdparams").exists()


@pytest.mark.parametrize(
    "values, higher, best, saves",
    [
        ([0.1, 0.3, 0.2], True, 0.3, 2),
        ([0.3, 0.1, 0.2], False, 0.1, 2),
        ([math.nan, 0.0, math.nan], True, 0.0, 2),
        ([0.0, 0.0, 0.0], True, 0.0, 1),
        ([math.nan, math.nan, math.nan], True, math.nan, 1),
    ],
)
def test_the_best_model_is_kept(make_run, values, higher, best, saves):
    evaluation = EvaluationSuite(Values(values, higher))
    run = train(make_run(evaluation=evaluation, eval_batch_step=2))
    assert sum("save best model" in line for line in run.log.lines) == saves
    assert run.state.best["acc"] == pytest.approx(best, nan_ok=True)
    index = [i for i, v in enumerate(values) if v == best or (math.isnan(best) and i == 0)][0]
    np.testing.assert_array_equal(load_weights(run.folder / "best_accuracy")["weight"], evaluation.main.seen[index])


def test_a_run_notes_how_far_it_is_after_each_evaluation(make_run):
    run = make_run(3, EvaluationSuite(Values([0.25, 0.75])), epoch_num=2, eval_batch_step=2, max_steps=4)
    run.record, noted = RunRecord(run.folder, run.state), []
    log_details = run.progress.log_details
    run.progress.log_details = lambda *details: (log_details(*details), noted.extend(found(run)))
    run.record.note()
    train(run)
    assert noted == [(0, None), (2, 0.25)] and found(run) == [(4, 0.75)]


def found(run):
    return [(session["step"], session["best"].get("acc")) for session in read_sessions(run.folder)]


def test_latest_each_epoch_and_numbered_ones_as_asked(make_run):
    run = train(make_run(epoch_num=5, save_epoch_step=2, batches=1))
    names = sorted(path.name for path in run.folder.glob("*.pdparams"))
    assert names == [f"{n}.pdparams" for n in ("iter_epoch_2", "iter_epoch_4", "latest", "latest_previous")]
    assert safe_pickle.load(run.folder / "latest.states")["epoch"] == 5


@pytest.mark.parametrize("average", [{"use_ema": True, "ema_decay": 0.5}, {"model_average": True}])
def test_averaged_weights_are_evaluated_and_saved_as_best_and_taken_out_again(make_run, average):
    evaluation = EvaluationSuite(Values([0.1, 0.2]))
    run = train(make_run(evaluation=evaluation, eval_batch_epoch=1, **average))
    plain = train(make_run())
    np.testing.assert_array_equal(weights(run), weights(plain))
    assert not np.array_equal(evaluation.main.seen[1], weights(run))
    np.testing.assert_array_equal(load_weights(run.folder / "best_accuracy")["weight"], evaluation.main.seen[1])
    np.testing.assert_array_equal(load_weights(run.folder / "latest")["weight"], weights(plain))
    trained = safe_pickle.load(run.folder / "best_accuracy.train_state")["trained_weights"]
    np.testing.assert_array_equal(trained["weight"], weights(plain))


@pytest.mark.parametrize(
    "options", [{}, {"use_ema": True, "ema_decay": 0.5}, {"model_average": True}, {"accumulate_steps": 2}]
)
@pytest.mark.parametrize("optimizer", [paddle.optimizer.Adam, paddle.optimizer.Momentum])
def test_resume_at_the_end_of_an_epoch_equals_the_uninterrupted_run(make_run, options, optimizer):
    whole = train(
        make_run(epoch_num=4, evaluation=EvaluationSuite(Values()), optimizer=optimizer, eval_batch_epoch=1, **options)
    )
    first = make_run(
        epoch_num=2, evaluation=EvaluationSuite(Values()), optimizer=optimizer, eval_batch_epoch=1, **options
    )
    train(first)
    second = make_run(
        epoch_num=4, evaluation=EvaluationSuite(Values()), optimizer=optimizer, eval_batch_epoch=1, **options
    )
    second.go_on_from(first.folder / "latest")
    assert (second.state.epoch, second.state.global_step) == (3, first.state.global_step)
    train(second)
    np.testing.assert_array_equal(weights(second), weights(whole))
    np.testing.assert_array_equal(second.stepper.model.bias.numpy(), whole.stepper.model.bias.numpy())
    np.testing.assert_array_equal(second.evaluation.main.seen[-1], whole.evaluation.main.seen[-1])
    keep = ("lr", "loss")
    last = [[values[k] for k in keep] for _, values in train_rows(whole)][len(train_rows(first)) :]
    assert [[values[k] for k in keep] for _, values in train_rows(second)] == last
    assert second.state == whole.state


class Interrupted(Exception):
    """A run that ends without being able to do anything about it."""


def interrupt(run, monkeypatch, name):
    """Trains until a method of the run's evaluation, or of its checkpoints, is called; that call ends the run."""

    def end(*_):
        raise Interrupted

    owner = run.checkpoints if hasattr(run.checkpoints, name) else run.evaluation
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, end)
        with pytest.raises(Interrupted), run.checkpoints:
            train(run)


def with_stopping(make_run, values, patience, **options):
    stopping = EarlyStopping(patience)
    run = make_run(evaluation=EvaluationSuite(Values(values), stopping=stopping), **options)
    run.parts = {"early_stopping": stopping}
    run.checkpoints = Checkpointer(run.folder, run.stepper, run.log, extra_state=run.parts)
    return run


def resume(run, first):
    return train(run.go_on_from(first.folder / "latest", run.parts))


def plain(value):
    """Nested values with lists for arrays, so that they can be compared."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def checkpoints_of(run):
    """Weights and state of each checkpoint of a run, but for the one that was there before."""
    prefixes = [path.with_suffix("") for path in run.folder.glob("*.train_state") if "_previous" not in path.name]
    return {p.name: plain([load_weights(p), safe_pickle.load(f"{p}.train_state")]) for p in prefixes}


@pytest.mark.parametrize(
    "options",
    [{"eval_batch_step": [0, 2], "epoch_num": 4}, {"eval_batch_epoch": 1, "epoch_num": 4}, {"epoch_num": 1}],
)
@pytest.mark.parametrize("moment", ["keep_if_best", "wants_stop", "save_best"])
def test_a_run_that_ended_in_an_evaluation_goes_on_with_it(make_run, monkeypatch, options, moment):
    """``latest`` is there before the first evaluation; from it everything comes as if nothing had happened."""
    values = [0.5, 0.4, 0.3, 0.2, 0.1, 0.0]

    def a_run():
        return with_stopping(make_run, values, 2, save_epoch_step=1, use_ema=True, ema_decay=0.5, **options)

    whole = train(a_run())
    expected = checkpoints_of(whole)
    for path in whole.folder.glob("*.*"):
        path.unlink()
    first = a_run()
    interrupt(first, monkeypatch, moment)
    assert {path.stem for path in first.folder.glob("*.pdparams")} == {"latest"}
    assert safe_pickle.load(first.folder / "latest.train_state")["counters"]["in_evaluation"] is True
    second = resume(a_run(), first)
    assert second.state == whole.state and second.state.best["best_epoch"] == 1
    assert checkpoints_of(second) == expected
    assert evaluated_at(second) == evaluated_at(whole)


def test_an_evaluation_that_is_resumed_may_end_the_run_at_once(make_run, monkeypatch):
    def a_run():
        return with_stopping(make_run, [0.5], 0, eval_batch_step=2)

    first = a_run()
    interrupt(first, monkeypatch, "wants_stop")
    second = resume(a_run(), first)
    assert (second.state.global_step, second.state.stopped) == (2, True)
    assert train_rows(second) == []


def test_what_a_best_checkpoint_holds_was_settled_before(make_run):
    """Resumed from ``best_accuracy``, early stopping has waited for as long as the run itself has."""
    run = train(with_stopping(make_run, [0.1, 0.1, 0.5, 0.1, 0.1, 0.1], 5, eval_batch_step=1))
    content = safe_pickle.load(run.folder / "best_accuracy.train_state")
    assert content["parts"]["early_stopping"] == {"best": 0.5, "waited": 0}
    assert content["counters"]["in_evaluation"] is False and content["counters"]["global_step"] == 3


def test_a_resumed_run_without_evaluation_data_leaves_the_evaluation_out(make_run, monkeypatch):
    first = make_run(evaluation=EvaluationSuite(Values()), eval_batch_step=2)
    interrupt(first, monkeypatch, "wants_stop")
    second = make_run()
    second.go_on_from(first.folder / "latest")
    assert train(second).state.global_step == 6 and evaluated_at(second) == []


def test_resume_inside_an_epoch_leaves_out_what_was_seen(make_run):
    whole = train(make_run(batches=4))
    first = train(make_run(batches=4, max_steps=6))
    assert (first.state.epoch, first.state.step_in_epoch) == (2, 2)
    second = make_run(batches=4)
    second.go_on_from(first.folder / "latest")
    np.testing.assert_array_equal(weights(train(second)), weights(whole))


def test_early_stopping_ends_the_run_and_is_remembered(make_run):
    evaluation = EvaluationSuite(
        Values([0.1, 0.3, 0.3, 0.305, 0.9]), stopping=EarlyStopping(patience=2, min_delta=0.01)
    )
    run = train(make_run(evaluation=evaluation, eval_batch_step=1, epoch_num=9))
    assert evaluated_at(run) == [1, 2, 3, 4] and run.state.global_step == 4
    again = make_run(evaluation=evaluation, epoch_num=9)
    again.go_on_from(run.folder / "latest")
    assert again.schedule.ended()


@pytest.mark.parametrize("higher", [True, False])
def test_early_stopping_ends_a_run_whose_metric_is_no_number(higher):
    stopping = EarlyStopping(patience=3)
    assert [stopping.update(math.nan, higher) for _ in range(3)] == [False, False, True]
    assert not stopping.update(0.5, higher) and stopping.best == 0.5
    assert [stopping.update(math.nan, higher) for _ in range(3)] == [False, False, True]
    assert stopping.best == 0.5


def test_early_stopping_may_watch_another_value_and_goes_on_after_a_resume():
    stopping = EarlyStopping(patience=2, metric="loss")
    evaluation = EvaluationSuite(Values(), stopping=stopping)
    assert not evaluation.wants_stop({"acc": 0.1, "loss": 3.0})
    assert not evaluation.wants_stop({"acc": 0.9, "loss": 3.5})
    resumed = EarlyStopping(patience=2, metric="loss")
    resumed.load_state_dict(stopping.state_dict())
    assert EvaluationSuite(Values(), stopping=resumed).wants_stop({"acc": 0.95, "loss": 3.2})


def test_a_guard_is_watched_and_may_veto(make_run):
    guard, watched = Values([0.9, 0.5, 0.88]), Values([0.1, 0.2, 0.3])
    guards = {"old": ExtraEval(guard, veto_drop=0.05), "other": ExtraEval(watched)}
    run = train(make_run(evaluation=EvaluationSuite(Values([0.1, 0.2, 0.3]), guards), eval_batch_step=2))
    assert run.state.best["acc"] == 0.3 and run.state.best["old_acc"] == 0.88 and run.state.best["other_acc"] == 0.3
    assert sum("save best model" in line for line in run.log.lines) == 2
    rows = [values for prefix, _, values in run.metrics.rows if prefix == "eval"]
    assert [row["old_acc"] for row in rows] == [0.9, 0.5, 0.88]


@pytest.mark.parametrize(
    "options, sends, ends",
    [
        ({"eval_batch_step": 4, "max_steps": 6}, None, False),
        ({"save_step_interval": 4, "max_steps": 6}, None, False),
        ({}, signal.SIGUSR1, False),
        ({}, signal.SIGTERM, True),
        ({"epoch_num": 1}, None, False),
    ],
    ids=["evaluation", "save_step_interval", "checkpoint asked for", "end asked for", "end of an epoch"],
)
def test_nothing_that_is_not_finite_is_evaluated_or_saved_between_two_lines(make_run, options, sends, ends):
    run = make_run(batches=10, evaluation=EvaluationSuite(Values()), print_batch_step=1000, **options)
    run.stepper.guard = FiniteGuard("log")
    saved, calls, loss, save = [], [], run.stepper.loss, run.checkpoints._submit

    def faulty(predictions, batch):
        calls.append(None)
        if len(calls) == 3 and sends:
            os.kill(os.getpid(), sends)
        return {"loss": loss(predictions, batch)["loss"] * (math.nan if len(calls) == 2 else 1)}

    def watched(*arguments):
        saved.append(weights(run).copy())
        save(*arguments)

    run.stepper.loss, run.checkpoints._submit = faulty, watched
    with run.interruption, pytest.raises(SystemExit) if ends else contextlib.nullcontext():
        train(run)
    read = [*saved, *run.evaluation.main.seen]
    assert run.stepper.guard.total == 1 and read and np.isfinite(read).all()
    assert np.isfinite(load_weights(run.folder / "latest")["weight"]).all()


def test_predictions_are_let_go_before_the_next_step_and_before_an_evaluation(make_run):
    held, evaluation = [], EvaluationSuite(Values())
    run = make_run(evaluation=evaluation, eval_batch_step=2, print_batch_step=1)
    loss, evaluate = run.stepper.loss, evaluation.main.__call__

    def alive():
        return [reference() for reference in held if reference() is not None]

    def watched_loss(predictions, batch):
        assert not alive()
        held.append(weakref.ref(predictions))
        return loss(predictions, batch)

    class Watched(Values):
        def __call__(self, model):
            assert not alive()
            return evaluate(model)

    run.stepper.loss, run.evaluation.main = watched_loss, Watched()
    train(run)
    assert len(held) == 6


@pytest.mark.parametrize("accumulate", [1, 2])
def test_where_reading_fails_what_has_been_trained_is_saved(make_run, accumulate):
    def a_run():
        return make_run(batches=4, accumulate_steps=accumulate, epoch_num=3)

    class Failing(type(a_run().train_dataloader)):
        def __iter__(self):
            for number, batch in enumerate(super().__iter__()):
                if (self.epoch, number) == (2, 2):
                    raise UserError("shared memory is full")
                yield batch

    whole, first = train(a_run()), a_run()
    first.train_dataloader = Failing(4, 1)
    with pytest.raises(UserError, match="is full"):
        train(first)
    second = a_run()
    second.go_on_from(first.folder / "latest")
    assert (second.state.epoch, second.state.step_in_epoch) == (2, 2 // accumulate)
    np.testing.assert_array_equal(weights(train(second)), weights(whole))


def test_where_the_first_batch_cannot_be_read_nothing_is_saved(make_run):
    run = make_run()
    run.train_dataloader = type("Failing", (), {"set_epoch": lambda *_, **__: None, "__getitem__": {}.__getitem__})()
    with pytest.raises(KeyError):
        train(run)
    assert not list(run.folder.iterdir())
