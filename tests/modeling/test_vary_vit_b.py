"""The encoder of Segment Anything for formulas: attention by content and distance, against loops over places."""

import numpy as np
import paddle

from ppocr.modeling.backbones.vary_vit_b import PlaceAttention, VaryBlock


def attended(layer, x):
    """Attention with one head, place by place."""
    side, width = x.shape[1], x.shape[3]
    flat = x.reshape([-1, width])
    query, key, value = np.split(layer.qkv(flat).numpy(), 3, axis=1)
    rows, columns = layer.rel_pos_h.numpy(), layer.rel_pos_w.numpy()
    result = np.zeros_like(value)
    for i in range(side * side):
        scores = [
            query[i] @ key[j] / width**0.5
            + query[i] @ rows[i // side - j // side + side - 1]
            + query[i] @ columns[i % side - j % side + side - 1]
            for j in range(side * side)
        ]
        weights = np.exp(scores - np.max(scores))
        result[i] = weights @ value / weights.sum()
    return layer.proj(paddle.to_tensor(result)).reshape([1, side, side, width]).numpy()


@paddle.no_grad()
def test_attention_knows_the_distance_along_both_axes():
    paddle.seed(0)
    layer = PlaceAttention(6, 1, 3)
    for table in (layer.rel_pos_h, layer.rel_pos_w):
        table.set_value(paddle.randn(table.shape))
    x = paddle.randn([1, 3, 3, 6])
    np.testing.assert_allclose(layer(x).numpy(), attended(layer, x), atol=1e-5)


@paddle.no_grad()
def test_a_window_does_not_see_the_next_one():
    paddle.seed(0)
    block = VaryBlock(4, 1, side=3, window=2)
    x = paddle.randn([1, 3, 3, 4])
    other = x.clone()
    other[:, 2, 2] = 9.0
    changed = (block(x) != block(other)).any(axis=3).numpy()[0]
    assert changed.tolist() == [[False] * 3, [False] * 3, [False, False, True]]
