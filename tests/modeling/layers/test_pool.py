"""Pooling of text lines."""

import numpy as np
import paddle

from ppocr.modeling.layers.pool import pool_text_line


def test_text_lines_are_pooled_to_40_columns_in_training():
    x = paddle.to_tensor(np.arange(3 * 8, dtype="float32").reshape(1, 1, 3, 8))
    np.testing.assert_allclose(pool_text_line(x, False).numpy(), [[[[8.5, 10.5, 12.5, 14.5]]]])
    assert pool_text_line(x, True).shape == [1, 1, 1, 40]
    np.testing.assert_allclose(pool_text_line(x, True).numpy()[0, 0, 0, ::5], np.arange(8.0, 16.0))
