"""SVTR: text lines as tokens that are mixed locally, then globally, while the height shrinks."""

from typing import Literal, Optional

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingNormal, TruncatedNormal

from ppocr.modeling.layers.attention import SelfAttention
from ppocr.modeling.layers.channels import undivided
from ppocr.modeling.layers.conv_norm_act import grouped_conv
from ppocr.modeling.layers.drop import drop_path_rates
from ppocr.modeling.layers.patch_embed import PatchedSide, TokenWidth, patch_convs
from ppocr.modeling.layers.svtr_block import SVTRBlock
from ppocr.modeling.layers.tokens import to_map, to_tokens
from ppocr.registry import BACKBONES
from ppocr.values import Depth, Dropout, Heads, Kernel, Ratio, TextLength, Width

Window = tuple[Kernel, Kernel]


class SVTRPatchEmbedding(nn.Layer):
    """Two convolutions that shrink both sides to a quarter, ``[N, 3, H, W]`` to tokens."""

    def __init__(self, in_channels, width):
        super().__init__()
        self.proj = patch_convs(in_channels, width)

    def forward(self, x):
        return to_tokens(self.proj(x))


class ConvMixer(nn.Layer):
    """Grouped convolution on the map of ``height`` rows that the tokens form."""

    def __init__(self, width, groups, kernel_size, height):
        super().__init__()
        self.local_mixer = grouped_conv(width, groups, kernel_size)
        self._height = height

    def forward(self, x):
        return to_tokens(self.local_mixer(to_map(x, self._height)))


class HeightMerging(nn.Layer):
    """Halves the height of the map that the tokens form; a convolution, or the mean of mean and maximum of pooling."""

    def __init__(self, in_width, out_width, height, pool):
        super().__init__()
        if pool:
            self.proj = nn.Linear(in_width, out_width)
        else:
            weight = ParamAttr(initializer=KaimingNormal())
            self.conv = nn.Conv2D(in_width, out_width, 3, stride=[2, 1], padding=1, weight_attr=weight)
        self.norm = nn.LayerNorm(out_width)
        self._height, self._pool = height, pool

    def forward(self, x):
        x = to_map(x, self._height)
        if self._pool:
            pooled = [pool(x, [3, 5], stride=[2, 1], padding=[1, 2]) for pool in (F.avg_pool2d, F.max_pool2d)]
            return self.norm(self.proj(to_tokens(0.5 * (pooled[0] + pooled[1]))))
        return self.norm(to_tokens(self.conv(x)))


@BACKBONES.register()
class SVTRNet(nn.Layer):
    """Patches of 4x4 pixels, three stages of mixing blocks, and optionally one vector for each character slot.

    Source: SVTR (https://arxiv.org/abs/2205.00159).

    Args:
        in_channels: channels of the image.
        img_size: height and width of the image.
        embed_dim: width of a token in each stage.
        depth: blocks in each stage.
        num_heads: heads (or groups of a convolution) in each stage.
        mixer: kind of every block: ``Local`` or ``Global`` attention, or ``Conv``.
        local_mixer: window or kernel of the local kinds in each stage.
        patch_merging: what halves the height between stages; null for nothing.
        mlp_ratio: hidden width of a block's linear layers to that of a token.
        qkv_bias: whether queries, keys and values have a bias.
        drop_rate, attn_drop_rate, last_drop: dropout in the blocks, of attention weights, and at the end.
        drop_path_rate: share of samples for which the last block is left out in training; 0 for the first.
        last_stage: pool to one row of ``out_char_num`` columns with ``out_channels`` channels.
        out_channels, out_char_num: of the result with ``last_stage``.
        prenorm: normalise after each sum; else before each branch and once at the end. (The name is that of the
            published configurations.)
    """

    fixed_size = True  # each patch has learnt its place

    def __init__(
        self,
        in_channels: int = 3,
        img_size: tuple[PatchedSide, PatchedSide] = (32, 100),
        embed_dim: tuple[TokenWidth, TokenWidth, TokenWidth] = (64, 128, 256),
        depth: tuple[Depth, Depth, Depth] = (3, 6, 3),
        num_heads: tuple[Heads, Heads, Heads] = (2, 4, 8),
        mixer: list[Literal["Local", "Global", "Conv"]] = ("Local",) * 6 + ("Global",) * 6,
        local_mixer: tuple[Window, Window, Window] = ((7, 11), (7, 11), (7, 11)),
        patch_merging: Optional[Literal["Conv", "Pool"]] = "Conv",
        mlp_ratio: Ratio = 4.0,
        qkv_bias: bool = True,
        drop_rate: Dropout = 0.0,
        last_drop: Dropout = 0.1,
        attn_drop_rate: Dropout = 0.0,
        drop_path_rate: Dropout = 0.1,
        out_channels: Width = 192,
        out_char_num: TextLength = 25,
        last_stage: bool = True,
        prenorm: bool = True,
    ):
        super().__init__()
        self.patch_embed = SVTRPatchEmbedding(in_channels, embed_dim[0])
        height, width = img_size[0] // 4, img_size[1] // 4
        self.pos_embed = self.create_parameter(
            [1, height * width, embed_dim[0]], default_initializer=TruncatedNormal(std=0.02)
        )
        self.pos_drop = nn.Dropout(drop_rate)
        rates, kinds = drop_path_rates(drop_path_rate, depth), iter(mixer)
        self._stages = []
        for i, channels in enumerate(embed_dim):
            blocks = []
            for rate in rates[i]:
                attention = {"qkv_bias": qkv_bias, "dropout": drop_rate, "attention_dropout": attn_drop_rate}
                mix = make_mixer(next(kinds), channels, num_heads[i], local_mixer[i], (height, width), attention)
                blocks.append(SVTRBlock(channels, mix, mlp_ratio, "gelu", prenorm, rate, drop_rate))
            self._stages.append(self.add_sublayer(f"blocks{i + 1}", nn.LayerList(blocks)))
            if i < 2 and patch_merging is not None:
                merging = HeightMerging(channels, embed_dim[i + 1], height, patch_merging == "Pool")
                self._stages[-1] = [*blocks, self.add_sublayer(f"sub_sample{i + 1}", merging)]
                height = (height + 1) // 2
        self.norm = None if prenorm else nn.LayerNorm(embed_dim[-1], epsilon=1e-6)
        self._grid = height, width
        self._last_stage = last_stage
        self._columns = out_char_num
        self.out_channels = out_channels  # without last_stage too: published models have necks of that width
        if last_stage:
            self.last_conv = nn.Conv2D(embed_dim[-1], out_channels, 1, bias_attr=False)
            self.dropout = nn.Dropout(last_drop)

    @staticmethod
    def check_arguments(embed_dim, depth, num_heads, mixer):
        """Yields what does not fit the three stages."""
        yield from undivided(embed_dim, num_heads, "embed_dim")
        if len(mixer) < sum(depth):
            yield "mixer", f"'mixer' has {len(mixer)} entries for {sum(depth)} blocks"

    def forward(self, x):
        """Maps ``[N, in_channels, *img_size]`` to ``[N, out_channels, 1, out_char_num]`` or tokens ``[N, T, C]``."""
        x = self.pos_drop(self.patch_embed(x) + self.pos_embed)
        for layers in self._stages:
            for layer in layers:
                x = layer(x)
        if self.norm is not None:
            x = self.norm(x)
        if not self._last_stage:
            return x
        x = F.adaptive_avg_pool2d(to_map(x, *self._grid), [1, self._columns])
        return self.dropout(F.hardswish(self.last_conv(x)))


def make_mixer(kind, width, heads, local, grid, attention):
    """Returns the mixing layer of one block; ``grid`` is height and width of the map that the tokens form."""
    if kind == "Conv":
        return ConvMixer(width, heads, local, grid[0])
    return SelfAttention(width, heads, local if kind == "Local" else None, grid, **attention)
