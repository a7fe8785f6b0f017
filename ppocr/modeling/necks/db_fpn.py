"""Feature pyramids that end in one map at a quarter of the image, for segmentation-based detection."""

import paddle
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import plain_conv
from ppocr.modeling.layers.pyramid import PyramidWidth, top_down, upsample_levels
from ppocr.registry import NECKS
from ppocr.values import Maps


@NECKS.register()
class DBFPN(nn.Layer):
    """Top-down pyramid whose four levels are smoothed, enlarged to a quarter of the image and stacked.

    Source: Differentiable Binarization (https://arxiv.org/abs/1911.08947), figure 3.

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32.
        out_channels: channels of the result, a quarter of them from each level.
        use_asf: weigh the levels pixel by pixel; see :class:`AdaptiveScaleFusion`.
    """

    def __init__(self, in_channels: Maps, out_channels: PyramidWidth, use_asf: bool = False):
        super().__init__()
        for level, channels in zip((2, 3, 4, 5), in_channels):
            self.add_sublayer(f"in{level}_conv", plain_conv(channels, out_channels, 1))
        for level in (5, 4, 3, 2):
            self.add_sublayer(f"p{level}_conv", plain_conv(out_channels, out_channels // 4, 3))
        self.asf = AdaptiveScaleFusion(out_channels) if use_asf else None
        self.out_channels = out_channels

    def forward(self, x):
        """Maps the list of four maps to ``[N, out_channels, H / 4, W / 4]``; sides must be multiples of 32."""
        c2, c3, c4, c5 = x
        levels = top_down([self.in2_conv(c2), self.in3_conv(c3), self.in4_conv(c4), self.in5_conv(c5)])
        smooth = (self.p2_conv, self.p3_conv, self.p4_conv, self.p5_conv)
        levels = upsample_levels([conv(level) for conv, level in zip(smooth, levels)])
        stacked = paddle.concat(levels, axis=1)
        return stacked if self.asf is None else self.asf(stacked, levels)


class AdaptiveScaleFusion(nn.Layer):
    """Weighs the levels of a pyramid against each other, pixel by pixel.

    Source: Differentiable Binarization and Adaptive Scale Fusion (https://arxiv.org/abs/2202.10304), section 3.3.

    Args:
        channels: of the stacked levels.
        levels: how many there are.
    """

    def __init__(self, channels, levels=4):
        super().__init__()
        width = channels // levels
        self.conv = nn.Conv2D(channels, width, 3, padding=1)
        self.spatial_scale = nn.Sequential(
            nn.Conv2D(1, 1, 3, padding=1, bias_attr=False), nn.ReLU(), nn.Conv2D(1, 1, 1, bias_attr=False), nn.Sigmoid()
        )
        self.channel_scale = nn.Sequential(nn.Conv2D(width, levels, 1, bias_attr=False), nn.Sigmoid())

    def forward(self, stacked, levels):
        """Maps the stacked levels and the list of them to the stack of the weighted levels."""
        fused = self.conv(stacked)
        attention = fused + self.spatial_scale(fused.mean(axis=1, keepdim=True))
        weights = self.channel_scale(attention)
        return paddle.concat([weights[:, i : i + 1] * level for i, level in enumerate(levels)], axis=1)
