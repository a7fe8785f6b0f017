"""What the detection and the recognition form of MobileNetV3 share: the published table and its block.

Source: Searching for MobileNetV3 (https://arxiv.org/abs/1905.02244), tables 1 and 2.
"""

from typing import NamedTuple

from paddle import nn

from ppocr.modeling.layers.channels import make_divisible
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.squeeze_excite import SqueezeExcite

GATE_SLOPE = 0.2  # of PaddleOCR's MobileNetV3; the paper's gate has 1/6

STEM_CHANNELS = 16
LAST_CHANNELS = {"large": 960, "small": 576}


class MobileNetV3Row(NamedTuple):
    """One block of the published table, before scaling."""

    kernel: int
    expanded: int
    out: int
    squeeze: bool
    act: str
    stride: int


ROWS = {
    "large": (
        MobileNetV3Row(3, 16, 16, False, "relu", 1),
        MobileNetV3Row(3, 64, 24, False, "relu", 2),
        MobileNetV3Row(3, 72, 24, False, "relu", 1),
        MobileNetV3Row(5, 72, 40, True, "relu", 2),
        MobileNetV3Row(5, 120, 40, True, "relu", 1),
        MobileNetV3Row(5, 120, 40, True, "relu", 1),
        MobileNetV3Row(3, 240, 80, False, "hardswish", 2),
        MobileNetV3Row(3, 200, 80, False, "hardswish", 1),
        MobileNetV3Row(3, 184, 80, False, "hardswish", 1),
        MobileNetV3Row(3, 184, 80, False, "hardswish", 1),
        MobileNetV3Row(3, 480, 112, True, "hardswish", 1),
        MobileNetV3Row(3, 672, 112, True, "hardswish", 1),
        MobileNetV3Row(5, 672, 160, True, "hardswish", 2),
        MobileNetV3Row(5, 960, 160, True, "hardswish", 1),
        MobileNetV3Row(5, 960, 160, True, "hardswish", 1),
    ),
    "small": (
        MobileNetV3Row(3, 16, 16, True, "relu", 2),
        MobileNetV3Row(3, 72, 24, False, "relu", 2),
        MobileNetV3Row(3, 88, 24, False, "relu", 1),
        MobileNetV3Row(5, 96, 40, True, "hardswish", 2),
        MobileNetV3Row(5, 240, 40, True, "hardswish", 1),
        MobileNetV3Row(5, 240, 40, True, "hardswish", 1),
        MobileNetV3Row(5, 120, 48, True, "hardswish", 1),
        MobileNetV3Row(5, 144, 48, True, "hardswish", 1),
        MobileNetV3Row(5, 288, 96, True, "hardswish", 2),
        MobileNetV3Row(5, 576, 96, True, "hardswish", 1),
        MobileNetV3Row(5, 576, 96, True, "hardswish", 1),
    ),
}


def make_blocks(rows, scale, disable_se=False):
    """Returns the blocks of ``rows`` with their channels scaled; the first one is fed by the stem."""
    blocks, channels = [], make_divisible(STEM_CHANNELS * scale)
    for row in rows:
        scaled = row._replace(
            expanded=make_divisible(row.expanded * scale),
            out=make_divisible(row.out * scale),
            squeeze=row.squeeze and not disable_se,
        )
        blocks.append(InvertedResidual(channels, scaled))
        channels = scaled.out
    return blocks


class InvertedResidual(nn.Layer):
    """Expansion, depthwise convolution, optional squeeze-and-excitation, projection.

    The input is added where ``row.stride`` is the number 1 and the channels agree; a pair, even ``(1, 1)``, adds none.
    """

    def __init__(self, in_channels, row):
        super().__init__()
        self._shortcut = row.stride == 1 and in_channels == row.out
        self._squeeze = row.squeeze
        self.expand_conv = ConvNormAct(in_channels, row.expanded, 1, act=row.act)
        self.bottleneck_conv = ConvNormAct(
            row.expanded, row.expanded, row.kernel, row.stride, groups=row.expanded, act=row.act
        )
        if row.squeeze:
            self.mid_se = SqueezeExcite(row.expanded, slope=GATE_SLOPE)
        self.linear_conv = ConvNormAct(row.expanded, row.out, 1)

    def forward(self, x):
        y = self.bottleneck_conv(self.expand_conv(x))
        y = self.linear_conv(self.mid_se(y) if self._squeeze else y)
        return x + y if self._shortcut else y
