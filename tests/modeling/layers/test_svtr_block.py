"""The block of SVTR."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.layers.svtr_block import SVTRBlock


@pytest.mark.parametrize("norm_after", [True, False])
def test_where_a_block_normalises(norm_after):
    block = SVTRBlock(4, paddle.nn.Identity(), norm_after=norm_after)
    block.mlp.fc2.weight.set_value(paddle.zeros([16, 4]))
    x = np.random.default_rng(0).normal(size=(1, 3, 4)).astype("float32")

    def normal(v):
        return (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + 1e-6)

    expected = normal(normal(2 * x)) if norm_after else x + normal(x)
    np.testing.assert_allclose(block(paddle.to_tensor(x)).numpy(), expected, rtol=1e-4, atol=1e-5)
