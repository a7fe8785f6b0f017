"""PP-HGNet: blocks that stack the outputs of all their convolutions, for detection and recognition.

Source: An Energy and GPU-Computation Efficient Backbone Network (https://arxiv.org/abs/1904.09730) for the one-shot
aggregation with attention that PP-HGNet is made of.
"""

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.backbones.pplcnet_v3 import pool_text_line
from ppocr.modeling.backbones.rep_layers import NormedConv
from ppocr.modeling.parameter_options import exempt_norms_from_decay
from ppocr.registry import BACKBONES

STEM = (64, 64, 128)
LAYERS = 6  # convolutions of a block
TEXT_LINE_STRIDES = ((2, 1), (1, 2), (2, 1), (2, 1))


class Stage(NamedTuple):
    """Channels inside and behind the blocks, and how many blocks."""

    middle: int
    out: int
    blocks: int


STAGES = (Stage(128, 256, 1), Stage(160, 512, 1), Stage(192, 768, 2), Stage(224, 1024, 1))


class ChannelGate(nn.Layer):
    """Weighs every channel by a linear function of the means of all channels."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2D(channels, channels, 1)

    def forward(self, x):
        return x * F.sigmoid(self.conv(F.adaptive_avg_pool2d(x, 1)))


class AggregationBlock(nn.Layer):
    """Convolutions in a row; input and all outputs are stacked, brought to one width and gated.

    Args:
        shortcut: add the input, which has ``stage.out`` channels then.
    """

    def __init__(self, in_channels, stage, shortcut):
        super().__init__()
        widths = [in_channels, *[stage.middle] * LAYERS]
        self.layers = nn.LayerList([NormedConv(a, b, 3, act="relu") for a, b in zip(widths, widths[1:])])
        self.aggregation_conv = NormedConv(sum(widths), stage.out, 1, act="relu")
        self.att = ChannelGate(stage.out)
        self._shortcut = shortcut

    def forward(self, x):
        y = self.att(self.aggregation_conv(stack_outputs(x, self.layers)))
        return x + y if self._shortcut else y


def stack_outputs(x, layers):
    """Runs ``layers`` in a row and returns the input and all their outputs along the channels."""
    outputs = [x]
    for layer in layers:
        outputs.append(layer(outputs[-1]))
    return paddle.concat(outputs, axis=1)


class StageLayers(nn.Layer):
    """An optional depthwise convolution that shrinks the map, then the blocks of a stage.

    Args:
        make_block: ``(in_channels, shortcut) -> layer``.
        stride: of the first convolution; None leaves it out.
    """

    def __init__(self, in_channels, stage, make_block, stride):
        super().__init__()
        self.downsample = None
        if stride is not None:
            self.downsample = NormedConv(in_channels, in_channels, 3, stride, groups=in_channels)
        widths = [in_channels, *[stage.out] * (stage.blocks - 1)]
        self.blocks = nn.Sequential(*[make_block(width, i > 0) for i, width in enumerate(widths)])

    def forward(self, x):
        return self.blocks(x if self.downsample is None else self.downsample(x))


def stage_strides(det):
    """Returns the strides of the four stages; None where a stage starts without one."""
    return (None, 2, 2, 2) if det else TEXT_LINE_STRIDES


@BACKBONES.register(name="PPHGNet_small")
class PPHGNetSmall(nn.Layer):
    """PP-HGNet, small, as a feature pyramid (``det``) or as a map of a text line.

    Args:
        in_channels: channels of the image.
        det: the form for detection: the maps at 1/4, 1/8, 1/16 and 1/32 of the image.
    """

    def __init__(self, in_channels: int = 3, det: bool = False):
        super().__init__()
        widths = (in_channels, *STEM)
        stem = [NormedConv(a, b, 3, 1 if i else 2, act="relu") for i, (a, b) in enumerate(zip(widths, STEM))]
        self.stem = nn.Sequential(*stem)
        stages, channels = [], STEM[-1]
        for stage, stride in zip(STAGES, stage_strides(det)):
            stages.append(StageLayers(channels, stage, _block_maker(stage), stride))
            channels = stage.out
        self.stages = nn.LayerList(stages)
        self.out_channels = [stage.out for stage in STAGES] if det else channels
        self._det = det
        exempt_norms_from_decay(self)

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of four maps (``det``) or to ``[N, out_channels, 1, T]``.

        For a text line H is 48; T is 40 in training, whatever the width, and W / 8 in evaluation.
        """
        x = self.stem(x)
        if self._det:
            x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
        maps = run_stages(x, self.stages)
        return maps if self._det else pool_text_line(maps[-1], self.training)


def _block_maker(stage):
    return lambda in_channels, shortcut: AggregationBlock(in_channels, stage, shortcut)


def run_stages(x, stages):
    """Returns the maps that the stages give, each fed with the one before."""
    maps = []
    for stage in stages:
        x = stage(x)
        maps.append(x)
    return maps
