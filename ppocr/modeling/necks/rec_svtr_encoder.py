"""Necks that give the columns of a text line a global context with a few SVTR blocks."""

from typing import Annotated

import paddle
from paddle import nn

from ppocr.modeling.layers.attention import SelfAttention
from ppocr.modeling.layers.channels import undivided
from ppocr.modeling.layers.svtr_block import SVTRBlock, SVTRConv
from ppocr.modeling.layers.tokens import to_map, to_tokens
from ppocr.values import Depth, Heads, Kernel, Range, Ratio, Width

HEADS = 8


def _blocks(count, width, mlp_ratio, heads=HEADS, dropout=0.1):
    def block():
        mixer = SelfAttention(width, heads, dropout=dropout, attention_dropout=dropout)
        return SVTRBlock(width, mixer, mlp_ratio, "swish", dropout=dropout, epsilon=1e-5)

    return nn.LayerList([block() for _ in range(count)])


class SVTREncoder(nn.Layer):
    """Few channels, SVTR blocks, and a convolution that joins their result with the input.

    Source: PP-OCRv3 (https://arxiv.org/abs/2206.03001), section 2.2.

    Args:
        in_channels: channels of the map.
        dims: channels of the result.
        depth: blocks.
        hidden_dims: width of the blocks.
        use_guide: send no gradient back into the map, which another branch trains.
        kernel_size: of the first and the joining convolution.
        num_heads: attention heads.
        mlp_ratio: hidden width of a block's linear layers to ``hidden_dims``.
    """

    def __init__(
        self,
        in_channels: Annotated[int, Range(8)],
        dims: Width = 64,
        depth: Depth = 2,
        hidden_dims: Width = 120,
        use_guide: bool = False,
        kernel_size: tuple[Kernel, Kernel] = (3, 3),
        num_heads: Heads = 8,
        mlp_ratio: Ratio = 2.0,
    ):
        super().__init__()
        narrow = in_channels // 8
        shape = {"kernel_size": list(kernel_size), "act": "swish"}
        self.conv1 = SVTRConv(in_channels, narrow, **shape)
        self.conv2 = SVTRConv(narrow, hidden_dims, 1, act="swish")
        self.svtr_block = _blocks(depth, hidden_dims, mlp_ratio, num_heads)
        self.norm = nn.LayerNorm(hidden_dims, epsilon=1e-6)
        self.conv3 = SVTRConv(hidden_dims, in_channels, 1, act="swish")
        self.conv4 = SVTRConv(2 * in_channels, narrow, **shape)
        self.conv1x1 = SVTRConv(narrow, dims, 1, act="swish")
        self._guided = use_guide
        self.out_channels = dims

    @staticmethod
    def check_arguments(hidden_dims, num_heads):
        """Yields a width that cannot be shared out."""
        yield from undivided([hidden_dims], [num_heads], "hidden_dims")

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, dims, H, W]``."""
        x = x.detach() if self._guided else x
        height = x.shape[2]
        tokens = to_tokens(self.conv2(self.conv1(x)))
        for block in self.svtr_block:
            tokens = block(tokens)
        y = self.conv3(to_map(self.norm(tokens), height))
        return self.conv1x1(self.conv4(paddle.concat([x, y], axis=1)))


class LightSVTREncoder(nn.Layer):
    """Few channels, a depthwise convolution along the line, SVTR blocks, and a shortcut around all of them.

    Source: PP-OCRv6.

    Args:
        in_channels: channels of the map.
        dims: channels of the result.
        depth: blocks.
        mlp_ratio: hidden width of a block's linear layers to ``dims``.
        local_kernel: width of the depthwise convolution.
        use_guide: send no gradient back into the map, which another branch trains.
    """

    def __init__(
        self,
        in_channels: int,
        dims: Annotated[int, Range(HEADS, 4_096, step=HEADS)] = 120,
        depth: Depth = 2,
        mlp_ratio: Ratio = 2.0,
        local_kernel: Kernel = 7,
        use_guide: bool = False,
    ):
        super().__init__()
        self.conv_reduce = SVTRConv(in_channels, dims, 1, act="swish")
        kernel = [1, local_kernel]
        local = nn.Conv2D(dims, dims, kernel, padding=[0, local_kernel // 2], groups=dims, bias_attr=False)
        self.local_conv = nn.Sequential(local, nn.BatchNorm2D(dims), nn.Swish())
        self.svtr_block = _blocks(depth, dims, mlp_ratio)
        self.norm = nn.LayerNorm(dims, epsilon=1e-6)
        self.skip_conv = SVTRConv(in_channels, dims, 1, act="swish")
        self._guided = use_guide
        self.out_channels = dims

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, dims, H, W]``."""
        x = x.detach() if self._guided else x
        y = self.conv_reduce(x)
        tokens = to_tokens(y + self.local_conv(y))
        for block in self.svtr_block:
            tokens = block(tokens)
        return to_map(self.norm(tokens), x.shape[2]) + self.skip_conv(x)
