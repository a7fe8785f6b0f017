"""The pyramid of the SAST detector: from the large maps down, from the small ones up, and attention over both."""

from typing import Annotated

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.axis_attention import CrossAttention
from ppocr.modeling.layers.conv_norm_act import ConvNormAct, DeconvNormAct
from ppocr.modeling.layers.pyramid import merge_in_steps
from ppocr.registry import NECKS
from ppocr.values import Length, Width

OUT_CHANNELS = 128
DOWN = (32, 64, 128)  # channels at 1, 1/2 and 1/4 of the image
UP = (256, 256, 192, 192, 128)  # at 1/64 to 1/4


@NECKS.register()
class SASTFPN(nn.Layer):
    """Adds up what the large maps and what the small ones give at a quarter of the image.

    Source: A Single-Shot Arbitrarily-Shaped Text Detector (https://arxiv.org/abs/1908.05498), section 3.2.

    Args:
        in_channels: channels of the image and of the maps at 1/2, 1/4, 1/8, 1/16, 1/32 and 1/64.
        with_cab: attend to rows and columns; see :class:`ppocr.modeling.layers.axis_attention.CrossAttention`.
    """

    def __init__(self, in_channels: Annotated[list[Width], Length(7, 7)], with_cab: bool = False):
        super().__init__()
        self.FPN_Down_Fusion = DownFusion(in_channels[:3])
        self.FPN_Up_Fusion = UpFusion(in_channels[:1:-1])
        self.cross_attention = CrossAttention(OUT_CHANNELS) if with_cab else None
        self.out_channels = OUT_CHANNELS

    def forward(self, x):
        """Maps the list of seven maps to ``[N, 128, H / 4, W / 4]``; sides must be multiples of 64."""
        fused = F.relu(self.FPN_Down_Fusion(x[:3]) + self.FPN_Up_Fusion(x[:1:-1]))
        return fused if self.cross_attention is None else self.cross_attention(fused)


class Fusion(nn.Layer):
    """Adds up maps of a pyramid one by one, each brought to the size of the next: levels ``h``, steps ``g``."""

    def __init__(self, laterals, steps):
        super().__init__()
        for i, lateral in enumerate(laterals):
            self.add_sublayer(f"h{i}_conv", lateral)
        for i, step in enumerate(steps):
            self.add_sublayer(f"g{i}_conv", step)
        self._levels = list(zip(laterals, steps))

    def forward(self, maps):
        """Maps a list of maps to that of the last step."""
        return merge_in_steps(maps, self._levels)


class DownFusion(Fusion):
    """From the image to a quarter of it; ``in_channels`` at 1, 1/2 and 1/4."""

    def __init__(self, in_channels):
        first, second, third = DOWN
        laterals = [ConvNormAct(given, width, 3) for given, width in zip(in_channels, DOWN)]
        steps = [
            ConvNormAct(first, second, 3, 2),
            nn.Sequential(_smooth(second), ConvNormAct(second, third, 3, 2)),
            nn.Sequential(_smooth(third), ConvNormAct(third, OUT_CHANNELS, 1)),
        ]
        super().__init__(laterals, steps)


class UpFusion(Fusion):
    """From 1/64 to 1/4 of the image; ``in_channels`` in this order."""

    def __init__(self, in_channels):
        laterals = [ConvNormAct(given, width, 1) for given, width in zip(in_channels, UP)]
        first, *others = [DeconvNormAct(width, wider, 4, 2, 1) for width, wider in zip(UP, UP[1:])]
        steps = [first, *(nn.Sequential(_smooth(width), double) for width, double in zip(UP[1:], others))]
        steps.append(nn.Sequential(_smooth(UP[-1]), ConvNormAct(UP[-1], OUT_CHANNELS, 1)))
        super().__init__(laterals, steps)


def _smooth(width):
    return ConvNormAct(width, width, 3, act="relu")
