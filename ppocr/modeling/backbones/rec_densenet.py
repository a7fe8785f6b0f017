"""DenseNet for images of formulas."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import BACKBONES
from ppocr.values import Channels, Fraction, Range

BLOCKS = 16  # of each stage, where a block has two convolutions; twice as many where it has one
DROPOUT = 0.2


class Bottleneck(nn.Layer):
    """A 1x1 and a 3x3 convolution; what they give stands behind what they were given."""

    def __init__(self, in_channels, growth, dropout):
        super().__init__()
        width = 4 * growth
        self.conv1, self.bn1 = nn.Conv2D(in_channels, width, 1), nn.BatchNorm2D(width)
        self.conv2, self.bn2 = nn.Conv2D(width, growth, 3, padding=1), nn.BatchNorm2D(growth)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        y = self.dropout(F.relu(self.bn1(self.conv1(x))))
        y = self.dropout(F.relu(self.bn2(self.conv2(y))))
        return paddle.concat([x, y], axis=1)


class SingleLayer(nn.Layer):
    """A 3x3 convolution; what it gives stands behind what it was given."""

    def __init__(self, in_channels, growth, dropout):
        super().__init__()
        self.bn1 = nn.BatchNorm2D(in_channels)
        self.conv1 = nn.Conv2D(in_channels, growth, 3, padding=1, bias_attr=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return paddle.concat([x, self.dropout(self.conv1(F.relu(x)))], axis=1)


class Transition(nn.Layer):
    """A 1x1 convolution and a mean over two by two places."""

    def __init__(self, in_channels, out_channels, dropout):
        super().__init__()
        self.bn1 = nn.BatchNorm2D(out_channels)
        self.conv1 = nn.Conv2D(in_channels, out_channels, 1, bias_attr=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = self.dropout(F.relu(self.bn1(self.conv1(x))))
        return F.avg_pool2d(x, 2, 2, ceil_mode=True)


@BACKBONES.register()
class DenseNet(nn.Layer):
    """Three stages, in which each block adds channels to all those before it.

    Source: Densely Connected Convolutional Networks (https://arxiv.org/abs/1608.06993), as CAN has it
    (https://arxiv.org/abs/2207.11463).

    Args:
        growthRate: channels that a block adds.
        reduction: share of the channels that is left between two stages.
        bottleneck: a 1x1 convolution comes first in each block; otherwise there are twice as many blocks.
        use_dropout: dropout behind each convolution of the stages.
        input_channel: channels of the image.
    """

    def __init__(
        self,
        growthRate: Annotated[int, Range(1, 512)] = 24,
        reduction: Fraction = 0.5,
        bottleneck: bool = True,
        use_dropout: bool = True,
        input_channel: Channels = 1,
    ):
        super().__init__()
        dropout = DROPOUT if use_dropout else 0.0
        kind, depth = (Bottleneck, BLOCKS) if bottleneck else (SingleLayer, 2 * BLOCKS)
        width = 2 * growthRate
        self.conv1 = nn.Conv2D(input_channel, width, 7, stride=2, padding=3, bias_attr=False)
        self._stages = []
        for number in (1, 2, 3):
            blocks = nn.Sequential(*[kind(width + i * growthRate, growthRate, dropout) for i in range(depth)])
            self._stages.append(self.add_sublayer(f"dense{number}", blocks))
            width += depth * growthRate
            if number < 3:
                narrow = int(width * reduction)
                self._stages.append(self.add_sublayer(f"trans{number}", Transition(width, narrow, dropout)))
                width = narrow
        self.out_channels = width

    def forward(self, x):
        """Maps ``[N, input_channel, H, W]`` to ``[N, out_channels, H / 16, W / 16]``, sides rounded up."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2, 2, ceil_mode=True)
        for stage in self._stages:
            x = stage(x)
        return x
