"""Maps as tokens."""

import numpy as np
import paddle

from ppocr.modeling.layers.tokens import to_map, to_tokens


def test_map_and_tokens_are_inverse():
    x = paddle.arange(24, dtype="float32").reshape([1, 2, 3, 4])
    np.testing.assert_array_equal(to_map(to_tokens(x), 3).numpy(), x.numpy())
    assert to_tokens(x)[0, 5].tolist() == [5.0, 17.0]
