"""ResNet with a fifth stage and the large maps besides, for reading pages from end to end."""

from typing import Literal

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.resnet_block import DEPTHS, FIFTH, WIDTHS, ResNetBlock, ResNetConv
from ppocr.modeling.layers.stages import run_stages
from ppocr.registry import BACKBONES


@BACKBONES.register(scope="e2e", name="ResNet")
class PGResNet(nn.Layer):
    """ResNet without its classifier, with a fifth stage; gives the image and the maps from 1/2 to 1/64 of it.

    Source: Deep Residual Learning (https://arxiv.org/abs/1512.03385), with the stride in the 3x3 convolutions, as PGNet
    (https://arxiv.org/abs/2104.05458) has it.

    Args:
        in_channels: channels of the image.
        layers: depth.
    """

    def __init__(self, in_channels: int = 3, layers: Literal[18, 34, 50, 101, 152, 200] = 50):
        super().__init__()
        self.conv1_1 = ResNetConv(in_channels, 64, 7, 2, act="relu")
        make = _basic_block if layers < 50 else _bottleneck_block
        channels = 64
        self._stages, self.out_channels = [], [in_channels, channels]
        for i, (depth, width) in enumerate([*zip(DEPTHS[layers], WIDTHS), FIFTH]):
            blocks = []
            for j in range(depth):
                block, channels = make(channels, width, 2 if i > 0 and j == 0 else 1, j == 0)
                blocks.append(self.add_sublayer(f"bb_{i}_{j}", block))
            self._stages.append(blocks)
            self.out_channels.append(channels)

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to the list of it and six maps with ``out_channels[i]`` channels."""
        stem = self.conv1_1(x)
        return [x, stem, *run_stages(F.max_pool2d(stem, kernel_size=3, stride=2, padding=1), self._stages)]


def _basic_block(in_channels, width, stride, first):
    convs = [ResNetConv(in_channels, width, 3, stride, act="relu"), ResNetConv(width, width, 3)]
    return ResNetBlock(convs, ResNetConv(in_channels, width, 1, stride) if first else None), width


def _bottleneck_block(in_channels, width, stride, first):
    convs = [
        ResNetConv(in_channels, width, 1, act="relu"),
        ResNetConv(width, width, 3, stride, act="relu"),
        ResNetConv(width, 4 * width, 1),
    ]
    return ResNetBlock(convs, ResNetConv(in_channels, 4 * width, 1, stride) if first else None), 4 * width
