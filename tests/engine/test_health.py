import math

import numpy as np
import paddle
import pytest

from ppocr.engine.averaging import ExponentialAverage
from ppocr.engine.health import FiniteGuard, build_guard, gradient_norm
from ppocr.engine.stepper import Stepper
from ppocr.errors import UserError
from ppocr.global_options import GlobalOptions


def make_stepper(guard, averaging=False):
    paddle.seed(1)
    model = paddle.nn.Sequential(paddle.nn.Linear(2, 3), paddle.nn.BatchNorm1D(3), paddle.nn.Linear(3, 1))
    rate = paddle.optimizer.lr.StepDecay(0.1, step_size=1, gamma=0.9)
    optimizer = paddle.optimizer.Adam(rate, parameters=model.parameters())
    average = ExponentialAverage(model) if averaging else None
    return Stepper(model, lambda p, b: {"loss": (p**2).mean()}, optimizer, rate, averaging=average, guard=guard)


def batch(number, bad=False):
    values = np.random.default_rng(number).normal(size=(4, 2)).astype("float32")
    if bad:
        values[0, 0] = np.nan
    return [paddle.to_tensor(values)]


def state_of(stepper):
    optimizer = {k: v.numpy().copy() for k, v in stepper.optimizer.state_dict().items() if hasattr(v, "numpy")}
    return {**{n: t.numpy().copy() for n, t in stepper.model.state_dict().items()}, **optimizer}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_gradient_norm():
    layer = paddle.nn.Linear(2, 1)
    (layer(paddle.to_tensor([[3.0, 4.0]]))).sum().backward()
    assert gradient_norm(layer.parameters()).item() == pytest.approx(math.sqrt(9 + 16 + 1))
    assert gradient_norm([]) is None


def test_a_bad_update_is_left_out_and_leaves_nothing_behind(tmp_path, ppocr_caplog):
    guard = FiniteGuard("step", tmp_path / "bad", describe=lambda: ["a.png", "b.png"])
    stepper = make_stepper(guard)
    stepper([batch(0)], 0)
    before = state_of(stepper)
    _, losses = stepper([batch(1, bad=True)], 1)
    assert_same(state_of(stepper), before)
    assert losses == {} and guard.total == 1
    assert "step 2: loss or gradient is not finite" in ppocr_caplog.text and "a.png, b.png" in ppocr_caplog.text
    dumped = np.load(tmp_path / "bad" / "step_2.npz")
    assert dumped["names"].tolist() == ["a.png", "b.png"]
    np.testing.assert_array_equal(dumped["batch_0_field_0"], batch(1, bad=True)[0].numpy())


def test_training_goes_on_after_a_bad_update_with_the_schedule_of_the_step():
    stepper = make_stepper(FiniteGuard("step"))
    for step in range(3):
        _, losses = stepper([batch(step, bad=step == 1)], step)
    assert math.isfinite(losses["loss"].item()) and losses["grad_norm"].item() > 0
    assert stepper.lr == pytest.approx(0.1 * 0.9**2)


def test_too_many_in_a_row_end_the_run_with_advice():
    stepper = make_stepper(FiniteGuard("step", max_bad=3))
    for step, bad in enumerate((True, True, False, True, True)):
        stepper([batch(step, bad)], step)
    with pytest.raises(UserError, match="3 updates in a row .* lower Optimizer.lr.learning_rate"):
        stepper([batch(9, bad=True)], 9)


@pytest.mark.parametrize("averaging", [False, True])
def test_in_the_mode_log_the_run_goes_back_to_the_last_good_line(averaging):
    stepper = make_stepper(FiniteGuard("log"), averaging)
    for step in range(2):
        stepper([batch(step)], step)
    stepper.settle([batch(1)], 2)
    before = state_of(stepper)
    average = {n: t.numpy().copy() for n, t in stepper.averaging.average().items()}
    for step, bad in ((2, True), (3, False)):
        stepper([batch(step, bad)], step)
    assert np.isnan(state_of(stepper)["0.weight"]).any()
    stepper.settle([batch(3)], 4)
    assert_same(state_of(stepper), before)
    assert_same({n: t.numpy() for n, t in stepper.averaging.average().items()}, average)
    stepper([batch(4)], 4)
    assert np.isfinite(stepper.model.state_dict()["0.weight"].numpy()).all()


def test_in_the_mode_log_the_first_line_can_go_back_to_the_start():
    stepper = make_stepper(FiniteGuard("log"))
    start = {n: t.numpy().copy() for n, t in stepper.model.state_dict().items()}
    stepper([batch(0, bad=True)], 0)
    stepper.settle([batch(0)], 1)
    assert_same({n: t.numpy() for n, t in stepper.model.state_dict().items()}, start)
    _, losses = stepper([batch(1)], 1)
    assert math.isfinite(losses["loss"].item())


def test_overflows_that_a_loss_scaler_handles_do_not_count():
    guard = FiniteGuard("step", scaled=True)
    assert guard.accepts(paddle.to_tensor(1.0), paddle.to_tensor(math.inf), [], 0)
    assert not guard.accepts(paddle.to_tensor(math.nan), paddle.to_tensor(1.0), [], 1)


def test_off_only_looks_on():
    guard = FiniteGuard("off")
    assert guard.accepts(paddle.to_tensor(math.nan), None, [], 0) and guard.total == 0


def test_the_mode_follows_the_device_unless_named(tmp_path):
    options = GlobalOptions(save_model_dir=str(tmp_path))
    assert build_guard(options, "cpu").mode == "step" and build_guard(options, "gpu:0").mode == "log"
    assert build_guard(GlobalOptions(check_finite="step"), "gpu:0").mode == "step"
