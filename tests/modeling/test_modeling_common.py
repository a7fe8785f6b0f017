"""Layers that several families share."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.common import ConvBNAct, ModulatedDeformConv, make_divisible, uniform_fan_in


@pytest.mark.parametrize(
    "value, expected",
    [(1, 8), (5.6, 8), (11, 16), (12, 16), (20, 24), (25.2, 24), (50.4, 48), (84, 88), (100.8, 104)],
)
def test_make_divisible(value, expected):
    assert make_divisible(value) == expected


def test_uniform_fan_in_stays_within_its_bound():
    weight = paddle.nn.Linear(25, 40, weight_attr=uniform_fan_in(25)).weight.numpy()
    assert np.abs(weight).max() <= 0.2 < np.abs(weight).max() * 1.1


@pytest.mark.parametrize("act, expected", [(None, [-6, 1, 6]), ("relu", [0, 1, 6]), ("hardswish", [0, 4 / 6, 6])])
def test_conv_bn_act_in_evaluation(act, expected):
    layer = ConvBNAct(1, 1, 1, act=act)
    layer.conv.weight.set_value(np.full([1, 1, 1, 1], 2.0, "float32"))
    layer.bn._variance.set_value(np.full([1], 1.0 - 1e-5, "float32"))
    layer.eval()
    x = paddle.to_tensor([[[[-3.0, 0.5, 3.0]]]])
    np.testing.assert_allclose(layer(x).numpy().ravel(), expected, atol=1e-5)


def test_deformable_convolution_starts_as_half_a_plain_one():
    layer = ModulatedDeformConv(2, 4, stride=2)
    x = paddle.to_tensor(np.random.default_rng(0).normal(size=(1, 2, 7, 7)).astype("float32"))
    plain = paddle.nn.functional.conv2d(x, layer.conv_dcn.weight, stride=2, padding=1)
    np.testing.assert_allclose(layer(x).numpy(), plain.numpy() / 2, atol=1e-5)
