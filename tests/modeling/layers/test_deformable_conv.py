"""Deformable convolution."""

import numpy as np
import paddle

from ppocr.modeling.layers.deformable_conv import ModulatedDeformConv


def test_deformable_convolution_starts_as_half_a_plain_one():
    layer = ModulatedDeformConv(2, 4, stride=2)
    x = paddle.to_tensor(np.random.default_rng(0).normal(size=(1, 2, 7, 7)).astype("float32"))
    plain = paddle.nn.functional.conv2d(x, layer.conv_dcn.weight, stride=2, padding=1)
    np.testing.assert_allclose(layer(x).numpy(), plain.numpy() / 2, atol=1e-5)
