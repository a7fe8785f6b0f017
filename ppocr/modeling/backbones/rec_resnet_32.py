"""ResNet-32 for text lines: residual blocks between plain convolutions, one row of features at the end.

Source: Focusing Attention (https://arxiv.org/abs/1709.02054), table 1.
"""

from typing import Annotated

import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import BACKBONES
from ppocr.values import Range


def _conv(in_channels, out_channels, kernel_size, stride=1, padding=0):
    return nn.Conv2D(in_channels, out_channels, kernel_size, stride, padding, bias_attr=False)


class BasicBlock(nn.Layer):
    """Two 3x3 convolutions and a shortcut, which has a 1x1 convolution where the number of channels changes."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv1 = _conv(in_channels, out_channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2D(out_channels)
        self.conv2 = _conv(out_channels, out_channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2D(out_channels)
        self.downsample = None
        if in_channels != out_channels:
            self.downsample = nn.Sequential(_conv(in_channels, out_channels, 1), nn.BatchNorm2D(out_channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Chain(nn.Layer):
    """Layers in a row; convolution and normalisation lie side by side, as checkpoints have them."""

    def conv(self, prefix, place, in_channels, out_channels, kernel_size=3, stride=1, padding=1):
        """Adds a convolution, ``<prefix>conv<place>``, and its normalisation; returns the steps of these."""
        conv = self.add_sublayer(f"{prefix}conv{place}", _conv(in_channels, out_channels, kernel_size, stride, padding))
        return [conv, self.add_sublayer(f"{prefix}bn{place}", nn.BatchNorm2D(out_channels)), F.relu]

    def blocks(self, name, in_channels, out_channels, depth):
        """Adds residual blocks; returns their step."""
        channels = [in_channels, *[out_channels] * depth]
        blocks = [BasicBlock(*pair) for pair in zip(channels, channels[1:])]
        return [self.add_sublayer(name, nn.Sequential(*blocks))]


def shallow_steps(net, in_channels, width):
    """Adds the layers up to a quarter of the image to a :class:`Chain`; returns their steps."""
    a, b, c, d = (width // part for part in (16, 8, 4, 2))
    return [
        *net.conv("", "0_1", in_channels, a),
        *net.conv("", "0_2", a, b),
        nn.MaxPool2D(2, 2),
        *net.blocks("layer1", b, c, 1),
        *net.conv("", "1", c, c),
        nn.MaxPool2D(2, 2),
        *net.blocks("layer2", c, d, 2),
        *net.conv("", "2", d, d),
    ]


def deep_steps(net, width, prefix=""):
    """Adds the layers from there to one row with ``width`` channels; a column is four pixels of the image."""
    return [
        nn.MaxPool2D(2, (2, 1), (0, 1)),
        *net.blocks(f"{prefix}layer3", width // 2, width, 5),
        *net.conv(prefix, "3", width, width),
        *net.blocks(f"{prefix}layer4", width, width, 3),
        *net.conv(prefix, "4_1", width, width, 2, (2, 1), (0, 1)),
        *net.conv(prefix, "4_2", width, width, 2, 1, 0),
    ]


def run(steps, x):
    """Returns what the last of several steps gives."""
    for step in steps:
        x = step(x)
    return x


class ConvNet(Chain):
    """All of it."""

    def __init__(self, in_channels, width):
        super().__init__()
        self._steps = shallow_steps(self, in_channels, width) + deep_steps(self, width)

    def forward(self, x):
        return run(self._steps, x)


@BACKBONES.register(scope="rec")
class ResNet32(nn.Layer):
    """Residual blocks between plain convolutions.

    Source: Focusing Attention (https://arxiv.org/abs/1709.02054).

    Args:
        in_channels: channels of the image.
        out_channels: channels of the last map.
    """

    def __init__(self, in_channels: int, out_channels: Annotated[int, Range(16, 4_096, step=16)] = 512):
        super().__init__()
        self.ConvNet = ConvNet(in_channels, out_channels)
        self.out_channels = out_channels

    def forward(self, x):
        """Maps ``[N, in_channels, 32, W]`` to ``[N, out_channels, 1, W // 4 + 1]``."""
        return self.ConvNet(x)
