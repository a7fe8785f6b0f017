"""What the detection and the recognition form of ResNet-vd share.

Source: Deep Residual Learning (https://arxiv.org/abs/1512.03385) with the stem and the pooled shortcuts of
Bag of Tricks for Image Classification (https://arxiv.org/abs/1812.01187), models C and D.
"""

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.resnet_block import DEPTHS, WIDTHS, DeformableResNetConv, ResNetBlock, ResNetConv
from ppocr.modeling.layers.stages import run_stages


def basic_block(in_channels, width, stride, first, deformable):
    """Two 3x3 convolutions (ResNet-18 and -34); gives ``width`` channels."""
    convs = [ResNetConv(in_channels, width, 3, stride, act="relu"), _conv3x3(width, deformable=deformable)]
    return ResNetBlock(convs, _shortcut(in_channels, width, first), stride), width


def bottleneck_block(in_channels, width, stride, first, deformable):
    """1x1, 3x3 and 1x1 convolutions (ResNet-50 and deeper); gives ``4 * width`` channels."""
    convs = [
        ResNetConv(in_channels, width, 1, act="relu"),
        _conv3x3(width, stride, "relu", deformable),
        ResNetConv(width, 4 * width, 1),
    ]
    return ResNetBlock(convs, _shortcut(in_channels, 4 * width, first), stride), 4 * width


def _conv3x3(width, stride=1, act=None, deformable=False):
    kind = DeformableResNetConv if deformable else ResNetConv
    return kind(width, width, 3, stride, act=act)


def _shortcut(in_channels, out_channels, first):
    return ResNetConv(in_channels, out_channels, 1) if first else None


class ResNetVd(nn.Layer):
    """Stem and stages, usually four.

    Args:
        in_channels: channels of the image.
        layers: a key of ``DEPTHS``.
        stem_stride: stride of the first convolution.
        stage_stride: stride of the first block of stages 1 to 3.
        dcn_stage: flags, in which stages the 3x3 convolutions are deformable.
        more: pairs of depth and width of further stages.
    """

    def __init__(self, in_channels, layers, stem_stride, stage_stride, dcn_stage=(False,) * 5, more=()):
        super().__init__()
        self.conv1_1 = ResNetConv(in_channels, 32, 3, stem_stride, act="relu")
        self.conv1_2 = ResNetConv(32, 32, 3, act="relu")
        self.conv1_3 = ResNetConv(32, 64, 3, act="relu")
        make = basic_block if layers < 50 else bottleneck_block
        channels = 64
        self._stages, self.stage_channels = [], []
        for i, (depth, width) in enumerate([*zip(DEPTHS[layers], WIDTHS), *more]):
            blocks = []
            for j in range(depth):
                stride = stage_stride if i > 0 and j == 0 else 1
                block, channels = make(channels, width, stride, j == 0, dcn_stage[i])
                blocks.append(self.add_sublayer(f"bb_{i}_{j}", block))
            self._stages.append(blocks)
            self.stage_channels.append(channels)

    def stem(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, 64, H / stem_stride, W / stem_stride]``."""
        return self.conv1_3(self.conv1_2(self.conv1_1(x)))

    def stage_maps(self, x):
        """Maps what the stem gives to the list of the stages' maps."""
        x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
        return run_stages(x, self._stages)
