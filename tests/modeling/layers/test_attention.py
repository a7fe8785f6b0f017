"""Attention: what mixes with what."""

import numpy as np
import paddle

from ppocr.modeling.layers.attention import SelfAttention, attend, window_mask


def changed_tokens(layer, tokens, moved):
    """Returns which tokens of the result change when one token of the input does."""
    x = paddle.rand([1, tokens, 4])
    y = x.clone()
    y[0, moved] = y[0, moved] + 1.0
    return (np.abs((layer(y) - layer(x)).numpy()).max(axis=(0, 2)) > 1e-6).tolist()


def test_window_mask_of_a_2x3_map():
    inside = np.isfinite(window_mask((2, 3), (1, 3))[0, 0]).astype(int)
    assert inside.tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [0, 1, 1, 0, 0, 0],
        [0, 0, 0, 1, 1, 0],
        [0, 0, 0, 1, 1, 1],
        [0, 0, 0, 0, 1, 1],
    ]


def test_local_attention_stays_in_its_window():
    layer = SelfAttention(4, 2, window=(1, 3), grid=(2, 3))
    assert changed_tokens(layer, 6, moved=0) == [True, True, False, False, False, False]
    assert all(changed_tokens(SelfAttention(4, 2), 6, moved=0))


def test_attention_with_equal_scores_is_the_mean():
    layer = SelfAttention(2, 1)
    weight = np.zeros([2, 6], "float32")
    weight[:, 4:] = np.eye(2)
    layer.qkv.weight.set_value(weight)
    layer.proj.weight.set_value(np.eye(2, dtype="float32"))
    x = paddle.to_tensor([[[1.0, 2.0], [3.0, 6.0]]])
    np.testing.assert_allclose(layer(x).numpy(), [[[2.0, 4.0], [2.0, 4.0]]], rtol=1e-6)


def test_attention_by_hand():
    query = paddle.to_tensor([[[[2.0, 0.0]]]])
    key = paddle.to_tensor([[[[1.0, 5.0], [0.0, 7.0]]]])
    value = paddle.to_tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    weight = 1 / (1 + np.exp(-2 / np.sqrt(2)))
    np.testing.assert_allclose(attend(query, key, value).numpy(), [[[weight, 1 - weight]]], rtol=1e-5)
    mask = paddle.to_tensor([[[[-1e9, 0.0]]]])
    np.testing.assert_allclose(attend(query, key, value, mask).numpy(), [[[0.0, 1.0]]], atol=1e-6)
