"""The Swin transformer of Donut, with which UniMERNet reads images of formulas."""

from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Normal

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.modeling.layers.channels import as_rgb, undivided
from ppocr.modeling.layers.drop import DropPath, drop_path_rates
from ppocr.modeling.layers.mbart import mbart_linear
from ppocr.modeling.layers.windows import from_windows, to_windows
from ppocr.registry import BACKBONES
from ppocr.values import Depth, Dropout, Heads, Range, Width

PATCH = 4
GROWTH = 4  # hidden width of linear layers to that of a token
HIDDEN = -100.0  # added to the scores of tokens that are no neighbours


def relative_position_index(window):
    """Returns for each pair of tokens of a window the row of the table of biases: int64 ``[window ** 2] * 2``."""
    rows, columns = np.divmod(np.arange(window**2), window)
    down, right = (axis[:, None] - axis + window - 1 for axis in (rows, columns))
    return down * (2 * window - 1) + right


@lru_cache(maxsize=32)  # of the blocks of all stages, for a few sizes of images
def shifted_window_mask(height, width, window, shift):
    """Returns what is added to the scores of the tokens of each window of a map that was moved by ``shift``.

    Tokens from opposite borders of the map, which the move brought together, do not see each other.

    Returns:
        float32 ``[windows, 1, window ** 2, window ** 2]``.
    """
    down, right = (np.digitize(np.arange(side), [side - window, side - shift]) for side in (height, width))
    part = down[:, None] * 3 + right
    part = part.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3).reshape(-1, window**2)
    return np.where(part[:, None] != part[:, :, None], HIDDEN, 0).astype(np.float32)[:, None]


class WindowAttention(nn.Layer):
    """Attention among the tokens of a window, with a bias for each distance; the names are those of checkpoints."""

    def __init__(self, width, heads, window):
        super().__init__()
        inner = nn.Layer()
        inner.query, inner.key, inner.value = (mbart_linear(width, width) for _ in range(3))
        table = [(2 * window - 1) ** 2, heads]
        inner.relative_position_bias_table = inner.create_parameter(table, default_initializer=Normal(0.0, 0.02))
        inner.register_buffer("relative_position_index", paddle.to_tensor(relative_position_index(window)))
        self.self, self.output = inner, nn.Layer()
        self.output.dense = mbart_linear(width, width)
        self._heads = heads

    def forward(self, x, mask=None):
        """Mixes the tokens of windows ``[N * windows, T, C]``; ``mask`` is ``[windows, 1, T, T]``."""
        layers, heads = self.self, self._heads
        query, key, value = (split_heads(f(x), 1, heads)[0] for f in (layers.query, layers.key, layers.value))
        places = layers.relative_position_index
        bias = layers.relative_position_bias_table[places.flatten()].reshape([*places.shape, heads])
        bias = bias.transpose([2, 0, 1]).unsqueeze(0)
        if mask is not None:
            bias = (bias + mask.astype(bias.dtype)).tile([x.shape[0] // mask.shape[0], 1, 1, 1])
        return self.output.dense(attend(query, key, value, bias))


class SwinBlock(nn.Layer):
    """Attention within windows, which every other block moves by half of their size, and two linear layers."""

    def __init__(self, width, heads, window, shift, drop_path):
        super().__init__()
        self.layernorm_before, self.layernorm_after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = WindowAttention(width, heads, window)
        self.intermediate, self.output = nn.Layer(), nn.Layer()
        self.intermediate.dense = mbart_linear(width, GROWTH * width)
        self.output.dense = mbart_linear(GROWTH * width, width)
        self.drop_path = DropPath(drop_path)
        self._window, self._shift = window, shift

    def forward(self, x):
        """Mixes a map ``[N, H, W, C]``."""
        x = x + self.drop_path(self._mixed(self.layernorm_before(x)))
        return x + self.drop_path(self.output.dense(F.gelu(self.intermediate.dense(self.layernorm_after(x)))))

    def _mixed(self, x):
        _, height, width, _ = x.shape
        window, shift = self._window, self._shift if min(height, width) > self._window else 0
        tall, wide = height + -height % window, width + -width % window
        if (tall, wide) != (height, width):
            x = F.pad(x, [0, wide - width, 0, tall - height], data_format="NHWC")
        if not shift:
            x = from_windows(self.attention(to_windows(x, window)), window, tall, wide)
            return x[:, :height, :width]
        mask = paddle.to_tensor(shifted_window_mask(tall, wide, window, shift))
        x = to_windows(x.roll([-shift, -shift], axis=[1, 2]), window)
        x = from_windows(self.attention(x, mask), window, tall, wide)
        return x.roll([shift, shift], axis=[1, 2])[:, :height, :width]


class PatchMerging(nn.Layer):
    """Four neighbours become one token, twice as wide: ``[N, H, W, C]`` to ``[N, H / 2, W / 2, 2C]``, rounded up."""

    def __init__(self, width):
        super().__init__()
        self.reduction = mbart_linear(4 * width, 2 * width, bias=False)
        self.norm = nn.LayerNorm(4 * width)

    def forward(self, x):
        _, height, width, _ = x.shape
        if height % 2 or width % 2:
            x = F.pad(x, [0, width % 2, 0, height % 2], data_format="NHWC")
        parts = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(paddle.concat(parts, axis=3)))


class SwinStage(nn.Layer):
    """Blocks in a row, and the merging of neighbours behind all stages but the last."""

    def __init__(self, width, heads, window, rates, last):
        super().__init__()
        self.blocks = nn.LayerList(
            [SwinBlock(width, heads, window, i % 2 * (window // 2), rate) for i, rate in enumerate(rates)]
        )
        self.downsample = None if last else PatchMerging(width)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x if self.downsample is None else self.downsample(x)


@BACKBONES.register()
class DonutSwinModel(nn.Layer):
    """Patches as tokens, and blocks of attention within windows in stages, each of half the size.

    Source: Swin Transformer (https://arxiv.org/abs/2103.14030), as Donut (https://arxiv.org/abs/2111.15664) has it:
    nothing is normalised behind the last stage.

    Args:
        in_channels: channels of the image.
        hidden_size: width of a token behind the last stage.
        num_layers: number of stages.
        num_heads: attention heads of each stage.
        use_mask_token: tokens of masked patches, which only learning without labels needs; false.
        embed_dim: width of a token in the first stage.
        depths: blocks of each stage.
        window_size: height and width of a window, in tokens.
        drop_path_rate: share of samples for which the last block is left out in training; 0 for the first.
    """

    reads_grey = True

    def __init__(
        self,
        in_channels: Annotated[int, Range(3, 3)] = 3,
        hidden_size: Width = 1024,
        num_layers: Depth = 4,
        num_heads: list[Heads] = (4, 8, 16, 32),
        use_mask_token: Literal[False] = False,
        embed_dim: Width = 128,
        depths: list[Depth] = (2, 2, 14, 2),
        window_size: Annotated[int, Range(2, 64)] = 5,
        drop_path_rate: Dropout = 0.1,
    ):
        super().__init__()
        self.embeddings, self.encoder = nn.Layer(), nn.Layer()
        self.embeddings.patch_embeddings = nn.Layer()
        self.embeddings.patch_embeddings.projection = nn.Conv2D(in_channels, embed_dim, PATCH, stride=PATCH)
        self.embeddings.norm = nn.LayerNorm(embed_dim)
        rates = drop_path_rates(drop_path_rate, depths)
        self.encoder.layers = nn.LayerList(
            [
                SwinStage(embed_dim * 2**i, heads, window_size, share, i + 1 == num_layers)
                for i, (heads, share) in enumerate(zip(num_heads, rates))
            ]
        )
        self.out_channels = hidden_size

    @staticmethod
    def check_arguments(hidden_size, num_layers, num_heads, embed_dim, depths):
        """Yields what does not fit."""
        for key, given in (("num_heads", num_heads), ("depths", depths)):
            if len(given) != num_layers:
                yield key, f"'{key}' has {len(given)} entries for {num_layers} stages"
        if hidden_size != embed_dim * 2 ** (num_layers - 1):
            yield "hidden_size", f"'hidden_size' is {embed_dim * 2 ** (num_layers - 1)} with these stages"
        yield from undivided([embed_dim * 2**i for i in range(num_layers)], num_heads, "num_heads")

    def forward(self, x):
        """Maps ``[N, 3 or 1, H, W]`` to tokens ``[N, H / 32 * W / 32, hidden_size]``, both rounded up."""
        x = as_rgb(x)
        x = F.pad(x, [0, -x.shape[3] % PATCH, 0, -x.shape[2] % PATCH])
        x = self.embeddings.patch_embeddings.projection(x)
        x = self.embeddings.norm(x.transpose([0, 2, 3, 1]))
        for stage in self.encoder.layers:
            x = stage(x)
        return x.flatten(1, 2)
