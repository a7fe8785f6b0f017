"""Convolutions that train as several branches."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.rep_conv import LearnableAffine, RepConv, RepDepthwise


def test_affine_scales_then_shifts_and_learns_slowly():
    layer = LearnableAffine(rate=0.1)
    layer.scale.set_value(paddle.to_tensor([3.0]))
    layer.bias.set_value(paddle.to_tensor([-1.0]))
    np.testing.assert_allclose(layer(paddle.to_tensor([2.0, 0.0])).numpy(), [5.0, -1.0])
    before = layer.bias.item()
    optimizer = paddle.optimizer.SGD(1.0, parameters=layer.parameters())
    layer(paddle.zeros([1])).sum().backward()
    optimizer.step()
    assert layer.bias.item() == pytest.approx(before - 0.1)


@pytest.mark.parametrize("stride, activated", [(1, True), (2, False), ((2, 1), True)])
def test_rep_conv_adds_its_branches_and_skips_the_activation_at_stride_2(stride, activated, fill, without_epsilon):
    layer = without_epsilon(fill(RepConv(1, 1, 3, stride, branches=2), 1.0))
    x = paddle.full([1, 1, 3, 3], 0.25)
    total = 2 * 9 * 0.25 + 0.25 + (0.25 if stride == 1 else 0)  # two 3x3, the 1x1, the input
    expected = total * min(total + 3, 6) / 6 if activated else total
    out = layer(x).numpy()
    centre = out[0, 0, 1, 1] if stride == 1 else layer(paddle.full([1, 1, 5, 5], 0.25)).numpy()[0, 0, 1, 1]
    assert centre == pytest.approx(expected, rel=1e-5)
    assert (layer.identity is None) == (stride != 1)


def test_rep_depthwise_adds_both_convolutions_and_the_input(fill, without_epsilon):
    layer = without_epsilon(fill(RepDepthwise(2, ConvNormAct(2, 2, 3, groups=2), bias=False), 0.5))
    out = layer(paddle.ones([1, 2, 3, 3])).numpy()
    np.testing.assert_allclose(out[0, :, 1, 1], [9 * 0.5 + 0.5 + 1] * 2, rtol=1e-5)
