"""MobileNetV3 as a feature pyramid, for detection and tables."""

from typing import Literal

from paddle import nn

from ppocr.modeling.backbones.mobilenet_v3 import LAST_CHANNELS, ROWS, STEM_CHANNELS, make_blocks
from ppocr.modeling.layers.channels import make_divisible
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.stages import run_stages
from ppocr.registry import BACKBONES
from ppocr.values import Scale


@BACKBONES.register(scope=("det", "table"), name="MobileNetV3")
class DetMobileNetV3(nn.Layer):
    """MobileNetV3 without its classifier; gives the maps at 1/4, 1/8, 1/16 and 1/32 of the image.

    Args:
        in_channels: channels of the image.
        model_name: which of the two published tables.
        scale: factor on all channel numbers, which stay multiples of 8.
        disable_se: leave out squeeze-and-excitation, which is slow on many devices.
    """

    def __init__(
        self,
        in_channels: int = 3,
        model_name: Literal["large", "small"] = "large",
        scale: Scale = 0.5,
        disable_se: bool = False,
    ):
        super().__init__()
        rows = ROWS[model_name]
        self.conv = ConvNormAct(in_channels, make_divisible(STEM_CHANNELS * scale), 3, 2, act="hardswish")
        bounds = _stage_bounds(rows)
        blocks = make_blocks(rows, scale, disable_se)
        stages = [blocks[start:end] for start, end in zip(bounds, bounds[1:])]
        self.out_channels = [make_divisible(rows[end - 1].out * scale) for end in bounds[1:]]
        last = make_divisible(LAST_CHANNELS[model_name] * scale)
        stages[-1].append(ConvNormAct(self.out_channels[-1], last, 1, act="hardswish"))
        self.out_channels[-1] = last
        self.stages = [self.add_sublayer(f"stage{i}", nn.Sequential(*stage)) for i, stage in enumerate(stages)]

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of 4 maps, ``out_channels[i]`` channels at 1/4 to 1/32."""
        return run_stages(self.conv(x), self.stages)


def _stage_bounds(rows):
    """Returns where the 4 stages start, and the end: the last three start with the last three halvings."""
    halvings = [i for i, row in enumerate(rows) if row.stride == 2]
    return [0, *halvings[-3:], len(rows)]
