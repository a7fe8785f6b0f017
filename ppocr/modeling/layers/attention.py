"""Attention with several heads."""

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.linear import normal_linear


def split_heads(x, parts, heads):
    """Returns ``parts`` tensors ``[N, heads, T, C]`` of ``[N, T, parts * heads * C]``."""
    size = x.shape[2] // (parts * heads)
    return x.reshape([0, x.shape[1], parts, heads, size]).transpose([2, 0, 3, 1, 4]).unbind(axis=0)


def attend(query, key, value, mask=None, scale=None, drop=None):
    """Returns values weighed by how well their keys fit the queries, the heads joined: ``[N, T, heads * C]``.

    Args:
        query, key, value: ``[N, heads, T or S, C]``.
        mask: what is added to the scores ``[N, heads, T, S]``, or None.
        scale: of the scores, by default ``C ** -0.5``.
        drop: a layer for the weights, or None.
    """
    scores = (query * (scale or query.shape[3] ** -0.5)).matmul(key, transpose_y=True)
    weights = F.softmax(scores if mask is None else scores + mask, axis=-1)
    weights = weights if drop is None else drop(weights)
    return weights.matmul(value).transpose([0, 2, 1, 3]).flatten(2)


class SelfAttention(nn.Layer):
    """Self-attention among all tokens, or among those of a window around each.

    Args:
        width: of a token.
        heads: number of attention heads.
        window: None, or height and width of the window, odd.
        grid: height and width of the map that the tokens form; needed with ``window``.
        qkv_bias: whether queries, keys and values have a bias.
        dropout, attention_dropout: of the result and of the attention weights.
    """

    def __init__(self, width, heads, window=None, grid=None, qkv_bias=True, dropout=0.0, attention_dropout=0.0):
        super().__init__()
        self.qkv = normal_linear(width, 3 * width, bias=qkv_bias)
        self.proj = normal_linear(width, width)
        self.attn_drop = nn.Dropout(attention_dropout)
        self.proj_drop = nn.Dropout(dropout)
        self._heads = heads
        self._windowed = window is not None
        if self._windowed:
            self.register_buffer("_mask", paddle.to_tensor(window_mask(grid, window)), persistable=False)

    def forward(self, x):
        query, key, value = split_heads(self.qkv(x), 3, self._heads)
        mask = self._mask.astype(query.dtype) if self._windowed else None
        return self.proj_drop(self.proj(attend(query, key, value, mask, drop=self.attn_drop)))


def window_mask(grid, window):
    """Returns what is added to attention scores, ``[1, 1, T, T]``: 0 inside a token's window, else minus infinity."""
    rows, columns = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
    far_up = np.abs(rows[:, None] - rows) > window[0] // 2
    far_aside = np.abs(columns[:, None] - columns) > window[1] // 2
    return np.where(far_up | far_aside, -np.inf, 0.0).astype(np.float32)[None, None]
