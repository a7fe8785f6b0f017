"""Stems of backbones."""

import numpy as np
import paddle
import paddle.nn.functional as F

from ppocr.modeling.layers.stem import TwoPathStem


def test_stem_joins_the_maximum_and_the_convolutions(fill, without_epsilon):
    stem = without_epsilon(fill(TwoPathStem(1, (2, 3), last_stride=1), 1.0))
    x = paddle.zeros([1, 1, 8, 8])
    x[0, 0, 4, 4] = 1.0
    first = F.conv2d(x, paddle.ones([1, 1, 3, 3]), stride=2, padding=1).numpy()[0, 0]
    padded = np.pad(first, ((0, 1), (0, 1)))
    windows = np.stack([padded[:-1, :-1], padded[1:, :-1], padded[:-1, 1:], padded[1:, 1:]])
    small = 2 * windows.sum(axis=0)  # two channels into one
    small = np.pad(small, ((0, 1), (0, 1)))
    small = small[:-1, :-1] + small[1:, :-1] + small[:-1, 1:] + small[1:, 1:]
    both = np.pad(2 * windows.max(axis=0) + 2 * small, 1)
    third = sum(both[i : i + 4, j : j + 4] for i in range(3) for j in range(3))
    np.testing.assert_allclose(stem(x).numpy(), np.broadcast_to(2 * third, [1, 3, 4, 4]), rtol=1e-5)
