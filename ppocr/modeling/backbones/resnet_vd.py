"""What the detection and the recognition form of ResNet-vd share.

Source: Deep Residual Learning (https://arxiv.org/abs/1512.03385) with the stem and the pooled shortcuts of
Bag of Tricks for Image Classification (https://arxiv.org/abs/1812.01187), models C and D.
"""

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.common import ModulatedDeformConv

DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 12, 48, 3),
}
WIDTHS = (64, 128, 256, 512)


class ConvBN(nn.Layer):
    """Convolution that keeps the size at stride 1, batch normalisation, and a ReLU if asked for."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, relu=True, deformable=False):
        super().__init__()
        padding = kernel_size // 2
        if deformable:
            self._conv = ModulatedDeformConv(in_channels, out_channels, stride, padding)
        else:
            self._conv = nn.Conv2D(in_channels, out_channels, kernel_size, stride, padding, bias_attr=False)
        self._batch_norm = nn.BatchNorm2D(out_channels)
        self._relu = relu

    def forward(self, x):
        x = self._batch_norm(self._conv(x))
        return F.relu(x) if self._relu else x


class Block(nn.Layer):
    """Residual block; its shortcut is the input, or a mean over the stride and a 1x1 convolution.

    Args:
        convs: the convolutions of the main branch.
        short: None, or the convolution of the shortcut.
        stride: of the block, as the shortcut needs it.
    """

    def __init__(self, convs, short, stride):
        super().__init__()
        for i, conv in enumerate(convs):
            self.add_sublayer(f"conv{i}", conv)
        self._convs = convs
        self.short = short
        self._pool = stride if stride not in (1, (1, 1)) else None

    def forward(self, x):
        y = x
        for conv in self._convs:
            y = conv(y)
        if self._pool is not None:
            x = F.avg_pool2d(x, self._pool, self._pool, ceil_mode=True)
        if self.short is not None:
            x = self.short(x)
        return F.relu(x + y)


def basic_block(in_channels, width, stride, first, deformable):
    """Two 3x3 convolutions (ResNet-18 and -34); gives ``width`` channels."""
    convs = [
        ConvBN(in_channels, width, 3, stride),
        ConvBN(width, width, 3, relu=False, deformable=deformable),
    ]
    return Block(convs, ConvBN(in_channels, width, 1, relu=False) if first else None, stride), width


def bottleneck_block(in_channels, width, stride, first, deformable):
    """1x1, 3x3 and 1x1 convolutions (ResNet-50 and deeper); gives ``4 * width`` channels."""
    convs = [
        ConvBN(in_channels, width, 1),
        ConvBN(width, width, 3, stride, deformable=deformable),
        ConvBN(width, 4 * width, 1, relu=False),
    ]
    return Block(convs, ConvBN(in_channels, 4 * width, 1, relu=False) if first else None, stride), 4 * width


class ResNetVd(nn.Layer):
    """Stem and the four stages.

    Args:
        in_channels: channels of the image.
        layers: a key of ``DEPTHS``.
        stem_stride: stride of the first convolution.
        stage_stride: stride of the first block of stages 1 to 3.
        dcn_stage: four flags, in which stages the 3x3 convolutions are deformable.
    """

    def __init__(self, in_channels, layers, stem_stride, stage_stride, dcn_stage=(False,) * 4):
        super().__init__()
        self.conv1_1 = ConvBN(in_channels, 32, 3, stem_stride)
        self.conv1_2 = ConvBN(32, 32, 3)
        self.conv1_3 = ConvBN(32, 64, 3)
        make = basic_block if layers < 50 else bottleneck_block
        channels = 64
        self._stages, self.stage_channels = [], []
        for i, (depth, width) in enumerate(zip(DEPTHS[layers], WIDTHS)):
            blocks = []
            for j in range(depth):
                stride = stage_stride if i > 0 and j == 0 else 1
                block, channels = make(channels, width, stride, j == 0, dcn_stage[i])
                blocks.append(self.add_sublayer(f"bb_{i}_{j}", block))
            self._stages.append(blocks)
            self.stage_channels.append(channels)

    def stage_maps(self, x):
        """Maps ``[N, in_channels, H, W]`` to the list of the four stages' maps."""
        x = self.conv1_3(self.conv1_2(self.conv1_1(x)))
        x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
        maps = []
        for blocks in self._stages:
            for block in blocks:
                x = block(x)
            maps.append(x)
        return maps
