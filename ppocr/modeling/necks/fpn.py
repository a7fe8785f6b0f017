"""The plain feature pyramid, whose levels are stacked at a quarter of the image."""

import paddle
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.upsample import upsample_bilinear
from ppocr.registry import NECKS
from ppocr.values import Maps, Width


@NECKS.register()
class FPN(nn.Layer):
    """Top-down pyramid that smooths each sum, and stacks the levels at a quarter of the image.

    Source: Feature Pyramid Networks (https://arxiv.org/abs/1612.03144), as PSENet uses it
    (https://arxiv.org/abs/1903.12473), section 3.2.

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32.
        out_channels: channels of each level; the result has four times as many.
    """

    def __init__(self, in_channels: Maps, out_channels: Width):
        super().__init__()
        self.toplayer_ = ConvNormAct(in_channels[3], out_channels, 1, act="relu")
        for i in (1, 2, 3):
            self.add_sublayer(f"latlayer{i}_", ConvNormAct(in_channels[3 - i], out_channels, 1, act="relu"))
        for i in (1, 2, 3):
            self.add_sublayer(f"smooth{i}_", ConvNormAct(out_channels, out_channels, 3, act="relu"))
        self.out_channels = 4 * out_channels

    def forward(self, x):
        """Maps the list of four maps to ``[N, 4 * out_channels, H / 4, W / 4]``; the largest level comes first."""
        level = self.toplayer_(x[3])
        levels = [level]
        for i in (1, 2, 3):
            lateral = getattr(self, f"latlayer{i}_")(x[3 - i])
            level = getattr(self, f"smooth{i}_")(lateral + upsample_bilinear(level, 2))
            levels.insert(0, level)
        return paddle.concat([upsample_bilinear(level, 2**i) for i, level in enumerate(levels)], axis=1)
