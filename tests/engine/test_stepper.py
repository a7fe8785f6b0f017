import contextlib
import math

import numpy as np
import paddle
import pytest

from ppocr.data.batch import Batch
from ppocr.engine import stepper as stepper_module
from ppocr.engine.averaging import ExponentialAverage
from ppocr.engine.forward import call_model, to_float32
from ppocr.engine.health import FiniteGuard, build_guard
from ppocr.engine.stepper import MixedPrecision, Stepper
from ppocr.errors import ConfigError, DataError
from ppocr.options import GlobalOptions


class Recorder:
    """Stands in for Paddle's mixed precision and writes down what is called."""

    def __init__(self, monkeypatch):
        self.calls = []
        monkeypatch.setattr(paddle.amp, "GradScaler", self.make_scaler)
        monkeypatch.setattr(paddle.amp, "auto_cast", self.auto_cast)
        monkeypatch.setattr(paddle.amp, "decorate", self.decorate)

    def make_scaler(self, **arguments):
        self.calls.append(("scaler", arguments))
        recorder = self

        class Scaler:
            unscaled = False

            def scale(self, loss):
                recorder.calls.append("scale")
                return loss * 4

            def unscale_(self, optimizer):
                recorder.calls.append("unscale")
                if self.unscaled:
                    raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
                self.unscaled = True
                for parameter in optimizer._parameter_list:
                    parameter.grad.set_value(parameter.grad / 4)

            def is_enable(self):
                return True

            def step(self, optimizer):
                recorder.calls.append("step")
                self.unscaled = False
                bad = any(not np.isfinite(p.grad.numpy()).all() for p in optimizer._parameter_list)
                optimizer._set_auxiliary_var("found_inf", paddle.to_tensor(bad))
                optimizer.step()

            def update(self):
                recorder.calls.append("update")

            def state_dict(self):
                return {"scale": 4}

            def load_state_dict(self, state):
                recorder.calls.append(("load", state))

        return Scaler()

    def auto_cast(self, **arguments):
        self.calls.append(("auto_cast", arguments))
        return contextlib.nullcontext()

    def decorate(self, **arguments):
        self.calls.append(
            ("decorate", {key: arguments[key] for key in arguments if key not in ("models", "optimizers")})
        )
        return (arguments["models"], arguments["optimizers"]) if "optimizers" in arguments else arguments["models"]


class Clip(paddle.nn.ClipGradByNorm):
    """Records when gradients are clipped."""

    def __init__(self, calls):
        super().__init__(1e9)
        self._calls = calls

    def _dygraph_clip(self, params_grads):
        self._calls.append("clip")
        return super()._dygraph_clip(params_grads)


def linear():
    model = paddle.nn.Linear(2, 1)
    model.weight.set_value(np.array([[1.0], [2.0]], "float32"))
    model.bias.set_value(np.zeros(1, "float32"))
    return model


def squared(predictions, batch):
    return {"loss": ((predictions - batch[1]) ** 2).mean()}


def batch(rows, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 3)).astype("float32")
    return [paddle.to_tensor(values[:, :2]), paddle.to_tensor(values[:, 2:])]


def make_stepper(model, lr=0.1, amp=None, clip=None, **more):
    rate = paddle.optimizer.lr.StepDecay(lr, step_size=1, gamma=0.5)
    optimizer = paddle.optimizer.SGD(rate, parameters=model.parameters(), grad_clip=clip)
    return Stepper(model, squared, optimizer, rate, amp, **more)


def test_one_update_by_hand():
    model = linear()
    stepper = make_stepper(model)
    x = paddle.to_tensor([[1.0, 1.0]])
    predictions, losses = stepper([[x, paddle.to_tensor([[1.0]])]], step=0)
    assert predictions.item() == 3.0 and losses["loss"].item() == 4.0
    # d/dw (w.x + b - 1)^2 = 2 * 2 * x
    assert model.weight.numpy().ravel().tolist() == pytest.approx([0.6, 1.6])
    assert model.bias.numpy().tolist() == pytest.approx([-0.4])
    assert losses["loss"].stop_gradient


def test_the_rate_is_read_before_the_update_and_the_schedule_steps_once():
    stepper = make_stepper(linear())
    rates = []
    for step in range(3):
        stepper([batch(2)], step)
        rates.append(stepper.lr)
    assert rates == pytest.approx([0.1, 0.05, 0.025])


def test_gradients_are_cleared():
    model = linear()
    make_stepper(model)([batch(2)], 0)
    assert model.weight.grad is None or not model.weight.grad.numpy().any()


def test_accumulation_equals_the_large_batch():
    together, apart = linear(), linear()
    x, y = batch(6)
    _, large = make_stepper(together)([[x, y]], 0)
    _, small = make_stepper(apart)([[x[:2], y[:2]], [x[2:4], y[2:4]], [x[4:], y[4:]]], 0)
    np.testing.assert_allclose(apart.weight.numpy(), together.weight.numpy(), rtol=1e-6)
    assert float(small["loss"]) == pytest.approx(float(large["loss"]), rel=1e-6)


def test_random_layers_draw_from_seed_and_step():
    model = paddle.nn.Sequential(paddle.nn.Dropout(0.5), linear())
    stepper = make_stepper(model, lr=0.0, seed=3)
    x = [paddle.ones([1, 2]), paddle.zeros([1, 1])]
    first = [stepper([x], step)[0].item() for step in range(6)]
    assert [stepper([x], step)[0].item() for step in range(6)] == first
    assert len(set(first)) > 1


def test_mixed_precision_scales_unscales_clips_steps_and_updates_in_this_order(monkeypatch):
    recorder = Recorder(monkeypatch)
    lists = {"black_list": ["matmul"], "white_list": ["conv2d"]}
    amp = MixedPrecision(True, "O1", "float16", init_loss_scaling=4.0, dynamic=True, **lists)
    model, plain = linear(), linear()
    make_stepper(model, amp=amp, clip=Clip(recorder.calls))([batch(4)], 0)
    make_stepper(plain)([batch(4)], 0)
    lists = {"custom_black_list": ["matmul"], "custom_white_list": ["conv2d"]}
    assert recorder.calls == [
        ("scaler", {"init_loss_scaling": 4.0, "use_dynamic_loss_scaling": True}),
        ("auto_cast", {"level": "O1", "dtype": "float16", **lists}),
        "scale",
        "unscale",
        "step",
        "clip",
        "update",
    ]
    np.testing.assert_allclose(model.weight.numpy(), plain.weight.numpy(), rtol=1e-6)


def test_backward_comes_between_scaling_and_unscaling(monkeypatch):
    recorder = Recorder(monkeypatch)
    model = linear()
    model.weight.register_hook(lambda grad: recorder.calls.append("backward"))
    make_stepper(model, amp=MixedPrecision(True))([batch(2)], 0)
    assert [c for c in recorder.calls if isinstance(c, str)] == ["scale", "backward", "unscale", "step", "update"]


def test_after_an_update_that_is_skipped_mixed_precision_goes_on_with_its_scale(monkeypatch):
    recorder = Recorder(monkeypatch)
    model, (x, y) = linear(), batch(2)
    stepper = make_stepper(
        model, amp=MixedPrecision(True, init_loss_scaling=2.0), guard=FiniteGuard("step", scaled=True)
    )
    before = model.weight.numpy()
    assert stepper([[x, y + np.nan]], 0)[1] == {}
    np.testing.assert_array_equal(model.weight.numpy(), before)
    assert "loss" in stepper([[x, y]], 1)[1] and (model.weight.numpy() != before).any()
    calls = [call for call in recorder.calls if call[0] != "auto_cast"]
    scaler = ("scaler", {"init_loss_scaling": 2.0, "use_dynamic_loss_scaling": False})
    assert calls[:5] == [scaler, "scale", "unscale", scaler, ("load", {"scale": 4})]


def test_o2_decorates_with_master_weights_and_o1_does_not(monkeypatch):
    recorder = Recorder(monkeypatch)
    model = paddle.nn.Sequential(paddle.nn.Linear(1, 1), paddle.nn.Sequential(paddle.nn.LSTM(1, 1)))
    optimizer = paddle.optimizer.Momentum(parameters=model.parameters())
    assert MixedPrecision(True, "O2", "float16").decorate(model, optimizer) == (model, optimizer)
    assert MixedPrecision(True, "O2", "bfloat16").decorate(model) == (model, None)
    assert MixedPrecision(True, "O1").decorate(model, optimizer) == (model, optimizer)
    assert MixedPrecision(False, "O2").decorate(model, optimizer) == (model, optimizer)
    assert [c for c in recorder.calls if c[0] == "decorate"] == [
        ("decorate", {"level": "O2", "dtype": "float16", "master_weight": True, "excluded_layers": [model[1][0]]}),
        ("decorate", {"level": "O2", "dtype": "bfloat16", "excluded_layers": [model[1][0]]}),
    ]


REGISTERED = [  # as two versions of Paddle write it
    "{data_type[float]; data_layout[Undefined(AnyLayout)]; place[Place(gpu:0)]; library_type[PLAIN]}",
    "{data_type[::paddle::platform::float16]; data_layout[Undefined(AnyLayout)]; place[Place(gpu:0)]; library}",
    "{data_type[bfloat16]; data_layout[Undefined(AnyLayout)]; place[Place(cpu)]; library_type[PLAIN]}",
]


@pytest.mark.parametrize("more, refused", [([], True), ([REGISTERED[2].replace("cpu", "gpu:0")], False)])
def test_an_optimizer_without_a_kernel_for_the_type_is_refused(monkeypatch, more, refused):
    Recorder(monkeypatch)
    listed = {"rmsprop": [*REGISTERED, *more]}
    monkeypatch.setattr(stepper_module.core, "_get_all_register_op_kernels", lambda library: listed)
    model = linear()
    optimizer = paddle.optimizer.RMSProp(0.1, parameters=model.parameters())
    assert MixedPrecision(True, "O2", "float16").decorate(model, optimizer) == (model, optimizer)
    assert MixedPrecision(True, "O1", "bfloat16").decorate(model, optimizer) == (model, optimizer)
    with pytest.raises(ConfigError, match="no bfloat16 kernel of RMSProp") if refused else contextlib.nullcontext():
        MixedPrecision(True, "O2", "bfloat16").decorate(model, optimizer)


def test_the_state_of_the_scaler_is_kept(monkeypatch):
    recorder = Recorder(monkeypatch)
    amp = MixedPrecision(True)
    keys = {"init_loss_scaling": 1.0, "use_dynamic_loss_scaling": False}
    assert amp.state_dict() == {"scale": 4, "made_with": keys}
    amp.load_state_dict({"scale": 8, "made_with": keys})
    assert recorder.calls[-1] == ("load", {"scale": 8})
    assert MixedPrecision(False).state_dict() == {}


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_master_weights_begin_with_the_weights_before_they_are_rounded(monkeypatch, half):
    Recorder(monkeypatch)
    model = linear()
    model.weight.set_value(np.array([[1.0001], [2.0003]], "float32"))
    optimizer = paddle.optimizer.Adam(0.1, parameters=model.parameters(), multi_precision=True)
    amp = MixedPrecision(True, "O2", half)
    monkeypatch.setattr(paddle.amp, "decorate", lambda **given: (model.to(dtype=half), given["optimizers"]))
    amp.decorate(model, optimizer)
    assert str(model.weight.dtype).endswith(half) and model.weight.astype("float32").numpy()[0] != np.float32(1.0001)
    master = optimizer.state_dict()["master_weights"][model.weight.name]
    np.testing.assert_array_equal(master.numpy(), np.array([[1.0001], [2.0003]], "float32"))


class StandInScaler:
    """On a CPU Paddle's scaler is off, and has no state."""

    def __init__(self, scale, dynamic):
        self.state = {"scale": np.array([scale], "float32"), "use_dynamic_loss_scaling": dynamic}

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = state


@pytest.mark.parametrize(
    "saved, made_with, now, scale",
    [
        ((2.0, True), (8.0, True), (8.0, True), 2.0),
        ((2.0, True), (8.0, True), (16.0, True), 16.0),
        ((2.0, True), (8.0, True), (8.0, False), 8.0),
        ((8.0, False), (8.0, False), (16.0, False), 16.0),
        ((8.0, False), None, (16.0, False), 16.0),
        ((8.0, False), None, (16.0, True), 16.0),
        ((2.0, True), None, (16.0, True), 2.0),
    ],
)
def test_scaling_keys_that_have_changed_are_obeyed(saved, made_with, now, scale):
    """Older checkpoints do not tell the keys."""
    before, after = (MixedPrecision(True, init_loss_scaling=k[0], dynamic=k[1]) for k in (made_with or saved, now))
    before.scaler, after.scaler = StandInScaler(*saved), StandInScaler(*now)
    state = before.state_dict()
    if made_with is None:
        del state["made_with"]
    after.load_state_dict(state)
    assert after.scale() == scale


def test_an_update_that_the_scaler_skips_changes_no_average_and_is_said(monkeypatch, ppocr_caplog):
    Recorder(monkeypatch)
    model = linear()
    average = ExponentialAverage(model, decay=0.5, decay_type="normal")
    stepper = make_stepper(model, amp=MixedPrecision(True, dynamic=True), averaging=average)
    stepper.loss = lambda predictions, batch: {"loss": predictions.sum(), "other": predictions.sum()}
    handle = model.weight.register_hook(lambda gradient: gradient * float("inf"))
    _, losses = stepper([batch(2)], 0)
    assert "loss" in losses and "grad_norm" not in losses
    np.testing.assert_array_equal(model.weight.numpy(), linear().weight.numpy())
    np.testing.assert_array_equal(average.average()["weight"].numpy(), linear().weight.numpy())
    handle.remove()
    _, losses = stepper([batch(2)], 1)
    assert math.isfinite(losses["grad_norm"].item())
    assert average.state_dict()["updates"] == 1
    stepper.resolve_pending()
    assert "1 of the last 2 updates were skipped" in ppocr_caplog.text


def test_a_loss_scale_that_sinks_below_1_is_said_once_and_only_then(monkeypatch, ppocr_caplog):
    Recorder(monkeypatch)
    sunk = "the loss scale has sunk to 0.5"
    for dynamic, scale, skipped, said in (
        (True, 0.5, True, True),
        (True, 1.0, True, False),
        (True, 0.5, False, False),  # as the configuration has it
        (False, 0.5, True, False),
    ):
        ppocr_caplog.clear()
        amp = MixedPrecision(True, dynamic=dynamic)
        amp.scaler.state_dict = lambda scale=scale: {"scale": np.array([scale])}
        stepper = make_stepper(linear(), amp=amp)
        stepper.guard.overflows.count(amp, made=not skipped)
        stepper.resolve_pending()
        assert (sunk in ppocr_caplog.text) == said
        ppocr_caplog.clear()
        stepper.guard.overflows.count(amp, made=not skipped)
        stepper.resolve_pending()
        assert sunk not in ppocr_caplog.text


def test_bfloat16_is_not_scaled_dynamically_and_a_scaler_that_turns_itself_off_hides_nothing(monkeypatch):
    recorder = Recorder(monkeypatch)
    amp = MixedPrecision(True, "O1", "bfloat16", init_loss_scaling=1024.0, dynamic=True)
    assert recorder.calls == [("scaler", {"init_loss_scaling": 1024.0, "use_dynamic_loss_scaling": False})]
    assert amp.scales and build_guard(GlobalOptions(), "gpu:0", amp)._scaled
    amp.scaler.is_enable, amp.scaler.state_dict = lambda: False, dict
    assert not amp.scales and amp.scale() == 1 and not build_guard(GlobalOptions(), "gpu:0", amp)._scaled


def test_to_float32_copies_containers_and_changes_nothing_in_place():
    half, brief = paddle.ones([2], "float16"), paddle.ones([2]).astype("bfloat16")
    number = paddle.ones([2], "int64")
    given = {"a": [half, (half, number)], "b": None, "c": 1, "d": brief}
    result = to_float32(given)
    assert result["d"].dtype == paddle.float32 and result["d"].tolist() == [1, 1]
    assert result["a"][0].dtype == paddle.float32 and result["a"][1][0].dtype == paddle.float32
    assert result["a"][1][1] is number and isinstance(result["a"][1], tuple)
    assert given["a"][0] is half and half.dtype == paddle.float16


@pytest.mark.parametrize(
    "inputs, feed, expected",
    [
        (("image",), (), (("x",), {})),
        (("image",), ("label", "length"), (("x",), {"data": {"label": 1, "length": 2}})),
        (("image",), ("label", "length", "ratio"), (("x",), {"data": {"label": 1, "length": 2}})),
        (("image", "label"), ("length",), ((["x", 1],), {"data": {"length": 2}})),
        (("image", "label", "length"), (), ((["x", 1, 2],), {})),
    ],
)
def test_a_model_is_fed_what_it_declares(inputs, feed, expected):
    def model(*arguments, **named):
        return arguments, named

    model.inputs, model.feed = inputs, feed
    assert call_model(model, ["x", 1, 2]) == expected
    assert call_model(model, Batch([2, "x", 0, 1], names=("length", "image", "more", "label"))) == expected


def test_in_training_a_model_gets_all_that_it_is_fed():
    model = linear()
    model.feed = ("label", ("label_gtc", "label_sar"))
    model.forward = lambda x, data: data
    batch = Batch([paddle.ones([1, 2]), 5], names=("image", "label_sar"))
    with pytest.raises(DataError, match="the batch has no field label; it has image, label_sar"):
        call_model(model, batch)
    model.eval()
    assert call_model(model, batch) == {"label_sar": 5}


def test_accumulators_have_names_that_depend_on_the_parameters_alone():
    model = linear()
    names = []
    for _ in range(2):
        optimizer = paddle.optimizer.Adam(0.1, parameters=model.parameters())
        model(paddle.ones([1, 2])).sum().backward()
        MixedPrecision().step(optimizer)
        names.append(sorted(optimizer.state_dict()))
    assert names[0] == names[1]


def test_what_global_says_of_mixed_precision_reaches_paddle(monkeypatch):
    recorder = Recorder(monkeypatch)
    options = GlobalOptions(
        use_amp=True,
        amp_level="O1",
        amp_dtype="float16",
        amp_custom_black_list=["matmul"],
        amp_custom_white_list=["conv2d"],
        scale_loss=512.0,
        use_dynamic_loss_scaling=True,
    )
    with MixedPrecision.from_options(options).autocast():
        pass
    options.amp_level, options.amp_dtype = "O2", "bfloat16"
    with MixedPrecision.from_options(options).autocast():
        pass
    lists = {"custom_black_list": ["matmul"], "custom_white_list": ["conv2d"]}
    assert recorder.calls == [
        ("scaler", {"init_loss_scaling": 512.0, "use_dynamic_loss_scaling": True}),
        ("auto_cast", {"level": "O1", "dtype": "float16", **lists}),
        ("scaler", {"init_loss_scaling": 512.0, "use_dynamic_loss_scaling": False}),
        ("auto_cast", {"level": "O2", "dtype": "bfloat16", **lists}),
    ]
    assert MixedPrecision.from_options(options, enabled=False).scaler is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_loss_gets_float32_whatever_the_model_gives(dtype):
    model = linear()
    forward, seen = model.forward, []
    model.forward = lambda x: {"out": [forward(x).astype(dtype)]}
    stepper = make_stepper(model)

    def loss(predictions, batch):
        seen.append(predictions["out"][0].dtype)
        return {"loss": predictions["out"][0].sum()}

    stepper.loss = loss
    predictions, _ = stepper([batch(2)], 0)
    assert seen == [paddle.float32] and predictions["out"][0].dtype == paddle.float32


def test_the_loss_alone_is_trained_on_and_the_rest_is_told():
    model, plain = linear(), linear()
    stepper = make_stepper(model)
    stepper.loss = lambda predictions, fields: {**squared(predictions, fields), "other": 100 * predictions.sum()}
    _, losses = stepper([batch(2), batch(2, 1)], 0)
    make_stepper(plain)([batch(2), batch(2, 1)], 0)
    np.testing.assert_array_equal(model.weight.numpy(), plain.weight.numpy())
    assert set(losses) == {"loss", "other", "grad_norm"}


def test_of_a_loss_for_each_image_the_sum_is_trained_on_and_the_mean_is_told():
    model, plain = linear(), linear()
    stepper, beside = make_stepper(model), make_stepper(plain)
    stepper.loss = lambda predictions, fields: {"loss": ((predictions - fields[1]) ** 2)[:, 0]}
    beside.loss = lambda predictions, fields: {"loss": ((predictions - fields[1]) ** 2).sum()}
    _, losses = stepper([batch(3)], 0)
    _, sums = beside([batch(3)], 0)
    np.testing.assert_allclose(model.weight.numpy(), plain.weight.numpy(), rtol=1e-6)
    assert losses["loss"].item() == pytest.approx(sums["loss"].item() / 3, rel=1e-6)
