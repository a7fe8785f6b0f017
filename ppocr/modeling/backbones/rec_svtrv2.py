"""SVTRv2: SVTR whose stages mix with grouped convolutions first and take images of any width."""

from typing import Annotated, Literal, Union

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingNormal, TruncatedNormal

from ppocr.modeling.layers.attention import SelfAttention
from ppocr.modeling.layers.channels import undivided
from ppocr.modeling.layers.conv_norm_act import grouped_conv
from ppocr.modeling.layers.drop import drop_path_rates
from ppocr.modeling.layers.patch_embed import PatchedSide, TokenWidth, patch_convs
from ppocr.modeling.layers.pool import pool_text_line
from ppocr.modeling.layers.svtr_block import SVTRBlock
from ppocr.modeling.layers.tokens import to_map, to_tokens
from ppocr.registry import BACKBONES
from ppocr.values import Depth, Dropout, Heads, Kernel, Length, Ratio, Stride, Width

UnusedOrKernel = Union[Literal[-1], Kernel]
UnusedOrStride = Union[Literal[-1], Stride]


class ToTokens(nn.Layer):
    """Turns a map into tokens, between convolutions and attention."""

    def forward(self, x):
        return to_tokens(x)


class MapBlock(SVTRBlock):
    """An SVTR block on a map, ``[N, C, H, W]``, whose mixer is a convolution."""

    def forward(self, x):
        height = x.shape[2]
        x = to_tokens(x + self.drop_path(self.mixer(x)))
        x = self.norm1(x)
        return to_map(self.norm2(x + self.drop_path(self.mlp(x))), height)


class SVTRv2PatchEmbedding(nn.Layer):
    """Two convolutions that shrink both sides to a quarter, and optionally learnt positions.

    Args:
        max_size: height and width of the largest map, for the positions; None for none.
    """

    def __init__(self, in_channels, width, max_size=None):
        super().__init__()
        self.patch_embed = patch_convs(in_channels, width)
        self._max_size = max_size
        if max_size is not None:
            shape = [1, max_size[0] * max_size[1], width]
            self.pos_embed = self.create_parameter(shape, default_initializer=TruncatedNormal(std=0.02))

    def forward(self, x):
        x = self.patch_embed(x)
        if self._max_size is None:
            return x
        return x + to_map(self.pos_embed, self._max_size[0])[:, :, : x.shape[2], : x.shape[3]]


class Downsampling(nn.Layer):
    """Strided convolution and normalisation over the channels, a map to a map."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        weight = ParamAttr(initializer=KaimingNormal())
        self.conv = nn.Conv2D(in_channels, out_channels, 3, stride, padding=1, weight_attr=weight)
        self.norm = nn.LayerNorm(out_channels)

    def forward(self, x):
        x = self.conv(x)
        return to_map(self.norm(to_tokens(x)), x.shape[2])


class SVTRv2Stage(nn.Layer):
    """Blocks of convolution, then of attention, then downsampling; a map to a map.

    Args:
        kinds: the mixer of every block.
        rates: of dropped paths, one for each block.
        following: channels of the next stage and the stride to it, or None.
        options: ``mlp_ratio`` and ``dropout`` of the blocks.
        attention: further arguments of the attention.
    """

    def __init__(self, channels, kinds, rates, heads, kernel, following, options, attention):
        super().__init__()
        blocks = []
        for i, (kind, rate) in enumerate(zip(kinds, rates)):
            if kind == "Conv":
                mixer, make = grouped_conv(channels, heads, kernel), MapBlock
            else:
                mixer, make = SelfAttention(channels, heads, **attention), SVTRBlock
                if i > 0 and kinds[i - 1] == "Conv":
                    blocks.append(ToTokens())
            blocks.append(make(channels, mixer, norm_after=True, drop_path=rate, **options))
        self.blocks = nn.LayerList(blocks)
        self.downsample = Downsampling(channels, *following) if following else None
        self._first_attends, self._last_attends = kinds[0] != "Conv", kinds[-1] != "Conv"

    def forward(self, x):
        height = x.shape[2]
        x = to_tokens(x) if self._first_attends else x
        for block in self.blocks:
            x = block(x)
        x = to_map(x, height) if self._last_attends else x
        return x if self.downsample is None else self.downsample(x)


@BACKBONES.register()
class SVTRv2(nn.Layer):
    """Stages that mix with grouped convolutions, then with attention, and shrink the height.

    Source: SVTRv2: CTC Beats Encoder-Decoder Models in Scene Text Recognition (https://arxiv.org/abs/2411.15858).

    Args:
        in_channels: channels of the image.
        max_sz: height and width of the largest image; needed for positions only.
        use_pos_embed: add learnt positions.
        dims, depths, num_heads: channels, blocks, and heads or groups of each stage.
        mixer: for each stage the list of its blocks' kinds, ``Conv`` ones first, then ``Global`` ones.
        local_k: kernel of the convolutions of each stage.
        sub_k: stride from each stage to the next; the last entry is not needed.
        mlp_ratio: hidden width of a block's linear layers to the channels.
        qkv_bias: whether queries, keys and values have a bias.
        drop_rate, attn_drop_rate: dropout in the blocks and of attention weights.
        last_drop: dropout at the end, with ``last_stage``.
        drop_path_rate: share of samples for which the last block is left out in training; 0 for the first.
        out_channels: of the result with ``last_stage``.
        last_stage: average over the height, then a linear layer to ``out_channels``.
        use_pool: pool 3 rows to one and half the columns; in training always to 40 columns.
    """

    def __init__(
        self,
        in_channels: int = 3,
        max_sz: tuple[PatchedSide, PatchedSide] = (32, 320),
        use_pos_embed: bool = True,
        dims: Annotated[list[TokenWidth], Length(1)] = (64, 128, 256),
        depths: list[Depth] = (3, 6, 3),
        num_heads: list[Heads] = (2, 4, 8),
        mixer: list[list[Literal["Conv", "Global"]]] = (
            ("Conv",) * 3,
            ("Conv",) * 3 + ("Global",) * 3,
            ("Global",) * 3,
        ),
        local_k: list[tuple[UnusedOrKernel, UnusedOrKernel]] = ((5, 5), (5, 5), (-1, -1)),
        sub_k: list[tuple[UnusedOrStride, UnusedOrStride]] = ((2, 1), (2, 1), (-1, -1)),
        mlp_ratio: Ratio = 4.0,
        qkv_bias: bool = True,
        drop_rate: Dropout = 0.0,
        attn_drop_rate: Dropout = 0.0,
        last_drop: Dropout = 0.1,
        drop_path_rate: Dropout = 0.1,
        out_channels: Width = 192,
        last_stage: bool = False,
        use_pool: bool = False,
    ):
        super().__init__()
        self.pope = SVTRv2PatchEmbedding(in_channels, dims[0], [n // 4 for n in max_sz] if use_pos_embed else None)
        rates = drop_path_rates(drop_path_rate, depths)
        options = {"mlp_ratio": mlp_ratio, "dropout": drop_rate}
        attention = {"qkv_bias": qkv_bias, "dropout": drop_rate, "attention_dropout": attn_drop_rate}
        following = [*((width, stride) for width, stride in zip(dims[1:], sub_k)), None]
        stages = zip(dims, mixer, rates, num_heads, local_k, following)
        self.stages = nn.LayerList([SVTRv2Stage(*stage, options, attention) for stage in stages])
        self._use_pool = use_pool
        self.last_conv = nn.Linear(dims[-1], out_channels, bias_attr=False) if last_stage else None
        self.dropout = nn.Dropout(last_drop)
        self.out_channels = out_channels if last_stage else dims[-1]

    @staticmethod
    def check_arguments(dims, depths, num_heads, mixer, local_k, sub_k):
        """Yields lists that do not fit each other."""
        lists = {"depths": depths, "num_heads": num_heads, "mixer": mixer, "local_k": local_k, "sub_k": sub_k}
        for key, value in lists.items():
            if len(value) != len(dims):
                yield key, f"'{key}' has {len(value)} entries, 'dims' has {len(dims)}: one for each stage"
        yield from undivided(dims, num_heads, "dims")
        for depth, kinds, kernel in zip(depths, mixer, local_k):
            if len(kinds) != depth:
                yield "mixer", f"'mixer' has {len(kinds)} kinds for a stage of {depth} blocks"
            if "Conv" in kinds and -1 in kernel:
                yield "local_k", f"'local_k' {list(kernel)} has no size for a stage of Conv mixers"
            if list(kinds) != sorted(kinds):
                yield "mixer", f"'mixer': a stage must have Conv mixers, then Global ones, not {list(kinds)}"
        for stride in sub_k[:-1]:
            if -1 in stride:
                yield "sub_k", f"'sub_k' {list(stride)} has no stride to the next stage"

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, out_channels, H', W']``.

        H' is 1 with ``last_stage`` or ``use_pool``. With ``use_pool`` H is 48, and W' is W / 8 in evaluation.
        """
        x = self.pope(x)
        for stage in self.stages:
            x = stage(x)
        if self._use_pool:
            x = pool_text_line(x, self.training)
        if self.last_conv is None:
            return x
        x = self.last_conv(x.mean(axis=2).transpose([0, 2, 1]))
        return to_map(self.dropout(F.hardswish(x)), 1)
