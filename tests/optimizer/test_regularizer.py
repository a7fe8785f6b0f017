"""Regularizers: what they add to a gradient."""

import math

import numpy as np
import paddle
import pytest

from ppocr.optimizer import build_optimizer
from ppocr.optimizer.lr_scheduler import Schedule
from ppocr.optimizer.regularizer import CosineL2Decay
from ppocr.registry import REGULARIZERS

START = np.array([[2.0], [-4.0]], "float32")
ZERO = np.zeros_like(START)


def train_without_gradient(regularizer, count, rate=0.5, **keys):
    """Plain gradient descent on a gradient of zeros: only the regularizer moves the weights."""
    model = paddle.nn.Linear(2, 1, bias_attr=False)
    model.weight.set_value(paddle.to_tensor(START))
    config = {"name": "Momentum", "momentum": 0.0, "lr": {"learning_rate": rate, **keys}, "regularizer": regularizer}
    optimizer, schedule = build_optimizer(config, 4, 3, model)
    for _ in range(count):
        (model.weight * 0.0).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        if not isinstance(schedule, float):
            schedule.step()
    return model.weight.numpy(), schedule


def wave(t):
    """0.4 in the first epoch (3 steps), then down to 0.1 in the 9 steps that are left."""
    return 0.4 if t < 3 else 0.1 + 0.15 * (1 + math.cos(math.pi * min(t - 3, 9) / 9))


@pytest.mark.parametrize("name", ["L1", "L1Decay"])
def test_l1(name):
    weight, schedule = train_without_gradient({"name": name, "factor": 0.1}, 2)
    np.testing.assert_allclose(weight, START - 2 * 0.5 * 0.1 * np.sign(START), rtol=1e-6)
    assert schedule == 0.5


@pytest.mark.parametrize("name", ["L2", "L2Decay"])
def test_l2(name):
    weight, _ = train_without_gradient({"name": name, "factor": "1e-1"}, 2)
    np.testing.assert_allclose(weight, START * (1 - 0.5 * 0.1) ** 2, rtol=1e-6)
    factor = REGULARIZERS.build({"name": name, "factor": 1})
    assert isinstance(factor, float) and factor == 1.0


@pytest.mark.parametrize("name", ["CosineL2", "CosineL2Decay"])
def test_cosine_l2_follows_a_constant_rate_that_counts(name):
    config = {"name": name, "factor": 0.4, "end_factor": 0.1, "warmup_epoch": 1}
    weight, schedule = train_without_gradient(config, 14)
    np.testing.assert_allclose(weight, START * np.prod([1 - 0.5 * wave(t) for t in range(14)]), rtol=1e-5)
    assert isinstance(schedule, Schedule)
    assert schedule.state_dict() == {"last_epoch": 14, "last_lr": 0.5}


def test_cosine_l2_follows_a_schedule():
    config = {"name": "CosineL2", "factor": 0.4, "end_factor": 0.1, "warmup_epoch": 1}
    weight, schedule = train_without_gradient(config, 8, warmup_epoch=2)
    rate = [0.5 * min(t / 6, 1) for t in range(8)]
    np.testing.assert_allclose(weight, START * np.prod([1 - rate[t] * wave(t) for t in range(8)]), rtol=1e-5)
    assert schedule.last_epoch == 8


def test_cosine_l2_coefficient():
    decay = CosineL2Decay(4, 3, 0.4, 0.1, 1)
    assert [decay.coefficient(t) for t in range(14)] == pytest.approx([wave(t) for t in range(14)])
    assert str(decay) == "CosineL2Decay, 0.4 to 0.1"
    assert CosineL2Decay(4, 3, 0.4).coefficient(12) == pytest.approx(0)


def test_every_regularizer_is_tested():
    assert REGULARIZERS.names() == ["CosineL2", "CosineL2Decay", "L1", "L1Decay", "L2", "L2Decay"]
