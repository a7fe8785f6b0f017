"""ResNet as a feature pyramid, for detection.

Source: Deep Residual Learning (https://arxiv.org/abs/1512.03385), with the stride in the 3x3 convolutions.
"""

from string import ascii_lowercase
from typing import Literal, Optional

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.deformable_conv import ModulatedDeformConv
from ppocr.modeling.layers.resnet_block import DEPTHS, WIDTHS, ResNetBlock, ResNetConv
from ppocr.modeling.layers.stages import run_stages
from ppocr.registry import BACKBONES


@BACKBONES.register(scope="det", name="ResNet")
class DetResNet(nn.Layer):
    """ResNet without its classifier; gives the maps at 1/4, 1/8, 1/16 and 1/32 of the image.

    Args:
        in_channels: channels of the image.
        layers: depth.
        dcn_stage: for each of the four stages, whether its 3x3 convolutions are deformable.
    """

    def __init__(
        self,
        in_channels: int = 3,
        layers: Literal[18, 34, 50, 101, 152] = 50,
        dcn_stage: Optional[tuple[bool, bool, bool, bool]] = None,
    ):
        super().__init__()
        dcn_stage = dcn_stage or [False] * 4
        self.conv = ResNetConv(in_channels, 64, 7, 2, act="relu")
        make = _basic_block if layers < 50 else _bottleneck_block
        channels = 64
        self._stages, self.out_channels = [], []
        for i, (depth, width) in enumerate(zip(DEPTHS[layers], WIDTHS)):
            blocks = []
            for j in range(depth):
                block, channels = make(channels, width, 2 if i > 0 and j == 0 else 1, dcn_stage[i])
                blocks.append(self.add_sublayer(f"res{i + 2}{_suffix(depth, j)}", block))
            self._stages.append(blocks)
            self.out_channels.append(channels)

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of four maps with ``out_channels[i]`` channels."""
        x = F.max_pool2d(self.conv(x), kernel_size=3, stride=2, padding=1)
        return run_stages(x, self._stages)


def _suffix(depth, block):
    """Returns ``a``, ``b``, ... or, in the long stages of the deep models, ``a``, ``b1``, ``b2``, ..."""
    if depth <= 6:
        return ascii_lowercase[block]
    return f"b{block}" if block else "a"


def _basic_block(in_channels, width, stride, deformable):
    convs = [ResNetConv(in_channels, width, 3, stride, act="relu"), _conv3x3(width, 1, None, deformable)]
    return ResNetBlock(convs, _shortcut(in_channels, width, stride)), width


def _bottleneck_block(in_channels, width, stride, deformable):
    convs = [
        ResNetConv(in_channels, width, 1, act="relu"),
        _conv3x3(width, stride, "relu", deformable),
        ResNetConv(width, 4 * width, 1),
    ]
    return ResNetBlock(convs, _shortcut(in_channels, 4 * width, stride)), 4 * width


def _conv3x3(width, stride, act, deformable):
    layer = ResNetConv(width, width, 3, stride, act=act)
    if deformable:
        layer._conv = ModulatedDeformConv(width, width, stride, deformable_groups=1)
    return layer


def _shortcut(in_channels, out_channels, stride):
    """Returns None where the input can be added as it is, else a 1x1 convolution with the stride."""
    if in_channels == out_channels and stride == 1:
        return None
    return ResNetConv(in_channels, out_channels, 1, stride)
