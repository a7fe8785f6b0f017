"""ResNet-45, residual blocks of a 1x1 and a 3x3 convolution, for text lines."""

import math

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal

from ppocr.registry import BACKBONES
from ppocr.values import Stride

DEPTHS = (3, 4, 6, 6, 3)
WIDTHS = (32, 64, 128, 256, 512)


def _conv(in_channels, out_channels, kernel_size, stride=1):
    std = math.sqrt(2.0 / (kernel_size**2 * out_channels))
    weight = ParamAttr(initializer=Normal(0.0, std))
    padding = kernel_size // 2
    return nn.Conv2D(in_channels, out_channels, kernel_size, stride, padding, weight_attr=weight, bias_attr=False)


class BasicBlock(nn.Layer):
    """1x1 and 3x3 convolution and a shortcut, which has a convolution where the shape changes."""

    def __init__(self, in_channels, out_channels, stride, first):
        super().__init__()
        self.conv1 = _conv(in_channels, out_channels, 1)
        self.bn1 = nn.BatchNorm2D(out_channels)
        self.conv2 = _conv(out_channels, out_channels, 3, stride)
        self.bn2 = nn.BatchNorm2D(out_channels)
        self.downsample = None
        if first and (stride != 1 or in_channels != out_channels):
            self.downsample = nn.Sequential(_conv(in_channels, out_channels, 1, stride), nn.BatchNorm2D(out_channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


@BACKBONES.register()
class ResNet45(nn.Layer):
    """Five stages of residual blocks.

    Source: ABINet (https://arxiv.org/abs/2103.06495) and VisionLAN (https://arxiv.org/abs/2108.09661).

    Args:
        in_channels: channels of the image.
        strides: stride of the first block of each stage.
    """

    def __init__(self, in_channels: int = 3, strides: tuple[Stride, Stride, Stride, Stride, Stride] = (2, 1, 2, 1, 1)):
        super().__init__()
        self.conv1 = _conv(in_channels, WIDTHS[0], 3)
        self.bn1 = nn.BatchNorm2D(WIDTHS[0])
        self._stages, channels = [], WIDTHS[0]
        for i, (depth, width, stride) in enumerate(zip(DEPTHS, WIDTHS, strides)):
            blocks = []
            for j in range(depth):
                blocks.append(BasicBlock(channels, width, stride if j == 0 else 1, j == 0))
                channels = width
            self._stages.append(self.add_sublayer(f"layer{i + 1}", nn.Sequential(*blocks)))
        self.out_channels = channels

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, 512, H', W']``, both sides divided by the product of the strides."""
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in self._stages:
            x = stage(x)
        return x
