"""Freezing, groups of parameters and layer-wise rates of the ``Optimizer`` section, on a small model."""

import copy

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.errors import ConfigError
from ppocr.optimizer import build_optimizer
from ppocr.optimizer.param_groups import layer_factors
from ppocr.optimizer.selection import freeze_parameters, matching, weights
from ppocr.optimizer.table import parameter_table
from ppocr.registry import OPTIMIZERS

RATE = 0.1
KEYS = {"Momentum": {"momentum": 0.0}, "Adadelta": {"epsilon": 0.1}}


class Backbone(nn.Layer):
    """A vector of its own, a convolution, a pooling and a list of two linear layers."""

    def __init__(self):
        super().__init__()
        self.position = self.create_parameter([3])
        self.stem = nn.Sequential(("conv", nn.Conv2D(3, 4, 1)), ("norm", nn.BatchNorm2D(4)))
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.blocks = nn.LayerList([nn.Linear(4, 4), nn.Linear(4, 4)])

    def forward(self, x):
        x = self.pool(self.stem(x + self.position.reshape([1, 3, 1, 1]))).flatten(1)
        for block in self.blocks:
            x = block(x)
        return x


class Small(nn.Layer):
    """Backbone, neck and head."""

    def __init__(self, **head_attributes):
        super().__init__()
        paddle.seed(7)
        self.transform = None
        self.backbone = Backbone()
        self.neck = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2, weight_attr=paddle.ParamAttr(**head_attributes))

    def forward(self, x):
        return self.head(self.neck(self.backbone(x)))


def section(name="Momentum", **keys):
    return {"name": name, "lr": {"learning_rate": RATE}, **KEYS.get(name, {}), **keys}


def values(model):
    return {name: param.numpy().copy() for name, param in weights(model).items()}


def rates(model):
    return {name: param.optimize_attr["learning_rate"] for name, param in weights(model).items()}


def pull(model, optimizer):
    """One step with the gradient 1 everywhere."""
    sum(param.sum() for param in weights(model).values() if not param.stop_gradient).backward()
    optimizer.step()
    optimizer.clear_grad()


def adam_move(value, decoupled=0.0, penalty=0.0, epsilon=1e-8):
    """The value after the first step of Adam with the gradient 1 + penalty * value."""
    grad = 1 + penalty * value
    return value * (1 - RATE * decoupled) - RATE * grad / (np.abs(grad) + epsilon)


def test_patterns_find_names_in_their_order():
    names = ["backbone.conv.weight", "backbone.conv.bias", "head.weight"]
    assert matching("backbone.*", names, "x") == names[:2]
    assert matching(["head.*", "*.bias"], names, "x") == names[1:]
    assert matching([], names, "x") == []
    for pattern, message in (
        ("bakcbone.*", r"x: no parameter of the model matches 'bakcbone\.\*' \(did you mean 'backbone\.\*'\?\)"),
        ("head", r"did you mean 'head\.\*'"),
        ("backbone.cnov.*", r"did you mean 'backbone\.conv\.\*'"),
        ("Head.*", r"did you mean 'head\.\*'"),
        ("zzz", "their names begin with backbone, head"),
        (3, "must be a string, not 3"),
    ):
        with pytest.raises(ConfigError, match=message):
            matching([pattern], names, "x")


def test_running_statistics_are_no_weights():
    model = Small()
    assert [name for name in weights(model) if name.startswith("backbone.stem.norm")] == [
        "backbone.stem.norm.weight",
        "backbone.stem.norm.bias",
    ]
    with pytest.raises(ConfigError, match="no parameter of the model matches"):
        freeze_parameters(model, ["*._mean"])


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_frozen_parameters_stay_bit_for_bit(name):
    model = Small()
    config = section(name, freeze=["backbone.*", "head.bias"], weight_decay=0.1, clip_norm_global=1.0)
    optimizer, _ = build_optimizer(config, 1, 3, model)
    before = values(model)
    images = paddle.to_tensor(np.random.default_rng(0).normal(size=(2, 3, 4, 4)).astype("float32"))
    for _ in range(3):
        (model(images) ** 2).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
    changed = {key for key, value in values(model).items() if not np.array_equal(value, before[key])}
    assert changed == {"neck.weight", "neck.bias", "head.weight"}
    assert all(p.stop_gradient != (key in changed) for key, p in weights(model).items())


def test_freezing_everything_leaves_nothing_to_train():
    with pytest.raises(ConfigError, match="nothing to train"):
        build_optimizer(section(freeze="*"), 1, 1, Small())


def test_a_mistake_freezes_nothing():
    model = Small()
    with pytest.raises(ConfigError, match=r"Optimizer.freeze: .* matches 'hed\.\*' \(did you mean 'head\.\*'"):
        build_optimizer(section(freeze=["backbone.*", "hed.*"]), 1, 1, model)
    assert not any(param.stop_gradient for param in weights(model).values())


def test_groups_scale_rates_once_and_the_first_that_fits_counts():
    model = Small(learning_rate=0.5)
    groups = [{"match": "*.bias"}, {"match": ["head.*", "neck.*"], "lr_mult": "10"}, {"match": "head.*", "lr_mult": 3}]
    for _ in range(2):
        optimizer, _ = build_optimizer(section(param_groups=groups), 1, 1, model)
    found = rates(model)
    assert {name: rate for name, rate in found.items() if rate != 1.0} == {"neck.weight": 10.0, "head.weight": 5.0}
    before = values(model)
    pull(model, optimizer)
    for name, value in values(model).items():
        np.testing.assert_allclose(value, before[name] - RATE * found[name], rtol=1e-5, atol=1e-6)
    build_optimizer(section(), 1, 1, model)
    assert rates(model)["neck.weight"] == 1.0 and rates(model)["head.weight"] == 0.5


def test_all_parameters_may_be_in_a_slow_group():
    model = Small()
    build_optimizer(section(param_groups=[{"match": "*", "lr_mult": 0.1}]), 1, 1, model)
    assert set(rates(model).values()) == {0.1}


@pytest.mark.parametrize("name", ["Momentum", "AdamW"])
def test_clipping_stays_over_all_groups(name):
    model = Small()
    groups = [{"match": "head.*", "lr_mult": 10, "weight_decay": 0.0}, {"match": "neck.*", "weight_decay": 0.5}]
    config = section(name, param_groups=groups, weight_decay=0.0, clip_norm_global=1.0)
    if name == "AdamW":
        config.update(beta1=0.0, beta2=0.0, epsilon=1.0, weight_decay=0.2)
    optimizer, _ = build_optimizer(config, 1, 1, model)
    before = values(model)
    grad = 1 / np.sqrt(sum(value.size for value in before.values()))
    pull(model, optimizer)
    move = grad / (grad + 1) if name == "AdamW" else grad
    np.testing.assert_allclose(model.head.weight.numpy(), before["head.weight"] - 10 * RATE * move, rtol=1e-4)


def test_decay_of_groups_with_momentum():
    model = Small(regularizer=paddle.regularizer.L2Decay(0.9))
    groups = [{"match": "head.*", "weight_decay": 0}, {"match": "neck.*", "weight_decay": "0.5", "lr_mult": 2}]
    for _ in range(2):
        optimizer, _ = build_optimizer(section(param_groups=groups, weight_decay=0.25), 1, 1, model)
    before = values(model)
    pull(model, optimizer)
    for name, value in values(model).items():
        decay, rate = {"head": (0.0, RATE), "neck": (0.5, 2 * RATE)}.get(name.split(".")[0], (0.25, RATE))
        expected = before[name] - rate * (1 + decay * before[name])
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6, err_msg=name)
    build_optimizer(section(weight_decay=0.25), 1, 1, model)
    assert model.neck.weight.regularizer is None
    before = model.head.weight.numpy()
    pull(model, build_optimizer(section(weight_decay=0.25), 1, 1, model)[0])
    np.testing.assert_allclose(model.head.weight.numpy(), before - RATE * (1 + 0.9 * before), rtol=1e-4)


def test_decay_of_groups_with_adam():
    model = Small()
    # An epsilon that is not small lets the first step depend on the size of the gradient.
    groups = [{"match": "head.*", "weight_decay": 0}, {"match": "neck.*", "weight_decay": 0.5}]
    config = section("Adam", param_groups=groups, regularizer={"name": "L2", "factor": 0.25}, epsilon=1.0)
    config.update(beta1=0.0, beta2=0.0)
    optimizer, _ = build_optimizer(config, 1, 1, model)
    before = values(model)
    pull(model, optimizer)
    for name, value in values(model).items():
        penalty = {"head": 0.0, "neck": 0.5}.get(name.split(".")[0], 0.25)
        expected = adam_move(before[name], penalty=penalty, epsilon=1.0)
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("neck, kind", [(0.5, "DecayingAdamW"), (0.25, "AdamW")])
def test_decay_of_groups_with_adamw(neck, kind):
    model = Small(regularizer=paddle.regularizer.L2Decay(5.0))
    groups = [{"match": "head.*", "weight_decay": 0}, {"match": "neck.*", "weight_decay": neck}]
    config = section("AdamW", param_groups=groups, weight_decay=0.25, no_weight_decay_name="blocks.0 neck.bias")
    config.update(beta1=0.0, beta2=0.0, epsilon=1.0)
    optimizer, _ = build_optimizer(config, 1, 2, model)
    assert type(optimizer).__name__ == kind
    expected = values(model)
    for _ in range(2):
        pull(model, optimizer)
        for name, value in expected.items():
            decay = {"head": 0.0, "neck": neck}.get(name.split(".")[0], 0.25)
            decay = 0.0 if "blocks.0" in name or name == "neck.bias" else decay
            expected[name] = adam_move(value, decoupled=decay, epsilon=1.0)
    for name, value in values(model).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_rates_and_decays_of_adamw_go_together():
    model = Small()
    groups = [{"match": "head.*", "lr_mult": 10, "weight_decay": 0.05}]
    optimizer, _ = build_optimizer(section("AdamW", param_groups=groups, weight_decay=0.5), 1, 1, model)
    before = model.head.weight.numpy()
    pull(model, optimizer)
    expected = before * (1 - 10 * RATE * 0.05) - 10 * RATE
    np.testing.assert_allclose(model.head.weight.numpy(), expected, rtol=1e-5)


def test_a_second_adamw_without_groups_has_no_decay_of_theirs():
    model = Small(regularizer=paddle.regularizer.L2Decay(0.9))
    build_optimizer(section("AdamW", param_groups=[{"match": "head.*", "weight_decay": 0.05}]), 1, 1, model)
    assert model.head.weight.regularizer is None
    optimizer, _ = build_optimizer(section("AdamW", weight_decay=0.5), 1, 1, model)
    assert parameter_table(model, optimizer)[-1].endswith("decay 0.5")
    assert model.head.weight.regularizer is not None
    model.head.bias.set_value(np.array([1.0, -2.0], "float32"))
    pull(model, optimizer)
    np.testing.assert_allclose(model.head.bias.numpy(), [0.95 - RATE, -1.9 - RATE], rtol=1e-5)


@pytest.mark.parametrize(
    "group, message",
    [
        (
            {"match": "hed.*"},
            r"param_groups\[0\]: no parameter of the model matches 'hed\.\*' \(did you mean 'head\.\*'",
        ),
        ({"match": ["head.*", "zzz"]}, r"param_groups\[0\]: .* 'zzz'; their names begin with backbone, neck, head"),
        ({"lr_mult": 2}, "needs the key 'match'"),
        ({"match": "head.*", "lr_mul": 2}, "has no key 'lr_mul' .did you mean 'lr_mult'"),
        ({"match": "head.*", "lr_mult": "fast"}, "'lr_mult' must be a number above 0, .*, not 'fast'"),
        ({"match": "head.*", "lr_mult": 0}, "'lr_mult' must be a number above 0, .*, not 0"),
        ({"match": "head.*", "weight_decay": -1}, "'weight_decay' must be a number from 0 to 100, not -1"),
        ("head.*", r"'param_groups\[0\]' must be a mapping"),
    ],
)
def test_mistakes_in_a_group_are_named(group, message):
    with pytest.raises(ConfigError, match=message):
        build_optimizer(section(param_groups=[group]), 1, 1, Small())


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"param_groups": {"match": "*"}}, "'param_groups' must be a list"),
        ({"freeze": 3}, "'freeze' must be a list"),
        ({"layer_decay": "much"}, "'layer_decay' must be a number above 0, up to 1, not 'much'"),
        ({"layer_decay": 1.5}, "'layer_decay' must be a number above 0, up to 1, not 1.5"),
        ({"layer_decay": 0}, "'layer_decay' must be a number above 0, up to 1, not 0"),
    ],
)
def test_mistakes_in_the_keys_are_named(keys, message):
    with pytest.raises(ConfigError, match=message):
        build_optimizer(section(**keys), 1, 1, Small())


def test_layer_decay():
    model = Small()
    build_optimizer(section(layer_decay=0.5), 1, 1, model)
    # stem, two blocks, neck, head; the pooling has nothing to train, the vector goes with the first layer
    factors = {
        "backbone.position": 1 / 16,
        "backbone.stem": 1 / 16,
        "backbone.blocks.0": 1 / 8,
        "backbone.blocks.1": 1 / 4,
        "neck": 1 / 2,
        "head": 1.0,
    }
    for name, rate in rates(model).items():
        assert rate == next(factor for prefix, factor in factors.items() if name.startswith(prefix)), name


def test_layer_decay_groups_freezing_and_own_rates_multiply():
    model = Small(learning_rate=0.5)
    groups = [{"match": ["head.*", "backbone.blocks.*"], "lr_mult": 4}]
    config = section(layer_decay=0.5, param_groups=groups, freeze=["neck.*"])
    for _ in range(2):
        build_optimizer(config, 1, 1, model)
    found = rates(model)
    assert found["head.weight"] == 0.5 * 4 and found["head.bias"] == 4
    assert found["backbone.blocks.0.weight"] == 4 / 8 and found["backbone.stem.conv.weight"] == 1 / 16


def test_layer_decay_of_several_networks_and_of_none():
    pair = nn.Layer()
    pair.Student, pair.Teacher = Small(), Small()
    factors = layer_factors(pair, 0.5)
    assert factors["Student.head.weight"] == factors["Teacher.head.weight"] == 1.0
    assert factors["Student.backbone.stem.conv.weight"] == factors["Teacher.backbone.position"] == 1 / 16
    leaf = nn.Layer()
    leaf.backbone, leaf.head = nn.Linear(2, 2), nn.Linear(2, 2)
    assert layer_factors(leaf, 0.5) == {"backbone.weight": 0.5, "backbone.bias": 0.5, "head.weight": 1, "head.bias": 1}
    with pytest.raises(ConfigError, match="layer_decay: the model has no part 'backbone'"):
        layer_factors(nn.Sequential(nn.Linear(2, 2)), 0.5)


def test_config_is_not_changed():
    config = section(freeze=["neck.*"], param_groups=[{"match": ["head.*"], "weight_decay": "1e-4"}], layer_decay=0.5)
    before = copy.deepcopy(config)
    build_optimizer(config, 1, 1, Small())
    assert config == before


def test_the_table_has_one_line_a_block():
    model = Small()
    groups = [{"match": "head.bias", "lr_mult": 10, "weight_decay": 0}]
    config = section(freeze=["neck.*", "backbone.stem.*"], param_groups=groups, layer_decay=0.5, weight_decay=1e-4)
    optimizer, _ = build_optimizer(config, 1, 1, model)
    # backbone: 3 + (12 + 4 + 4 + 4) + 2 * 20; trained of it 43
    expected = [
        "backbone: 67 values, 64.2% trained, rate x 0.0625, 0.125, 0.25, decay 0.0001",
        "neck: 20 values, frozen",
        "head: 10 values, all trained, rate x 1, 10, decay 0, 0.0001",
    ]
    assert parameter_table(model, optimizer) == expected
    assert parameter_table(model, [p for p in model.parameters() if not p.stop_gradient]) == expected


@pytest.mark.parametrize(
    "keys, decay",
    [
        ({"name": "AdamW", "no_weight_decay_name": "bias"}, "0, 0.01"),
        ({"name": "Adam"}, "0"),
        ({"name": "Adam", "regularizer": {"name": "L1", "factor": 0.5}}, "L1Decay, coeff=0.500000"),
        ({"name": "Adam", "regularizer": {"name": "CosineL2", "factor": 0.5}}, "CosineL2Decay, 0.5 to 0"),
    ],
)
def test_the_table_names_the_decay(keys, decay):
    model = Small(learning_rate=0.5)
    optimizer, _ = build_optimizer(section(**keys), 1, 1, model)
    assert parameter_table(model, optimizer)[-1] == f"head: 10 values, all trained, rate x 0.5, 1, decay {decay}"
