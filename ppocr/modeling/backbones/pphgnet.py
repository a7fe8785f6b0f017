"""PP-HGNet: blocks that stack the outputs of all their convolutions, for detection and recognition.

Source: An Energy and GPU-Computation Efficient Backbone Network (https://arxiv.org/abs/1904.09730) for the one-shot
aggregation with attention that PP-HGNet is made of.
"""

from typing import NamedTuple

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.aggregation import AggregationStage, stack_outputs, stage_strides
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.parameter_options import exempt_norms_from_decay
from ppocr.modeling.layers.pool import pool_text_line
from ppocr.modeling.layers.stages import run_stages
from ppocr.registry import BACKBONES

STEM = (64, 64, 128)
LAYERS = 6  # convolutions of a block


class HGNetStage(NamedTuple):
    """Channels inside and behind the blocks, and how many blocks."""

    middle: int
    out: int
    blocks: int


STAGES = (HGNetStage(128, 256, 1), HGNetStage(160, 512, 1), HGNetStage(192, 768, 2), HGNetStage(224, 1024, 1))


class ChannelGate(nn.Layer):
    """Weighs every channel by a linear function of the means of all channels."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2D(channels, channels, 1)

    def forward(self, x):
        return x * F.sigmoid(self.conv(F.adaptive_avg_pool2d(x, 1)))


class HGNetBlock(nn.Layer):
    """Convolutions in a row; input and all outputs are stacked, brought to one width and gated.

    Args:
        shortcut: add the input, which has ``stage.out`` channels then.
    """

    def __init__(self, in_channels, stage, shortcut):
        super().__init__()
        widths = [in_channels, *[stage.middle] * LAYERS]
        self.layers = nn.LayerList([ConvNormAct(a, b, 3, act="relu") for a, b in zip(widths, widths[1:])])
        self.aggregation_conv = ConvNormAct(sum(widths), stage.out, 1, act="relu")
        self.att = ChannelGate(stage.out)
        self._shortcut = shortcut

    def forward(self, x):
        y = self.att(self.aggregation_conv(stack_outputs(x, self.layers)))
        return x + y if self._shortcut else y


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
        stem = [ConvNormAct(a, b, 3, 1 if i else 2, act="relu") for i, (a, b) in enumerate(zip(widths, STEM))]
        self.stem = nn.Sequential(*stem)
        stages, channels = [], STEM[-1]
        for stage, stride in zip(STAGES, stage_strides(det)):
            stages.append(AggregationStage(channels, stage, _block_maker(stage), stride))
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
    return lambda in_channels, shortcut: HGNetBlock(in_channels, stage, shortcut)
