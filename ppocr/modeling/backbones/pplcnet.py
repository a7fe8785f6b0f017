"""PP-LCNet: depthwise separable convolutions with hard swish.

Source: PP-LCNet (https://arxiv.org/abs/2109.15099).
"""

from typing import NamedTuple

from paddle import nn

from ppocr.modeling.layers.channels import make_divisible
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.squeeze_excite import SqueezeExcite
from ppocr.modeling.layers.stages import run_stages
from ppocr.registry import BACKBONES
from ppocr.values import Scale

STEM_CHANNELS = 16


class LCNetRow(NamedTuple):
    """One block, before scaling."""

    kernel: int
    out: int
    stride: int
    squeeze: bool = False


STAGES = {
    "blocks2": (LCNetRow(3, 32, 1),),
    "blocks3": (LCNetRow(3, 64, 2), LCNetRow(3, 64, 1)),
    "blocks4": (LCNetRow(3, 128, 2), LCNetRow(3, 128, 1)),
    "blocks5": (LCNetRow(3, 256, 2), *[LCNetRow(5, 256, 1)] * 5),
    "blocks6": (LCNetRow(5, 512, 2, True), LCNetRow(5, 512, 1, True)),
}


class LCNetBlock(nn.Layer):
    """Depthwise convolution, optional squeeze-and-excitation, pointwise convolution."""

    def __init__(self, in_channels, row):
        super().__init__()
        form = {"groups": in_channels, "act": "hardswish"}
        self.dw_conv = ConvNormAct(in_channels, in_channels, row.kernel, row.stride, **form)
        self.se = SqueezeExcite(in_channels) if row.squeeze else None
        self.pw_conv = ConvNormAct(in_channels, row.out, 1, act="hardswish")

    def forward(self, x):
        x = self.dw_conv(x)
        return self.pw_conv(x if self.se is None else self.se(x))


@BACKBONES.register()
class PPLCNet(nn.Layer):
    """PP-LCNet as a feature pyramid.

    Args:
        in_channels: channels of the image.
        scale: factor on the channel numbers, which stay multiples of 8.
    """

    def __init__(self, in_channels: int = 3, scale: Scale = 1.0):
        super().__init__()
        channels = make_divisible(STEM_CHANNELS * scale)
        self.conv1 = ConvNormAct(in_channels, channels, 3, stride=2, act="hardswish")
        self._stages, self.out_channels = [], []
        for name, rows in STAGES.items():
            blocks = []
            for row in rows:
                row = row._replace(out=make_divisible(row.out * scale))
                blocks.append(LCNetBlock(channels, row))
                channels = row.out
            self._stages.append(self.add_sublayer(name, nn.Sequential(*blocks)))
            self.out_channels.append(channels)
        del self.out_channels[0]

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of four maps at 1/4, 1/8, 1/16 and 1/32 of the image."""
        return run_stages(self.conv1(x), self._stages)[1:]
