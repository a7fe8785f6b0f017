import math

import numpy as np
import paddle
import pytest

from ppocr.engine.averaging import Averaging, ExponentialAverage, WindowAverage, build_averaging
from ppocr.options import GlobalOptions


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


@pytest.mark.parametrize("before, length", [(0, 10_000), (60_000, 10_589), (300_000, 15_625)])
def test_the_window_has_the_familys_lengths(before, length):
    """At least 10,000 updates, 0.15 of all updates so far (0.15 of 70,589 is 10,588.35), and at most 15,625."""
    average = WindowAverage(scalar_model())
    average.counts.update(updates=before + length - 2, open=length - 2)
    average.update()
    assert average.counts["open"] == length - 1 and average.counts["closed"] == 0
    average.update()
    assert average.counts["open"] == 0 and average.counts["closed"] == length


def test_no_average_changes_nothing():
    model = scalar_model(2.0)
    with Averaging().applied(model) as trained:
        assert trained is None and weight(model) == 2.0


# ------------------------------------------------------------------------------------------------ half precision
def half_model(kind, value):
    """A weight in half precision and the float32 weight that it is rounded from."""
    model = scalar_model(value)
    model.to(dtype=kind)
    return model, {model.weight.name: paddle.full([1, 1], value, "float32")}


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("make", [ExponentialAverage, WindowAverage])
def test_averages_are_those_of_the_float32_weights(kind, make):
    """A step of 1e-4 is far below what half precision knows of beside 1, and so is a sum of thousands."""
    model, masters = half_model(kind, 1.0)
    average = make(model, masters=masters)
    masters[model.weight.name].set_value(np.full((1, 1), 1 + 1e-4, "float32"))
    for _ in range(1000):
        average.update()
    (found,) = average.average().values()
    assert found.dtype == paddle.float32 and found.item() == pytest.approx(1 + 1e-4, abs=3e-5)
    with average.applied(model) as trained:
        assert trained["weight"].dtype == model.weight.dtype
        assert model.weight.astype("float32").item() == found.astype(kind).astype("float32").item()
    assert model.weight.astype("float32").item() == 1


@pytest.mark.parametrize("make", [ExponentialAverage, WindowAverage])
def test_half_precision_weights_without_float32_ones_are_averaged_in_float32(make):
    model, _ = half_model("float16", 0.5)
    average = make(model)
    average.update()
    (found,) = average.average().values()
    assert found.dtype == paddle.float32 and found.item() == 0.5


@pytest.mark.parametrize("make", [lambda m: ExponentialAverage(m), lambda m: WindowAverage(m, 0.15, 2, 2)])
def test_averages_stay_where_they_are_in_memory(make, monkeypatch):
    """Nothing passes through the host: on Paddle 2.6 ``set_value`` does."""
    model = scalar_model(1.0)
    average = make(model)
    for name in ("numpy", "set_value", "item"):
        monkeypatch.setattr(paddle.Tensor, name, lambda *_: pytest.fail("a copy on the host"))
    for _ in range(3):
        average.update()
    with average.applied(model):
        pass
    average.restart()


# ------------------------------------------------------------------------------------------------ other runs
def two_layers():
    model = paddle.nn.Sequential(paddle.nn.Linear(1, 1, bias_attr=False), paddle.nn.Linear(1, 1, bias_attr=False))
    for layer, value in zip(model, (2.0, 4.0)):
        put(layer, value)
    return model


@pytest.mark.parametrize("make", [lambda m: ExponentialAverage(m, 0.5, "normal", 1, True), WindowAverage])
def test_what_was_frozen_begins_with_what_it_is(make):
    before, after = two_layers(), two_layers()
    before[1].weight.stop_gradient = True
    saved = make(before)
    put(before[0], 6.0)
    for _ in range(2):
        saved.update()
    average = make(after)
    put(after[1], 4.5)  # as loaded from the checkpoint
    assert average.load_state_dict(saved.state_dict())
    found = {name: value.item() for name, value in average.average().items()}
    assert found == {"0.weight": saved.average()["0.weight"].item(), "1.weight": 4.5}


def test_what_is_frozen_now_is_left_out():
    saved = WindowAverage(two_layers())
    saved.update()
    model = two_layers()
    model[0].weight.stop_gradient = True
    average = WindowAverage(model)
    assert average.load_state_dict(saved.state_dict()) and list(average.average()) == ["1.weight"]


@pytest.mark.parametrize("make, other", [(ExponentialAverage, WindowAverage), (WindowAverage, ExponentialAverage)])
def test_an_average_that_was_not_saved_begins_with_the_weights_as_they_are(make, other):
    model = scalar_model(1.0)
    saved = other(model)
    saved.update()
    for state in ({}, saved.state_dict()):
        average = make(model)
        put(model, 3.0)  # as loaded
        assert average.load_state_dict(state) is False
        with average.applied(model):
            assert weight(model) == 3.0
        put(model, 1.0)
    assert Averaging().load_state_dict(saved.state_dict()) is True


def test_an_average_of_half_precision_in_an_older_checkpoint_is_read():
    average = ExponentialAverage(scalar_model(1.0))
    for kind in ("float16", "bfloat16"):
        saved = paddle.full([1, 1], 1.5).astype(kind).numpy()
        assert average.load_state_dict({"updates": 3, "average": {"weight": saved}})
        assert average.average()["weight"].item() == 1.5 and average.counts == {"updates": 3}
