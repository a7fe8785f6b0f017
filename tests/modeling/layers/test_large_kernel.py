"""Depthwise convolutions with a large kernel."""

import numpy as np
import paddle

from ppocr.modeling.layers.large_kernel import DilatedRepConv, LargeSeparableConv


def test_dilated_branches_reach_as_far_as_the_large_kernel():
    layer = DilatedRepConv(1, 7)
    for tensor in layer.state_dict().values():
        if len(tensor.shape) == 4:
            tensor.set_value(paddle.ones_like(tensor))
    for norm in (layer.origin_bn, layer.dil_bn_k5_1, layer.dil_bn_k3_2, layer.dil_bn_k3_3):
        norm._epsilon = 0.0
    layer.eval()
    point = paddle.zeros([1, 1, 9, 9])
    point[0, 0, 4, 4] = 1.0
    middle = layer(point).numpy()[0, 0, 4]
    # 7 wide; 5 wide; 3 wide with dilation 2 and 3
    np.testing.assert_allclose(middle, [0, 2, 3, 2, 4, 2, 3, 2, 0], rtol=1e-5)


def test_large_separable_convolution_changes_the_channels():
    layer = LargeSeparableConv(4, 2, 9)
    assert layer(paddle.rand([1, 4, 5, 6])).shape == [1, 2, 5, 6]
    assert layer.pw.bias is None
