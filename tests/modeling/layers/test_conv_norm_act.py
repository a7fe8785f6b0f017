"""Convolution, batch normalisation, activation."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.layers.conv_norm_act import ConvNormAct


@pytest.mark.parametrize("act, expected", [(None, [-6, 1, 6]), ("relu", [0, 1, 6]), ("hardswish", [0, 4 / 6, 6])])
def test_conv_norm_act_in_evaluation(act, expected):
    layer = ConvNormAct(1, 1, 1, act=act)
    layer.conv.weight.set_value(np.full([1, 1, 1, 1], 2.0, "float32"))
    layer.bn._variance.set_value(np.full([1], 1.0 - 1e-5, "float32"))
    layer.eval()
    x = paddle.to_tensor([[[[-3.0, 0.5, 3.0]]]])
    np.testing.assert_allclose(layer(x).numpy().ravel(), expected, atol=1e-5)


@pytest.mark.parametrize("kernel_size", [1, 3, 7, (2, 3), [3, 1]])
def test_the_size_stays_with_odd_kernels_and_loses_a_pixel_with_even_ones(kernel_size):
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else kernel_size
    expected = [side - (size % 2 == 0) for side, size in zip((5, 6), sizes)]
    assert ConvNormAct(1, 2, kernel_size)(paddle.rand([1, 1, 5, 6])).shape == [1, 2, *expected]


def test_a_family_names_the_layers_and_draws_the_kernel():
    class Named(ConvNormAct):
        names = ("_conv", "_batch_norm")
        initializer = paddle.nn.initializer.KaimingUniform

    weights = Named(2, 4, 1, bias=True).state_dict()
    assert [name.split(".")[0] for name in weights] == ["_conv"] * 2 + ["_batch_norm"] * 4
    paddle.seed(1)
    drawn = Named(2, 4, 1)._conv.weight.numpy()
    paddle.seed(1)
    weight = paddle.ParamAttr(initializer=paddle.nn.initializer.KaimingUniform())
    np.testing.assert_array_equal(drawn, paddle.nn.Conv2D(2, 4, 1, weight_attr=weight).weight.numpy())
