"""Training mode with frozen batch normalisations."""

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.engine.freezing import set_training_mode
from ppocr.optimizer import build_optimizer
from ppocr.optimizer.selection import freeze_parameters

BATCH = paddle.to_tensor(np.random.default_rng(3).normal(2.0, 3.0, (4, 2, 3, 3)).astype("float32"))


def model(**norm):
    """Two blocks of convolution and normalisation and a dropout."""
    blocks = [nn.Sequential(("conv", nn.Conv2D(2, 2, 1)), ("norm", nn.BatchNorm2D(2, **norm))) for _ in range(2)]
    return nn.Sequential(("one", blocks[0]), ("two", blocks[1]), ("drop", nn.Dropout(0.5)))


def statistics(norm):
    return np.stack([norm._mean.numpy(), norm._variance.numpy()])


def test_a_frozen_normalisation_is_the_one_of_evaluation():
    net = model()
    optimizer, _ = build_optimizer(
        {"name": "Momentum", "momentum": 0.9, "lr": {"learning_rate": 0.1}, "freeze": ["one.*"]}, 1, 3, net
    )
    net.one.norm._mean.set_value(np.array([0.5, -1.0], "float32"))
    net.one.norm._variance.set_value(np.array([4.0, 0.25], "float32"))
    net.eval()
    expected = net.one(BATCH).numpy()
    before = [statistics(net.one.norm), statistics(net.two.norm)]
    set_training_mode(net)
    assert net.training and net.one.training and net.two.norm.training and net.drop.training
    assert not net.one.norm.training
    for _ in range(3):
        np.testing.assert_array_equal(net.one(BATCH).numpy(), expected)
        (net(BATCH) ** 2).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
    np.testing.assert_array_equal(statistics(net.one.norm), before[0])
    assert not np.array_equal(statistics(net.two.norm), before[1])
    hidden = net.one.conv(BATCH).numpy()
    mean, variance = (part.reshape(1, 2, 1, 1) for part in before[0])
    np.testing.assert_allclose(expected, (hidden - mean) / np.sqrt(variance + 1e-5), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "patterns, frozen",
    [([], []), (["one.norm.*"], ["one"]), (["*.norm.weight"], []), (["*.conv.*"], []), (["*"], ["one", "two"])],
)
def test_all_parameters_of_the_layer_count(patterns, frozen):
    net = model()
    freeze_parameters(net, patterns)
    set_training_mode(net)
    assert [name for name in ("one", "two") if not getattr(net, name).norm.training] == frozen


def test_without_parameters_the_layer_around_it_counts():
    net = model(weight_attr=False, bias_attr=False)
    freeze_parameters(net, ["one.conv.*", "two.conv.weight"])
    set_training_mode(net)
    assert not net.one.norm.training and net.two.norm.training
    inner = nn.Sequential(nn.Sequential(nn.BatchNorm2D(2, weight_attr=False, bias_attr=False)), nn.Conv2D(2, 2, 1))
    set_training_mode(inner)
    assert inner[0][0].training
    freeze_parameters(inner, ["*"])
    set_training_mode(inner)
    assert not inner[0][0].training


def test_nothing_but_stop_gradient_is_remembered():
    net = model()
    freeze_parameters(net, ["one.*"])
    set_training_mode(net)
    net.eval()
    set_training_mode(net)
    assert not net.one.norm.training and net.two.norm.training
    for parameter in (net.one.norm.weight, net.one.norm.bias):
        parameter.stop_gradient = False
    set_training_mode(net)
    assert net.one.norm.training


def test_layers_without_running_statistics_are_trained_on():
    net = nn.Sequential(nn.LayerNorm(3), nn.GroupNorm(1, 2), nn.Linear(3, 3))
    freeze_parameters(net, ["0.*", "1.*"])
    set_training_mode(net)
    assert all(layer.training for layer in net)


def test_a_lone_normalisation_and_one_that_wants_the_statistics_of_the_batch():
    norm = nn.BatchNorm1D(2)
    set_training_mode(norm)
    assert norm.training
    freeze_parameters(norm, ["*"])
    set_training_mode(norm)
    assert not norm.training
    teacher = nn.BatchNorm1D(2, momentum=1.0)
    freeze_parameters(teacher, ["*"])
    set_training_mode(teacher)
    before = statistics(teacher)
    found = teacher(paddle.to_tensor([[1.0, 5.0], [3.0, 1.0]])).numpy()
    np.testing.assert_allclose(found, [[-1.0, 1.0], [1.0, -1.0]], rtol=1e-4)
    np.testing.assert_array_equal(statistics(teacher), before)
