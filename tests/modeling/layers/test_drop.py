"""Stochastic depth."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.layers.drop import DropPath, drop_path_rates


def test_drop_path():
    paddle.seed(0)
    x = paddle.ones([1000, 1, 1])
    layer = DropPath(0.25)
    kept = layer(x).numpy().ravel()
    np.testing.assert_allclose(np.unique(kept), [0.0, 4 / 3], rtol=1e-6)
    assert 0.7 < (kept > 0).mean() < 0.8
    layer.eval()
    np.testing.assert_array_equal(layer(x).numpy(), x.numpy())


def test_rates_grow_evenly():
    assert drop_path_rates(0.4, [2, 3]) == [[0.0, pytest.approx(0.1)], pytest.approx([0.2, 0.3, 0.4])]
