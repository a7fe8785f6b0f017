"""The blocks of SVTR: what mixes with what, and in which order."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.svtr import (
    AttentionMixer,
    ConvMixer,
    DropPath,
    SVTRBlock,
    drop_path_rates,
    to_map,
    to_tokens,
    window_mask,
)


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
    layer = AttentionMixer(4, 2, window=(1, 3), grid=(2, 3))
    assert changed_tokens(layer, 6, moved=0) == [True, True, False, False, False, False]
    assert all(changed_tokens(AttentionMixer(4, 2), 6, moved=0))


def test_attention_with_equal_scores_is_the_mean():
    layer = AttentionMixer(2, 1)
    weight = np.zeros([2, 6], "float32")
    weight[:, 4:] = np.eye(2)
    layer.qkv.weight.set_value(weight)
    layer.proj.weight.set_value(np.eye(2, dtype="float32"))
    x = paddle.to_tensor([[[1.0, 2.0], [3.0, 6.0]]])
    np.testing.assert_allclose(layer(x).numpy(), [[[2.0, 4.0], [2.0, 4.0]]], rtol=1e-6)


def test_convolution_mixes_neighbours_of_the_map():
    layer = ConvMixer(4, 2, [3, 3], height=2)
    assert changed_tokens(layer, 8, moved=0) == [True, True, False, False, True, True, False, False]


def test_map_and_tokens_are_inverse():
    x = paddle.arange(24, dtype="float32").reshape([1, 2, 3, 4])
    np.testing.assert_array_equal(to_map(to_tokens(x), 3).numpy(), x.numpy())
    assert to_tokens(x)[0, 5].tolist() == [5.0, 17.0]


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


@pytest.mark.parametrize("norm_after", [True, False])
def test_where_a_block_normalises(norm_after):
    block = SVTRBlock(4, paddle.nn.Identity(), norm_after=norm_after)
    block.mlp.fc2.weight.set_value(paddle.zeros([16, 4]))
    x = np.random.default_rng(0).normal(size=(1, 3, 4)).astype("float32")

    def normal(v):
        return (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + 1e-6)

    expected = normal(normal(2 * x)) if norm_after else x + normal(x)
    np.testing.assert_allclose(block(paddle.to_tensor(x)).numpy(), expected, rtol=1e-4, atol=1e-5)
