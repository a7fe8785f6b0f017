import math

import numpy as np
import paddle
import pytest

from ppocr.data.batch import Batch
from ppocr.engine import health
from ppocr.engine.averaging import Averaging, ExponentialAverage, WindowAverage
from ppocr.engine.health import FiniteGuard, Overflows, build_guard, gradient_norm
from ppocr.engine.stepper import Stepper
from ppocr.errors import DataError, UserError
from ppocr.options import GlobalOptions


def make_stepper(guard, averaging=Averaging):
    paddle.seed(1)
    model = paddle.nn.Sequential(paddle.nn.Linear(2, 3), paddle.nn.BatchNorm1D(3), paddle.nn.Linear(3, 1))
    rate = paddle.optimizer.lr.StepDecay(0.1, step_size=1, gamma=0.9)
    optimizer = paddle.optimizer.Adam(rate, parameters=model.parameters())
    average = averaging(model)
    return Stepper(model, lambda p, b: {"loss": (p**2).mean()}, optimizer, rate, averaging=average, guard=guard)


def batch(number, bad=False):
    """Made of the sample with that number, or minus that number where it is bad."""
    values = np.random.default_rng(number).normal(size=(4, 2)).astype("float32")
    if bad:
        values[0, 0] = np.nan
    return Batch([paddle.to_tensor(values)], [-number if bad else number])


class Source:
    """Knows samples by the numbers in :func:`batch`."""

    def names(self, keys):
        return [f"{abs(key)}.png" for key in keys]

    def read_again(self, keys):
        return batch(abs(keys[0]), bad=keys[0] < 0)


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
    guard = FiniteGuard("step", tmp_path / "bad", source=Source())
    stepper = make_stepper(guard)
    stepper([batch(0)], 0)
    before = state_of(stepper)
    _, losses = stepper([batch(1, bad=True)], 1)
    assert_same(state_of(stepper), before)
    assert losses == {} and guard.total == 1
    assert "step 2: loss or gradient is not finite" in ppocr_caplog.text and "samples: 1.png" in ppocr_caplog.text
    dumped = np.load(tmp_path / "bad" / "step_2.npz")
    assert dumped["names"].tolist() == ["1.png"]
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


@pytest.mark.parametrize("averaging", [Averaging, ExponentialAverage, lambda model: WindowAverage(model, 1.0, 1, 3)])
def test_in_the_mode_log_the_run_goes_back_to_the_last_copy(averaging):
    stepper = make_stepper(FiniteGuard("log", copy_steps=2), averaging)
    for step in range(2):
        stepper([batch(step)], step)
    stepper.resolve_pending()
    before = state_of(stepper)
    average = {n: t.numpy().copy() for n, t in stepper.averaging.average().items()}
    counts = dict(stepper.averaging.counts)
    stepper([batch(2)], 2)
    stepper.resolve_pending()  # good, but too early for a copy
    for step, bad in ((3, True), (4, False)):
        stepper([batch(step, bad)], step)
    assert np.isnan(state_of(stepper)["0.weight"]).any()
    stepper.resolve_pending()
    assert_same(state_of(stepper), before)
    assert_same({n: t.numpy() for n, t in stepper.averaging.average().items()}, average)
    assert stepper.averaging.counts == counts
    stepper([batch(5)], 5)
    assert np.isfinite(stepper.model.state_dict()["0.weight"].numpy()).all()


def test_the_copy_is_written_over_and_holds_on_to_no_graph():
    guard = FiniteGuard("log", copy_steps=1)
    stepper = make_stepper(guard)
    for step in range(2):
        stepper([batch(step)], step)
        stepper.resolve_pending()
    kept = dict(guard._snapshot)
    stepper([batch(2)], 2)
    stepper.resolve_pending()
    assert all(guard._snapshot[name] is tensor and tensor.stop_gradient for name, tensor in kept.items())
    assert_same(
        {name[-1]: tensor.numpy() for name, tensor in kept.items() if name[0] == "Sequential"},
        {name: tensor.numpy() for name, tensor in stepper.model.state_dict().items()},
    )


def test_in_the_mode_log_the_first_line_can_go_back_to_the_start():
    stepper = make_stepper(FiniteGuard("log"))
    start = state_of(stepper)
    stepper([batch(0, bad=True)], 0)
    stepper.resolve_pending()
    assert_same(state_of(stepper), start)
    _, losses = stepper([batch(1)], 1)
    assert math.isfinite(losses["loss"].item())


def test_in_the_mode_log_the_batch_that_was_bad_is_named_and_written(tmp_path, ppocr_caplog):
    stepper = make_stepper(FiniteGuard("log", tmp_path, source=Source()))
    for step in range(1, 7):
        stepper([batch(10 * step), batch(10 * step + 1, bad=step == 3)], step)
    stepper.resolve_pending()
    assert "step 4: loss" in ppocr_caplog.text and "samples: 30.png, 31.png" in ppocr_caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["step_4.npz"]
    dumped = np.load(tmp_path / "step_4.npz")
    np.testing.assert_array_equal(dumped["batch_0_field_0"], batch(30)[0].numpy())
    np.testing.assert_array_equal(dumped["batch_1_field_0"], batch(31, bad=True)[0].numpy())


def test_a_bad_batch_that_cannot_be_read_again_is_named_all_the_same(tmp_path, ppocr_caplog):
    class Gone(Source):
        def read_again(self, keys):
            raise DataError("1.png: no such file")

    stepper = make_stepper(FiniteGuard("log", tmp_path, source=Gone()))
    stepper([batch(1, bad=True)], 0)
    stepper.resolve_pending()
    assert "batch: not written (1.png: no such file); samples: 1.png" in ppocr_caplog.text


def test_in_the_mode_log_numbers_are_read_at_last_when_many_wait(monkeypatch):
    monkeypatch.setattr(health, "_LONGEST", 3)
    guard = FiniteGuard("log")
    stepper = make_stepper(guard)
    for step in range(4):
        stepper([batch(step, bad=step == 1)], step)
    assert guard.total == 1 and np.isfinite(stepper.model.state_dict()["0.weight"].numpy()).all()


def test_a_bad_stretch_ends_the_run_where_it_is_one_of_many():
    stepper = make_stepper(FiniteGuard("log", max_bad=2))
    stepper([batch(1, bad=True)], 0)
    stepper.resolve_pending()
    stepper([batch(2, bad=True)], 1)
    with pytest.raises(UserError, match="2 updates in a row"):
        stepper.resolve_pending()


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_going_back_restores_the_float32_weights_behind_those_in_half_precision(half):
    """From before the first update on; there are no updates in half precision on a CPU, so they are put in by hand."""
    model = paddle.nn.Linear(2, 3)
    optimizer = paddle.optimizer.Adam(0.1, parameters=model.parameters(), multi_precision=True)
    model.to(dtype=half)
    stepper = Stepper(model, None, optimizer, 0.1, guard=FiniteGuard("log"))
    tensors = [*model.parameters(), *optimizer.state_dict()["master_weights"].values()]
    moments = [tensor for name, tensor in optimizer.state_dict().items() if "moment" in name]
    start = [tensor.astype("float32").numpy() for tensor in tensors + moments]
    stepper.guard.snapshot(stepper)
    for tensor in tensors + moments:
        tensor.set_value(paddle.full(tensor.shape, math.nan).astype(tensor.dtype))
    stepper.guard.accepts(paddle.to_tensor(math.nan), None, [], 0)
    stepper.resolve_pending()
    assert len(tensors) == 4 and len(moments) == 4
    for tensor, before in zip(tensors + moments, start):
        np.testing.assert_array_equal(tensor.astype("float32").numpy(), before)


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


class Scaling:
    """A loss scaler: constant, or one that follows the overflows."""

    dtype = "float16"

    def __init__(self, scale, constant=False):
        self._scale, self._constant = scale, constant

    def scale(self):
        return self._scale

    def scale_is_spent(self):
        return self._constant or self._scale < 1


def test_skipped_updates_are_counted_and_said(ppocr_caplog):
    overflows, amp = Overflows(max_bad=3), Scaling(512.0)
    for made in (True, False, True, False, False, False, False):
        overflows.count(amp, made)  # the scale can still fall: no row of them is too long
    assert overflows.say(amp) and not overflows.say(amp)
    text = "5 of the last 7 updates were skipped: gradients in float16 were not finite; the loss scale is now 512"
    assert ppocr_caplog.messages == [text]


@pytest.mark.parametrize("amp", [Scaling(1024.0, constant=True), Scaling(0.5)])
def test_a_row_of_skipped_updates_that_no_scale_helps_ends_the_run(amp):
    overflows = Overflows(max_bad=3)
    for made in (False, False, True, False, False):
        overflows.count(amp, made)
    with pytest.raises(UserError, match=f"3 updates in a row were skipped .* loss scale {amp.scale():g}; set Global"):
        overflows.count(amp, False)
