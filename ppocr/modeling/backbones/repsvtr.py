"""RepSVTR: a convolutional backbone whose depthwise layers train as several branches.

Source: RepViT (https://arxiv.org/abs/2307.09283); SVTRv2 (https://arxiv.org/abs/2411.15858) for its use on text lines.
"""

from typing import NamedTuple

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.backbones.rep_layers import SHRINK, SQUEEZE, RepDepthwise
from ppocr.modeling.common import make_divisible
from ppocr.modeling.reparameterise import fold_norm, kernel_of


class Stage(NamedTuple):
    """One stage; ``blocks`` has a letter for each block, see ``ppocr.modeling.backbones.rep_layers``."""

    channels: int
    blocks: str
    stride: tuple = (2, 2)


class NormedConv(nn.Layer):
    """Convolution without bias that keeps the size at stride 1, and batch normalisation."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, groups=1):
        super().__init__()
        self.c = nn.Conv2D(
            in_channels, out_channels, kernel_size, stride, kernel_size // 2, groups=groups, bias_attr=False
        )
        self.bn = nn.BatchNorm2D(out_channels)

    def forward(self, x):
        return self.bn(self.c(x))

    def kernel(self):
        """Returns kernel and bias of the two layers together."""
        return fold_norm(kernel_of(self.c), self.bn)


class SqueezeExcite(nn.Layer):
    """Weighs every channel by what the mean of all channels says, with a soft gate."""

    def __init__(self, channels):
        super().__init__()
        width = make_divisible(channels / 4)
        self.fc1 = nn.Conv2D(channels, width, 1)
        self.fc2 = nn.Conv2D(width, channels, 1)

    def forward(self, x):
        return x * F.sigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class ChannelMixer(nn.Layer):
    """Two pointwise convolutions with twice the channels between them, added to their input."""

    def __init__(self, channels):
        super().__init__()
        self.m = nn.Sequential(NormedConv(channels, 2 * channels, 1), nn.GELU(), NormedConv(2 * channels, channels, 1))

    def forward(self, x):
        return x + self.m(x)


class Block(nn.Layer):
    """Mixes along the map, then along the channels; ``kind`` is a letter of ``Stage.blocks``."""

    def __init__(self, in_channels, stage, kind):
        super().__init__()
        if kind == SHRINK:
            first = NormedConv(in_channels, in_channels, 3, stage.stride, groups=in_channels)
            last = NormedConv(in_channels, stage.channels, 1)
            mixer = [first, nn.Identity(), last]
        else:
            conv = NormedConv(in_channels, in_channels, 3, groups=in_channels)
            mixer = [RepDepthwise(in_channels, conv, bias=True)]
            mixer += [SqueezeExcite(in_channels)] if kind == SQUEEZE else []
        self.token_mixer = nn.Sequential(*mixer)
        self.channel_mixer = ChannelMixer(stage.channels)

    def forward(self, x):
        return self.channel_mixer(self.token_mixer(x))


def make_features(in_channels, stages):
    """Returns the stem, which shrinks both sides to a quarter, and all blocks of ``stages`` as one list."""
    channels = stages[0].channels
    first, second = NormedConv(in_channels, channels // 2, 3, 2), NormedConv(channels // 2, channels, 3, 2)
    features = [nn.Sequential(first, nn.GELU(), second)]
    for stage in stages:
        for kind in stage.blocks:
            features.append(Block(channels, stage, kind))
            channels = stage.channels
    return nn.LayerList(features)
