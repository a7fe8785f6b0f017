"""Every schedule against its closed form, written out here; warm-up; resuming."""

import math

import numpy as np
import pytest

from ppocr.errors import ConfigError
from ppocr.optimizer import build_lr_scheduler
from ppocr.optimizer.lr_scheduler import CyclicalCosineDecay, OneCycleDecay, TwoStepCosineDecay
from ppocr.registry import LR_SCHEDULERS

EPOCHS, STEPS = 10, 4
TOTAL = EPOCHS * STEPS


def half_wave(peak, low, share):
    return low + (peak - low) * 0.5 * (1 + math.cos(math.pi * share))


def rates(schedule, count=TOTAL):
    found = []
    for _ in range(count):
        found.append(schedule.last_lr)
        schedule.step()
    return found


def build(name, **keys):
    return build_lr_scheduler({"name": name, **keys}, EPOCHS, STEPS)


def one_cycle(step, length, peak=0.1, first=0.004, last=4e-7, share=0.3):
    top = share * length - 1
    if step <= top:
        return half_wave(first, peak, step / top)
    return half_wave(peak, last, (step - top) / (length - 1 - top))


def in_epochs(step):
    return step // STEPS


CURVES = {
    "Const": (dict(learning_rate=0.1), lambda t: 0.1),
    "Linear": (dict(learning_rate=0.1, end_lr=0.02, power=2), lambda t: 0.02 + 0.08 * (1 - t / 40) ** 2),
    "DecayLearningRate": (
        dict(learning_rate=0.1, factor=0.5, end_lr=0.03),
        lambda t: 0.03 + 0.07 * math.sqrt(1 - t / 40),
    ),
    "Cosine": (dict(learning_rate=0.1), lambda t: half_wave(0.1, 0, t / 40)),
    "Step": (dict(learning_rate=0.1, step_size=3, gamma=0.5), lambda t: 0.1 * 0.5 ** (in_epochs(t) // 3)),
    "Piecewise": (
        dict(decay_epochs=[2, 5], values=[0.3, 0.2, 0.1]),
        lambda t: 0.3 if t < 8 else 0.2 if t < 20 else 0.1,
    ),
    "MultiStepDecay": (
        dict(learning_rate=0.1, milestones=[2, 5], gamma=0.2),
        lambda t: 0.1 if t < 8 else 0.02 if t < 20 else 0.004,
    ),
    "CyclicalCosine": (dict(learning_rate=0.1, cycle=2, eta_min=0.01), lambda t: half_wave(0.1, 0.01, (t % 8) / 8)),
    "CyclicalCosineDecay": (
        dict(learning_rate=0.1, T_max=40, cycle=10, eta_min=0.01),
        lambda t: half_wave(0.1, 0.01, (t % 10) / 10),
    ),
    "TwoStepCosine": (dict(learning_rate=0.1), lambda t: half_wave(0.1, 0, t / 800)),
    "TwoStepCosineDecay": (
        dict(learning_rate=0.1, T_max1=10, T_max2=40, eta_min=0.01),
        lambda t: half_wave(0.1, 0.01, t / 10 if t <= 10 else t / 40),
    ),
    "OneCycle": (dict(max_lr=0.1), lambda t: one_cycle(t, 40)),
    "OneCycleDecay": (
        dict(max_lr=0.1, epochs=10, steps_per_epoch=4, pct_start=0.5, div_factor=10.0, final_div_factor=100),
        lambda t: one_cycle(t, 40, first=0.01, last=1e-4, share=0.5),
    ),
}
SCHEDULES = {**CURVES, "LinearWarmupCosine": (dict(learning_rate=0.1, warmup_steps=6), None)}


@pytest.mark.parametrize("name", [n for n in CURVES if n != "Const"])
def test_curve(name):
    keys, curve = CURVES[name]
    np.testing.assert_allclose(rates(build(name, **keys)), [curve(t) for t in range(TOTAL)], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", [n for n in CURVES if not n.startswith("OneCycle")])
def test_warmup_climbs_to_the_first_rate_and_shifts_the_curve(name):
    keys, curve = CURVES[name]
    expected = [curve(0) * t / 6 for t in range(6)] + [curve(t) for t in range(TOTAL - 6)]
    found = rates(build(name, warmup_epoch=1.5, **keys))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


def test_one_cycle_fits_behind_its_warmup():
    found = rates(build("OneCycle", max_lr=0.1, warmup_epoch=2), TOTAL)
    expected = [0.004 * t / 8 for t in range(8)] + [one_cycle(t, 32) for t in range(32)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


def test_one_cycle_of_three_straight_lines():
    found = rates(build("OneCycle", max_lr=0.1, three_phase=True, anneal_strategy="linear"), TOTAL + 3)
    expected = np.interp(range(TOTAL + 3), [0, 11, 22, 39], [0.004, 0.1, 0.004, 4e-7])
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_linear_warmup_cosine():
    found = rates(build("LinearWarmupCosine", learning_rate="1e-2", start_lr="1e-3", min_lr=1e-4, warmup_steps=6))
    wave = [half_wave(0.01, 1e-4, t / TOTAL) for t in range(TOTAL - 6)]
    np.testing.assert_allclose(found, [1e-3 + 9e-3 * t / 6 for t in range(6)] + wave, rtol=1e-9)


def test_linear_warmup_cosine_lasts_5000_steps_or_epochs():
    long = build("LinearWarmupCosine", learning_rate=0.01)
    assert long.rate_at(0) == 1e-5
    assert long.rate_at(2500) == pytest.approx((0.01 + 1e-5) / 2)
    assert long.rate_at(5000) == 0.01
    assert build("LinearWarmupCosine", learning_rate=0.01, warmup_epoch=2).rate_at(8) == 0.01
    with pytest.raises(ConfigError, match="exclude each other"):
        build("LinearWarmupCosine", learning_rate=0.01, warmup_epoch=2, warmup_steps=9)


def test_two_step_cosine_goes_on_after_the_first_wave():
    schedule = build_lr_scheduler({"name": "TwoStepCosine", "learning_rate": 0.1}, 500, 2)
    found = rates(schedule, 1000)
    assert found[400] == pytest.approx(0, abs=1e-12)
    assert found[401] == pytest.approx(half_wave(0.1, 0, 0.401))
    warm = build_lr_scheduler({"name": "TwoStepCosine", "learning_rate": 0.1, "warmup_epoch": 1}, 500, 2)
    np.testing.assert_allclose(rates(warm, 1000)[2:], found[:-2], rtol=1e-12, atol=1e-15)


def test_after_the_end():
    assert build("Linear", learning_rate=0.1, end_lr=0.01).rate_at(TOTAL + 5) == pytest.approx(0.01)
    assert build("OneCycle", max_lr=0.1).rate_at(TOTAL + 5) == pytest.approx(4e-7)
    assert build("Cosine", learning_rate=0.1).rate_at(TOTAL + 5) == pytest.approx(half_wave(0.1, 0, 45 / 40))


def test_constant_rate_is_a_float():
    rate = build_lr_scheduler({"learning_rate": "5e-4"}, 3, 2)
    assert isinstance(rate, float) and rate == 5e-4
    assert isinstance(build("Const", learning_rate=1), float)
    assert isinstance(build(None, learning_rate=0.1, warmup_epoch=0.01), float)


def test_what_is_absent_is_derived():
    np.testing.assert_allclose(
        rates(build("CyclicalCosineDecay", learning_rate=0.1)), [half_wave(0.1, 0, t / 40) for t in range(40)]
    )
    assert build("CyclicalCosineDecay", learning_rate=0.1, T_max=20).rate_at(10) == pytest.approx(0.05)
    assert build("TwoStepCosineDecay", learning_rate=0.1, T_max1=4).rate_at(20) == pytest.approx(0.05)


def test_constructors_take_steps():
    assert CyclicalCosineDecay(0.1, 100, 10, 0.01).rate_at(25) == pytest.approx(0.055)
    assert TwoStepCosineDecay(0.1, 10, 20).rate_at(15) == pytest.approx(half_wave(0.1, 0, 0.75))
    assert OneCycleDecay(0.1, 2, 10, pct_start=0.5).rate_at(9) == pytest.approx(0.1)
    with pytest.raises(ConfigError, match="steps_per_epoch"):
        OneCycleDecay(0.1, 2)


@pytest.mark.parametrize("warmup", [0, 2])
@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_resumed_schedule_gives_the_same_rates(name, warmup):
    keys = dict(SCHEDULES[name][0])
    if name == "LinearWarmupCosine":
        keys["warmup_steps"] = warmup
    else:
        keys["warmup_epoch"] = warmup
    whole = build(name, **keys)
    if isinstance(whole, float):
        return
    expected = rates(whole)
    for stop in (1, 3, 8, 25):
        first, second = build(name, **keys), build(name, **keys)
        rates(first, stop)
        second.set_state_dict(first.state_dict())
        assert second.last_lr == expected[stop]
        assert rates(second, TOTAL - stop) == expected[stop:]


def test_state_is_that_of_a_linear_warmup():
    schedule = build("Cosine", learning_rate=0.1, warmup_epoch=2)
    assert schedule.state_dict() == {
        "last_epoch": 0,
        "last_lr": 0.0,
        "LinearWarmup_LR": {"last_epoch": 0, "last_lr": 0.1},
    }
    rates(schedule, 18)
    rate = pytest.approx(half_wave(0.1, 0, 10 / 40))
    assert schedule.state_dict() == {
        "last_epoch": 18,
        "last_lr": rate,
        "LinearWarmup_LR": {"last_epoch": 10, "last_lr": rate},
    }
    assert sorted(build("Cosine", learning_rate=0.1).state_dict()) == ["last_epoch", "last_lr"]


def test_loading_warns_about_nothing(recwarn):
    schedule = build("Cosine", learning_rate=0.1, warmup_epoch=2)
    schedule.set_dict(schedule.state_dict())
    assert not recwarn.list
    with pytest.raises(RuntimeError, match="last_epoch"):
        schedule.set_state_dict({"last_lr": 0.1})


def test_builder_wins_over_lengths_in_yaml(ppocr_caplog):
    config = {"name": "Linear", "learning_rate": 0.1, "epochs": 99, "step_each_epoch": STEPS}
    schedule = build_lr_scheduler(config, EPOCHS, STEPS)
    assert schedule.rate_at(20) == pytest.approx(0.05)
    assert len(ppocr_caplog.records) == 1 and "epochs: 99" in ppocr_caplog.text
    assert config == {"name": "Linear", "learning_rate": 0.1, "epochs": 99, "step_each_epoch": STEPS}


def test_piecewise_warns_about_another_learning_rate(ppocr_caplog):
    build("Piecewise", learning_rate=0.3, decay_epochs=[2], values=[0.3, 0.1])
    assert not ppocr_caplog.records
    assert build("Piecewise", learning_rate=0.5, decay_epochs=[2], values=[0.3, 0.1]).rate_at(0) == 0.3
    assert "'learning_rate: 0.5' is not used" in ppocr_caplog.text


def test_piecewise_keeps_the_last_value_at_an_epoch_too_many():
    schedule = build("Piecewise", decay_epochs=[2, 5], values=[0.3, 0.1])
    assert [schedule.rate_at(t) for t in (7, 8, 19, 20, 39)] == [0.3, 0.1, 0.1, 0.1, 0.1]


@pytest.mark.parametrize(
    "config, message",
    [
        ({"name": "Cosin", "learning_rate": 0.1}, "did you mean 'Cosine'"),
        ({"name": "Cosine", "learning_rat": 0.1}, "did you mean 'learning_rate'"),
        ({"name": "Cosine", "learning_rate": "fast"}, "must be a number"),
        ({"name": "Step", "learning_rate": 0.1, "step_size": 2}, "needs the key 'gamma'"),
        (
            {"name": "Step", "learning_rate": 0.1, "step_size": 0, "gamma": 0.1},
            "'step_size' must be a whole number from 1",
        ),
        ({"name": "Piecewise", "decay_epochs": [2, 3], "values": [0.1]}, "need 3 'values', not 1"),
        ({"name": "Piecewise", "decay_epochs": [2], "values": [3, 2, 1]}, "need 2 'values', not 3"),
        ({"name": "Piecewise", "decay_epochs": [], "values": []}, "'values' must be a list that is not empty"),
        (
            {"name": "Piecewise", "decay_epochs": [2], "values": [0.1, "low"]},
            r"'values\[1\]' must be a number from 0 to 1,000, not 'low'",
        ),
        (
            {"name": "MultiStepDecay", "learning_rate": 0.1, "milestones": [5, 2]},
            "'milestones' must be a list in rising order",
        ),
        ({"name": "CyclicalCosine", "learning_rate": 0.1, "cycle": 0}, "'cycle' must be a number above 0"),
        ({"name": "TwoStepCosineDecay", "learning_rate": 0.1, "T_max1": 0}, "'T_max1' must be a whole number from 1"),
        ({"name": "OneCycle", "max_lr": 0.1, "anneal_strategy": "cubic"}, "must be one of cos, linear"),
        ({"name": "OneCycle", "max_lr": 0.1, "pct_start": 30}, "'pct_start' must be a number from 0 to 1, not 30"),
        ({"name": "OneCycle", "max_lr": 0.1, "div_factor": 0}, "above 0"),
        (0.1, "must be a mapping"),
    ],
)
def test_mistakes_are_named(config, message):
    with pytest.raises(ConfigError, match=message):
        build_lr_scheduler(config, EPOCHS, STEPS)


def test_a_run_without_steps_is_refused():
    with pytest.raises(ConfigError, match="nothing to train"):
        build_lr_scheduler({"learning_rate": 0.1}, 3, 0)


def test_every_schedule_is_tested():
    assert set(LR_SCHEDULERS.names()) == set(SCHEDULES)
