import math

import numpy as np
import paddle
import pytest

from ppocr.engine.averaging import Averaging, ExponentialAverage, WindowAverage, build_averaging
from ppocr.global_options import GlobalOptions


def scalar_model(value=0.0):
    model = paddle.nn.Linear(1, 1, bias_attr=False)
    model.weight.set_value(np.full((1, 1), value, "float32"))
    return model


def put(model, value):
    model.weight.set_value(np.full((1, 1), value, "float32"))


def weight(model):
    return float(model.weight.numpy()[0, 0])


@pytest.mark.parametrize(
    "kind, decays",
    [
        ("normal", [0.9, 0.9, 0.9]),
        ("threshold", [1 / 10, 2 / 11, 3 / 12]),
        ("exponential", [0.9 * (1 - math.exp(-n / 4)) for n in (1, 2, 3)]),
    ],
)
def test_exponential_average(kind, decays):
    model = scalar_model(1.0)
    average = ExponentialAverage(model, decay=0.9, decay_type=kind, gamma=4)
    expected = 1.0
    for value, decay in zip((2.0, 3.0, 5.0), decays):
        put(model, value)
        average.update()
        expected = decay * expected + (1 - decay) * value
    with average.applied(model) as trained:
        assert weight(model) == pytest.approx(expected, rel=1e-6)
        assert trained["weight"].item() == 5.0
    assert weight(model) == 5.0


def test_weights_come_back_after_an_error():
    model = scalar_model(1.0)
    average = ExponentialAverage(model, decay_type="normal", decay=0.5)
    put(model, 3.0)
    average.update()
    with pytest.raises(RuntimeError), average.applied(model):
        assert weight(model) == 2.0
        raise RuntimeError
    assert weight(model) == 3.0


def test_exponential_average_takes_statistics_and_can_leave_out_what_is_frozen():
    model = paddle.nn.Sequential(paddle.nn.Linear(1, 1), paddle.nn.BatchNorm1D(1))
    model[0].weight.stop_gradient = True
    names = set(ExponentialAverage(model).average())
    assert names == {"0.weight", "0.bias", "1.weight", "1.bias", "1._mean", "1._variance"}
    assert "0.weight" not in ExponentialAverage(model, filter_no_grad=True).average()


def test_window_average_covers_the_last_closed_window_and_the_open_one():
    model = scalar_model()
    average = WindowAverage(model, rate=1.0, min_window=2, max_window=2)
    seen = []
    for value in (1.0, 3.0, 5.0, 7.0, 100.0):
        put(model, value)
        average.update()
        with average.applied(model):
            seen.append(weight(model))
    assert seen == pytest.approx([1.0, 2.0, 3.0, 6.0, (5 + 7 + 100) / 3])
    assert weight(model) == 100.0


def test_window_average_before_the_first_update_is_the_model_itself():
    model = scalar_model(4.0)
    with WindowAverage(model).applied(model) as trained:
        assert weight(model) == 4.0 and trained is None


@pytest.mark.parametrize("make", [ExponentialAverage, lambda m: WindowAverage(m, 1.0, 2, 3)])
def test_a_restored_average_goes_on_as_an_uninterrupted_one(make):
    def run(values, average, model):
        for value in values:
            put(model, value)
            average.update()

    first = scalar_model()
    whole = make(first)
    run((1.0, 4.0, 2.0, 8.0, 3.0), whole, first)
    second = scalar_model()
    before = make(second)
    run((1.0, 4.0, 2.0), before, second)
    third = scalar_model()
    after = make(third)
    after.load_state_dict(before.state_dict())
    run((8.0, 3.0), after, third)
    assert after.average()["weight"].numpy() == whole.average()["weight"].numpy()


def test_which_average_is_built():
    model = scalar_model()
    assert type(build_averaging(GlobalOptions(), model)) is Averaging
    assert type(build_averaging(GlobalOptions(use_ema=True), model)) is ExponentialAverage
    assert type(build_averaging(GlobalOptions(model_average=True), model)) is WindowAverage
    model.model_average = True
    assert type(build_averaging(GlobalOptions(), model)) is WindowAverage
    assert type(build_averaging(GlobalOptions(model_average=False), model)) is Averaging


def test_the_window_has_the_familys_lengths(monkeypatch):
    """Least 10,000 updates, then 0.15 of the updates so far, and at most 15,625."""
    average = WindowAverage(scalar_model())
    monkeypatch.setattr(average, "_open", {})  # the counts alone
    closed = []
    for update in range(1, 200_001):
        average.update()
        if average.state_dict()["counts"]["open"] == 0:
            closed.append(update)
    lengths = [b - a for a, b in zip([0, *closed], closed)]
    assert lengths[:6] == [10_000] * 6 and lengths[-1] == 15_625
    at = closed[lengths.index(next(n for n in lengths if n > 10_000))]
    assert lengths[closed.index(at)] == math.ceil(0.15 * at)


def test_no_average_changes_nothing():
    model = scalar_model(2.0)
    with Averaging().applied(model) as trained:
        assert trained is None and weight(model) == 2.0
