"""Squeeze-and-excitation."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.layers.squeeze_excite import SqueezeExcite


@pytest.mark.parametrize("slope, expected", [(1 / 6, [0.75, 1 / 3]), (0.2, [0.8, 0.3])])
def test_gate_of_squeeze_and_excitation(slope, expected):
    layer = SqueezeExcite(4, width=2, slope=slope)
    layer.conv2.weight.set_value(paddle.zeros([4, 2, 1, 1]))
    layer.conv2.bias.set_value(paddle.to_tensor([1.5, -1.0, 9.0, -9.0]))
    x = paddle.full([1, 4, 2, 2], 2.0)
    np.testing.assert_allclose(layer.gate(x).numpy().ravel(), [*expected, 1.0, 0.0], rtol=1e-5)
    np.testing.assert_allclose(layer(x).numpy()[0, :, 0, 0], 2 * np.array([*expected, 1.0, 0.0]), rtol=1e-5)
