import math

from ppocr.checkpoint.state import TrainState, is_better

NAN = math.nan


def test_is_better():
    assert is_better(2, 1, True) and not is_better(1, 2, True) and not is_better(1, 1, True)
    assert is_better(1, 2, False) and not is_better(2, 1, False)
    assert is_better(0, NAN, True) and is_better(0, NAN, False)
    assert not is_better(NAN, 0, True) and not is_better(NAN, NAN, False)


def test_the_first_evaluation_is_always_the_best_so_far():
    for first in (0.0, -1.0, NAN):
        state = TrainState(epoch=3)
        assert state.keep_if_best({"acc": first}, "acc")
        assert state.best["best_epoch"] == 3


def test_only_a_better_one_replaces_the_best():
    state = TrainState()
    kept = []
    for epoch, value in enumerate((0.5, 0.5, NAN, 0.4, 0.6), start=1):
        state.epoch = epoch
        kept.append(state.keep_if_best({"acc": value}, "acc"))
    assert kept == [True, False, False, False, True]
    assert state.best == {"acc": 0.6, "best_epoch": 5}


def test_lower_is_better_and_a_first_nan_is_replaced():
    state = TrainState()
    kept = [state.keep_if_best({"err": v}, "err", higher_is_better=False) for v in (NAN, 0.5, 0.6, 0.4)]
    assert kept == [True, True, False, True]


def test_counters():
    state = TrainState()
    state.advance()
    state.advance()
    assert (state.epoch, state.step_in_epoch, state.global_step) == (1, 2, 2)
    state.end_epoch()
    state.advance()
    assert (state.epoch, state.step_in_epoch, state.global_step) == (2, 1, 3)
    assert TrainState(**state.to_dict()) == state
