"""The blocks of SVTR, of which backbones and necks of text lines are built.

Tokens are ``[N, T, C]``; where they form a map, T is height times width, row by row.

Source: SVTR: Scene Text Recognition with a Single Visual Model (https://arxiv.org/abs/2205.00159).
"""

from typing import Annotated

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, KaimingNormal, TruncatedNormal

from ppocr.values import Range

PatchedSide = Annotated[int, Range(4, 10_000)]  # of an image of which a patch of 4 x 4 pixels becomes a token
TokenWidth = Annotated[int, Range(2, 4_096)]  # halved by the first convolution
ACTIVATIONS = {"gelu": F.gelu, "swish": F.swish, "relu": F.relu, "hardswish": F.hardswish, None: lambda x: x}


def linear(in_features, out_features, bias=True):
    """Returns a linear layer drawn from a truncated normal distribution."""
    return nn.Linear(
        in_features,
        out_features,
        weight_attr=ParamAttr(initializer=TruncatedNormal(std=0.02)),
        bias_attr=ParamAttr(initializer=Constant(0.0)) if bias else False,
    )


def to_map(tokens, height, width=-1):
    """Returns tokens as the map of ``height`` rows that they form, ``[N, T, C]`` to ``[N, C, height, T / height]``.

    ``width``, where it is known beforehand, makes it known to an exported model.
    """
    _, _, channels = tokens.shape
    return tokens.transpose([0, 2, 1]).reshape([0, channels, height, width])


def to_tokens(x):
    """Returns a map as tokens, ``[N, C, H, W]`` to ``[N, H * W, C]``."""
    return x.flatten(2).transpose([0, 2, 1])


class DropPath(nn.Layer):
    """Leaves out a residual branch for a random share of the samples, in training.

    Source: Deep Networks with Stochastic Depth (https://arxiv.org/abs/1603.09382).
    """

    draws_at_random = True  # all that training changes

    def __init__(self, probability):
        super().__init__()
        self._keep = 1.0 - probability

    def forward(self, x):
        if self._keep == 1.0 or not self.training:
            return x
        kept = paddle.rand([x.shape[0]] + [1] * (x.ndim - 1), dtype=x.dtype) < self._keep
        return x / self._keep * kept.astype(x.dtype)


def drop_path_rates(last, depths):
    """Returns one list of rates for each stage, growing evenly from 0 to ``last`` over all blocks."""
    rates, ends = np.linspace(0.0, last, sum(depths)).tolist(), np.cumsum(depths)
    return [rates[end - depth : end] for depth, end in zip(depths, ends)]


def undivided(widths, heads, key):
    """Yields a problem for each stage whose width cannot be shared out evenly among its heads or groups."""
    for width, count in zip(widths, heads):
        if width % count:
            yield key, f"'{key}': {width} must be a multiple of its {count} heads"


class ConvNormAct(nn.Layer):
    """Convolution, batch normalisation, activation.

    Args:
        act: a key of ``ACTIVATIONS``.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=False, act="gelu"):
        super().__init__()
        self.conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            weight_attr=ParamAttr(initializer=KaimingNormal()),
            bias_attr=None if bias else False,
        )
        self.norm = nn.BatchNorm2D(out_channels)
        self._act = ACTIVATIONS[act]

    def forward(self, x):
        return self._act(self.norm(self.conv(x)))


class MLP(nn.Layer):
    """Two linear layers with an activation in between; the shape stays."""

    def __init__(self, width, hidden, act="gelu", dropout=0.0):
        super().__init__()
        self.fc1 = linear(width, hidden)
        self.fc2 = linear(hidden, width)
        self.drop = nn.Dropout(dropout)
        self._act = ACTIVATIONS[act]

    def forward(self, x):
        x = self.drop(self._act(self.fc1(x)))
        return self.drop(self.fc2(x))


class AttentionMixer(nn.Layer):
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
        self.qkv = linear(width, 3 * width, bias=qkv_bias)
        self.proj = linear(width, width)
        self.attn_drop = nn.Dropout(attention_dropout)
        self.proj_drop = nn.Dropout(dropout)
        self._heads, self._size = heads, width // heads
        self._windowed = window is not None
        if self._windowed:
            self.register_buffer("_mask", paddle.to_tensor(window_mask(grid, window)), persistable=False)

    def forward(self, x):
        tokens = x.shape[1]
        qkv = self.qkv(x).reshape([0, tokens, 3, self._heads, self._size]).transpose([2, 0, 3, 1, 4])
        query, key, value = qkv[0] * self._size**-0.5, qkv[1], qkv[2]
        scores = query.matmul(key, transpose_y=True)
        if self._windowed:
            scores = scores + self._mask.astype(scores.dtype)
        weights = self.attn_drop(F.softmax(scores, axis=-1))
        mixed = weights.matmul(value).transpose([0, 2, 1, 3]).reshape([0, tokens, self._heads * self._size])
        return self.proj_drop(self.proj(mixed))


def window_mask(grid, window):
    """Returns what is added to attention scores, ``[1, 1, T, T]``: 0 inside a token's window, else minus infinity."""
    rows, columns = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
    far_up = np.abs(rows[:, None] - rows) > window[0] // 2
    far_aside = np.abs(columns[:, None] - columns) > window[1] // 2
    return np.where(far_up | far_aside, -np.inf, 0.0).astype(np.float32)[None, None]


class ConvMixer(nn.Layer):
    """Grouped convolution on the map of ``height`` rows that the tokens form."""

    def __init__(self, width, groups, kernel_size, height):
        super().__init__()
        self.local_mixer = grouped_conv(width, groups, kernel_size)
        self._height = height

    def forward(self, x):
        return to_tokens(self.local_mixer(to_map(x, self._height)))


def grouped_conv(width, groups, kernel_size):
    """Returns a grouped convolution that keeps the shape."""
    padding = [size // 2 for size in kernel_size]
    weight = ParamAttr(initializer=KaimingNormal())
    return nn.Conv2D(width, width, kernel_size, padding=padding, groups=groups, weight_attr=weight)


class SVTRBlock(nn.Layer):
    """Mixing of tokens, then two linear layers, each with a shortcut.

    Args:
        width: of a token.
        mixer: layer that keeps the shape of tokens.
        norm_after: normalise each sum, instead of what goes into each branch.
        drop_path: share of samples for which a branch is left out in training.
        epsilon: of the normalisation.
    """

    def __init__(
        self, width, mixer, mlp_ratio=4.0, act="gelu", norm_after=False, drop_path=0.0, dropout=0.0, epsilon=1e-6
    ):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, epsilon=epsilon)
        self.mixer = mixer
        self.norm2 = nn.LayerNorm(width, epsilon=epsilon)
        self.mlp = MLP(width, int(width * mlp_ratio), act, dropout)
        self.drop_path = DropPath(drop_path)
        self._norm_after = norm_after

    def forward(self, x):
        if self._norm_after:
            x = self.norm1(x + self.drop_path(self.mixer(x)))
            return self.norm2(x + self.drop_path(self.mlp(x)))
        x = x + self.drop_path(self.mixer(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))
