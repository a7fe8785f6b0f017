"""Feature pyramids."""

import numpy as np
import paddle

from ppocr.modeling.layers.pyramid import top_down, upsample_levels


def test_top_down_adds_the_enlarged_level_above():
    levels = top_down([paddle.zeros([1, 1, 2, 4]), paddle.to_tensor([[[[1.0, 2.0]]]])])
    np.testing.assert_array_equal(levels[0].numpy()[0, 0], [[1, 1, 2, 2]] * 2)
    np.testing.assert_array_equal(levels[1].numpy()[0, 0], [[1, 2]])


def test_levels_are_enlarged_to_the_first_and_turned_round():
    big, small = paddle.rand([1, 1, 2, 2]), paddle.to_tensor([[[[3.0]]]])
    first, second = upsample_levels([big, small])
    np.testing.assert_array_equal(first.numpy(), np.full([1, 1, 2, 2], 3.0))
    np.testing.assert_array_equal(second.numpy(), big.numpy())
