"""The image encoder of Segment Anything (ViT-B), shrunk to a short sequence, for formulas.

Source: Segment Anything (https://arxiv.org/abs/2304.02643) and Vary (https://arxiv.org/abs/2312.06109).
"""

from dataclasses import dataclass
from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention import split_heads
from ppocr.modeling.layers.channels import as_rgb, undivided
from ppocr.modeling.layers.tokens import to_tokens
from ppocr.modeling.layers.windows import from_windows, to_windows
from ppocr.registry import BACKBONES
from ppocr.values import Depth, Heads, Index, PyramidSide, Range, Width

PATCH, WINDOW = 16, 14
NECK_CHANNELS, OUT_CHANNELS = 256, 1024
EPSILON = 1e-6


class ChannelNorm(nn.Layer):
    """Normalises the channels of each place of a map ``[N, C, H, W]``."""

    def __init__(self, channels):
        super().__init__()
        self.weight = self.create_parameter([channels], default_initializer=nn.initializer.Constant(1.0))
        self.bias = self.create_parameter([channels], is_bias=True)

    def forward(self, x):
        y = x.transpose([0, 2, 3, 1])
        return F.layer_norm(y, y.shape[-1:], self.weight, self.bias, EPSILON).transpose([0, 3, 1, 2])


class PlaceAttention(nn.Layer):
    """Attention among the places of a square map, by content and by distances along both axes.

    Args:
        side: of the map.
    """

    def __init__(self, width, heads, side):
        super().__init__()
        self.rel_pos_h, self.rel_pos_w = (
            self.create_parameter([2 * side - 1, width // heads], default_initializer=nn.initializer.Constant(0.0))
            for _ in range(2)
        )
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self._heads, self._side = heads, side
        places = paddle.arange(side)
        self._distances = places.unsqueeze(1) - places.unsqueeze(0) + side - 1

    def forward(self, x):
        """Maps ``[N, side, side, C]`` to the same shape."""
        batch, side = x.shape[0], self._side
        query, key, value = split_heads(self.qkv(x.flatten(1, 2)), 3, self._heads)
        scores = (query * query.shape[3] ** -0.5).matmul(key, transpose_y=True)
        weights = F.softmax(scores + self._by_distance(query), axis=-1)
        y = weights.matmul(value).transpose([0, 2, 1, 3]).reshape([batch, side, side, -1])
        return self.proj(y)

    def _by_distance(self, query):
        """Returns what is added to the scores ``[N, heads, T, T]``."""
        side = self._side
        q = query.reshape([0, 0, side, side, query.shape[3]])
        rows, columns = (table[self._distances] for table in (self.rel_pos_h, self.rel_pos_w))
        by_row = paddle.einsum("bnhwc,hkc->bnhwk", q, rows).unsqueeze(5)
        by_column = paddle.einsum("bnhwc,wkc->bnhwk", q, columns).unsqueeze(4)
        return (by_row + by_column).reshape([0, 0, side * side, side * side])


class Feed(nn.Layer):
    """Two linear layers."""

    def __init__(self, width, hidden):
        super().__init__()
        self.lin1, self.lin2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.lin2(F.gelu(self.lin1(x)))


class VaryBlock(nn.Layer):
    """Attention and two linear layers; attention is within windows unless ``window`` is None."""

    def __init__(self, width, heads, side, window):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, epsilon=EPSILON)
        self.attn = PlaceAttention(width, heads, window or side)
        self.norm2 = nn.LayerNorm(width, epsilon=EPSILON)
        self.mlp = Feed(width, 4 * width)
        self._side, self._window = side, window

    def forward(self, x):
        """Maps ``[N, side, side, C]`` to the same shape."""
        y = self.norm1(x)
        y = self.attn(y) if self._window is None else self._in_windows(y)
        x = x + y
        return x + self.mlp(self.norm2(x))

    def _in_windows(self, x):
        side, window, width = self._side, self._window, x.shape[3]
        whole = side + -side % window
        x = F.pad(x, [0, whole - side] * 2, data_format="NHWC")
        y = self.attn(to_windows(x, window).reshape([-1, window, window, width]))
        return from_windows(y.reshape([-1, window**2, width]), window, whole, whole)[:, :side, :side]


class VisionTower(nn.Layer):
    """Patches, their places, blocks, a neck, and two convolutions that shrink the map to a quarter."""

    def __init__(self, side, width, depth, heads, global_blocks):
        super().__init__()
        grid = side // PATCH
        self.pos_embed = self.create_parameter([1, grid, grid, width], default_initializer=nn.initializer.Constant(0.0))
        self.patch_embed = nn.Layer()
        self.patch_embed.proj = nn.Conv2D(3, width, PATCH, PATCH)
        windows = [None if i in global_blocks else WINDOW for i in range(depth)]
        self.blocks = nn.LayerList([VaryBlock(width, heads, grid, window) for window in windows])
        self.neck = nn.Sequential(
            nn.Conv2D(width, NECK_CHANNELS, 1, bias_attr=False),
            ChannelNorm(NECK_CHANNELS),
            nn.Conv2D(NECK_CHANNELS, NECK_CHANNELS, 3, padding=1, bias_attr=False),
            ChannelNorm(NECK_CHANNELS),
        )
        self.net_2 = nn.Conv2D(NECK_CHANNELS, 2 * NECK_CHANNELS, 3, 2, 1, bias_attr=False)
        self.net_3 = nn.Conv2D(2 * NECK_CHANNELS, OUT_CHANNELS, 3, 2, 1, bias_attr=False)

    def forward(self, x):
        return self.net_3(self.half(x))

    def half(self, x):
        """Returns the map before the last convolution."""
        x = self.patch_embed.proj(x).transpose([0, 2, 3, 1]) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.net_2(self.neck(x.transpose([0, 3, 1, 2])))


@BACKBONES.register()
@dataclass(eq=False, repr=False)
class Vary_VIT_B(nn.Layer):  # noqa: N801  (published name)
    """The encoder of Segment Anything on an image of a table, as a map.

    Args:
        in_channels: channels of the image; one channel is repeated.
        image_size: side of the image, which is square.
        encoder_embed_dim: width of the blocks.
        encoder_depth: their number.
        encoder_num_heads: of attention.
        encoder_global_attn_indexes: blocks whose attention has no windows.
    """

    reads_grey = fixed_size = True

    in_channels: Annotated[int, Range(3, 3)] = 3
    image_size: PyramidSide = 768
    encoder_embed_dim: Width = 768
    encoder_depth: Depth = 12
    encoder_num_heads: Heads = 12
    encoder_global_attn_indexes: list[Index] = (2, 5, 8, 11)

    def __post_init__(self):
        super().__init__()
        self.vision_tower_high = VisionTower(
            self.image_size,
            self.encoder_embed_dim,
            self.encoder_depth,
            self.encoder_num_heads,
            set(self.encoder_global_attn_indexes),
        )
        self.out_channels = 2 * NECK_CHANNELS

    @staticmethod
    def check_arguments(encoder_embed_dim, encoder_num_heads):
        """Yields a width that its heads cannot share."""
        yield from undivided([encoder_embed_dim], [encoder_num_heads], "encoder_embed_dim")

    def forward(self, x):
        """Maps ``[N, 3 or 1, image_size, image_size]`` to ``[N, 512, image_size / 32, image_size / 32]``.

        The last convolution, of which checkpoints have the weights, is left out.
        """
        return self.vision_tower_high.half(as_rgb(x))


@BACKBONES.register()
class Vary_VIT_B_Formula(Vary_VIT_B):  # noqa: N801  (published name)
    """The encoder of Segment Anything on an image of a formula, as a sequence."""

    def __post_init__(self):
        super().__post_init__()
        self.mm_projector_vary = nn.Linear(OUT_CHANNELS, OUT_CHANNELS)
        self.out_channels = OUT_CHANNELS

    def forward(self, x):
        """Maps ``[N, 3 or 1, image_size, image_size]`` to ``[N, (image_size / 64) ** 2, 1024]``."""
        return self.mm_projector_vary(to_tokens(self.vision_tower_high(as_rgb(x))))
