"""Context along rows and columns in a pyramid of maps."""

import numpy as np
import paddle

from ppocr.modeling.necks.det_lk_pan import IntraContext


def test_intra_context_is_added():
    layer = IntraContext(4)
    x = paddle.rand([2, 4, 5, 6])
    layer.bn.weight.set_value(paddle.zeros([4]))
    layer.bn.bias.set_value(paddle.to_tensor([-1.0, 0.0, 2.0, 3.0]))
    expected = x.numpy() + np.array([0.0, 0.0, 2.0, 3.0]).reshape(1, 4, 1, 1)
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-5)


def test_intra_context_reaches_three_kernels_far(pass_through):
    layer = pass_through(IntraContext(2))
    x = paddle.zeros([1, 2, 3, 3])
    x[0, 0, 1, 1] = 1.0
    # three rounds of three convolutions that pass their input through
    np.testing.assert_allclose(layer(x).numpy()[0, 0, 1, 1], 1 + 3**3, rtol=1e-5)
