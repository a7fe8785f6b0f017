"""The builder of optimizers: update rules against NumPy, decay, clipping, frozen parameters, resuming."""

import copy

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.optimizer import SECTION_KEYS, build_optimizer
from ppocr.registry import OPTIMIZERS

START = np.array([1.0, -2.0, 3.0], "float32")
GRADS = [np.array(g, "float32") for g in ([0.1, -0.2, 0.3], [0.5, 0.4, -0.1], [-0.3, 0.2, 0.2], [0.2, 0.1, 0.4])]


class Vectors(paddle.nn.Layer):
    """Vectors ``a`` and ``b`` and a 1 x 3 matrix ``m``, all starting at START."""

    def __init__(self, **attributes):
        super().__init__()
        for name, shape in (("a", [3]), ("b", [3]), ("m", [1, 3])):
            initial = paddle.nn.initializer.Assign(START.reshape(shape))
            attr = paddle.ParamAttr(initializer=initial, **attributes.get(name, {}))
            setattr(self, name, self.create_parameter(shape, attr=attr))

    def value(self, name):
        return getattr(self, name).numpy().reshape(-1)


def step(model, optimizer, schedule, grad):
    loss = sum((p.reshape([-1]) * paddle.to_tensor(grad)).sum() for p in model.parameters() if not p.stop_gradient)
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
    if not isinstance(schedule, float):
        schedule.step()


def train(config, model=None, grads=GRADS, epochs=2, steps=2):
    model = model or Vectors()
    optimizer, schedule = build_optimizer(config, epochs, steps, model)
    for grad in grads:
        step(model, optimizer, schedule, grad)
    return model


def section(name="Momentum", rate=0.1, **keys):
    keys = {"momentum": 0.0, **keys} if name == "Momentum" else keys
    return {"name": name, "lr": {"learning_rate": rate}, **keys}


def adam(start, grads, rate=0.1, beta1=0.9, beta2=0.999, epsilon=1e-8, decoupled=0.0):
    weight, m, v = start.astype("float64"), 0.0, 0.0
    for t, g in enumerate(grads, 1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        weight = weight * (1 - rate * decoupled)
        weight = weight - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return weight


def test_momentum():
    weight, velocity = START, 0.0
    for grad in GRADS:
        velocity = 0.9 * velocity + grad
        weight = weight - 0.1 * velocity
    np.testing.assert_allclose(train(section(momentum=0.9)).value("a"), weight, rtol=1e-5)


def test_nesterov_momentum():
    weight, velocity = START, 0.0
    for grad in GRADS:
        velocity = 0.9 * velocity + grad
        weight = weight - 0.1 * (grad + 0.9 * velocity)
    np.testing.assert_allclose(train(section(momentum=0.9, use_nesterov=True)).value("a"), weight, rtol=1e-5)


def test_adam():
    found = train(section("Adam", beta1=0.5, beta2=0.9, epsilon="1e-4"))
    np.testing.assert_allclose(found.value("a"), adam(START, GRADS, 0.1, 0.5, 0.9, 1e-4), rtol=1e-3)
    np.testing.assert_allclose(train(section("Adam")).value("a"), adam(START, GRADS), rtol=1e-5)


def test_adamw():
    np.testing.assert_allclose(train(section("AdamW")).value("a"), adam(START, GRADS, decoupled=0.01), rtol=1e-5)
    for keys in ({"weight_decay": 0.5}, {"regularizer": {"name": "L2", "factor": 0.5}}):
        found = train(section("AdamW", **keys)).value("a")
        np.testing.assert_allclose(found, adam(START, GRADS, decoupled=0.5), rtol=1e-5)
    np.testing.assert_allclose(train(section("AdamW", weight_decay=0)).value("a"), adam(START, GRADS), rtol=1e-5)


def test_adamw_spares_named_and_one_dimensional_parameters():
    decayed, spared = adam(START, GRADS, decoupled=0.5), adam(START, GRADS)
    found = train(section("AdamW", weight_decay=0.5, no_weight_decay_name="zz a"))
    np.testing.assert_allclose(found.value("a"), spared, rtol=1e-5)
    np.testing.assert_allclose(found.value("b"), decayed, rtol=1e-5)
    found = train(section("AdamW", weight_decay=0.5, one_dim_param_no_weight_decay=True))
    np.testing.assert_allclose(found.value("b"), spared, rtol=1e-5)
    np.testing.assert_allclose(found.value("m"), decayed, rtol=1e-5)


def test_rmsprop():
    weight, square, move = START, 0.0, 0.0
    for grad in GRADS:
        square = 0.9 * square + 0.1 * grad * grad
        move = 0.5 * move + 0.1 * grad / np.sqrt(square + 1e-3)
        weight = weight - move
    found = train(section("RMSProp", rho=0.9, momentum=0.5, epsilon=1e-3))
    np.testing.assert_allclose(found.value("a"), weight, rtol=1e-5)


def test_adadelta():
    weight, square, moves = START, 0.0, 0.0
    for grad in GRADS:
        square = 0.8 * square + 0.2 * grad * grad
        move = np.sqrt((moves + 1e-3) / (square + 1e-3)) * grad
        moves = 0.8 * moves + 0.2 * move * move
        weight = weight - 0.1 * move
    np.testing.assert_allclose(train(section("Adadelta", rho=0.8, epsilon=1e-3)).value("a"), weight, rtol=1e-5)


def test_every_optimizer_is_tested():
    assert OPTIMIZERS.names() == ["Adadelta", "Adam", "AdamW", "Momentum", "RMSProp"]


def test_schedule_drives_the_optimizer():
    config = {**section(), "lr": {"name": "Piecewise", "decay_epochs": [1], "values": [0.1, 0.01]}}
    expected = START - 0.1 * (GRADS[0] + GRADS[1]) - 0.01 * (GRADS[2] + GRADS[3])
    np.testing.assert_allclose(train(config).value("a"), expected, rtol=1e-5)


def test_clipping_per_tensor_and_over_all():
    norm = np.linalg.norm(GRADS[0])
    found = train(section(clip_norm="0.2"), grads=GRADS[:1]).value("a")
    np.testing.assert_allclose(found, START - 0.1 * GRADS[0] * 0.2 / norm, rtol=1e-5)
    found = train(section(clip_norm_global=0.2), grads=GRADS[:1]).value("a")
    np.testing.assert_allclose(found, START - 0.1 * GRADS[0] * 0.2 / (norm * np.sqrt(3)), rtol=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
@pytest.mark.parametrize("key, tensors", [("clip_norm", 1), ("clip_norm_global", 3)])
def test_every_optimizer_clips(name, key, tensors):
    """An update with clipping is the one of gradients that were scaled before."""
    config = section(name, **({"epsilon": 0.1} if name == "Adadelta" else {}))
    scaled = [grad * min(1, 0.4 / (np.linalg.norm(grad) * np.sqrt(tensors))) for grad in GRADS]
    found, expected = train({**config, key: 0.4}).value("a"), train(config, grads=scaled).value("a")
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.abs(train(config).value("a") - expected).max() > 1e-4


def test_frozen_parameters_are_left_out():
    model = Vectors(a={"trainable": False})
    optimizer, _ = build_optimizer(section("AdamW"), 2, 2, model)
    assert [p.name for p in optimizer._parameter_list] == [model.b.name, model.m.name]
    train(section("AdamW"), model)
    np.testing.assert_array_equal(model.value("a"), START)
    for name in "bm":
        getattr(model, name).trainable = False
    with pytest.raises(ConfigError, match="nothing to train"):
        build_optimizer(section(), 2, 2, model)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_parameters_keep_their_own_rate_and_regularizer(name):
    own = paddle.regularizer.L2Decay(0.5)
    keys = {"Momentum": {"momentum": 0.0}, "Adadelta": {"epsilon": 0.1}}.get(name, {})
    config = {"name": name, "lr": {"learning_rate": 0.1}, **keys}
    model = train(config, Vectors(a={"learning_rate": 0.5}, b={"regularizer": own}), GRADS[:1])
    plain = train(config, grads=GRADS[:1]).value("a") - START
    np.testing.assert_allclose(model.value("a") - START, plain / 2, rtol=1e-3)
    pulled = train(config, Vectors(), [GRADS[0] + 0.5 * START]).value("b")
    np.testing.assert_allclose(model.value("b"), pulled, rtol=1e-5)


def test_a_second_optimizer_scales_rates_once():
    model = Vectors(a={"learning_rate": 0.5})
    for _ in range(2):
        build_optimizer(section(), 2, 2, model)
    assert model.a.optimize_attr["learning_rate"] == 0.5


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_resuming_is_exact(name):
    regularizer = {"name": "L2", "factor": 0.1}
    if name != "AdamW":
        regularizer = {"name": "CosineL2", "factor": 0.3, "end_factor": 0.1}
    config = section(name, regularizer=regularizer, clip_norm_global=0.5)
    config["lr"] = {"name": "Cosine", "learning_rate": 0.1, "warmup_epoch": 1}
    whole = train(config).value("m")
    with paddle.utils.unique_name.guard():
        model = Vectors()
        optimizer, schedule = build_optimizer(config, 2, 2, model)
        for grad in GRADS[:2]:
            step(model, optimizer, schedule, grad)
        weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    with paddle.utils.unique_name.guard():
        model = Vectors()
        model.set_state_dict(weights)
        optimizer, schedule = build_optimizer(config, 2, 2, model)
        optimizer.set_state_dict(state)
        assert schedule.last_epoch == 2 and optimizer.get_lr() == 0.1
        for grad in GRADS[2:]:
            step(model, optimizer, schedule, grad)
    np.testing.assert_array_equal(model.value("m"), whole)


def test_config_is_not_changed():
    config = section("AdamW", regularizer={"name": "L2", "factor": 0.1}, clip_norm=1.0, weight_decay=None)
    before = copy.deepcopy(config)
    build_optimizer(config, 2, 2, Vectors())
    assert config == before


@pytest.mark.parametrize(
    "config, message",
    [
        (section("Adamm"), "did you mean 'Adam'"),
        (section("Adam", beta3=0.1), "has no key 'beta3'"),
        (section("Adam", learning_rate=0.1), "has no key 'learning_rate'"),
        ({"name": "Momentum", "lr": {"learning_rate": 0.1}}, "needs the key 'momentum'"),
        ({"name": "Adam"}, "Optimizer needs the key 'lr'"),
        (section("Adam", regularizer={"name": "L2"}, weight_decay=0.1), "'regularizer' and 'weight_decay' exclude"),
        (section("Adam", clip_norm=1, clip_norm_global=1), "'clip_norm' and 'clip_norm_global' exclude"),
        (section("Adam", clip_norm=0), "'clip_norm' must be a number above 0"),
        (section("Adam", weight_decay="much"), "'weight_decay' must be a number from 0 to 100"),
        (section("Adam", regularizer={"name": "L3", "factor": 1}), "unknown regularizer 'L3'"),
        (section("AdamW", regularizer={"name": "L1", "factor": 0.1}), "AdamW decays weights apart"),
        (section("AdamW", regularizer={"name": "CosineL2", "factor": 0.1}), "AdamW decays weights apart"),
    ],
)
def test_mistakes_are_named(config, message):
    with pytest.raises(ConfigError, match=message):
        build_optimizer(config, 2, 2, Vectors())


def test_section_keys_are_the_builders_own():
    values = {"lr", "regularizer", "weight_decay", "clip_norm", "clip_norm_global"}
    assert set(SECTION_KEYS) == values | {"freeze", "param_groups", "layer_decay"}


def test_a_global_norm_is_summed_in_float32_whatever_the_type_of_the_gradients():
    optimizer, _ = build_optimizer(section(clip_norm_global=5.0), 1, 1, paddle.nn.Linear(1, 1))
    pairs = [(paddle.create_parameter([1], "float32"), paddle.ones([1]).astype("bfloat16")) for _ in range(900)]
    clipped = [gradient.astype("float32").item() for _, gradient in optimizer._grad_clip(pairs)]
    assert clipped == pytest.approx([5 / 30] * 900, rel=0.01)  # sums of ones end at 256 in bfloat16
