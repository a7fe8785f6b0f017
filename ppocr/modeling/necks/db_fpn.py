"""Feature pyramids that end in one map at a quarter of the image, for segmentation-based detection."""

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingUniform

from ppocr.registry import NECKS


@NECKS.register()
class DBFPN(nn.Layer):
    """Top-down pyramid whose four levels are smoothed, enlarged to a quarter of the image and stacked.

    Source: Differentiable Binarization (https://arxiv.org/abs/1911.08947), figure 3.

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32.
        out_channels: channels of the result, a quarter of them from each level.
    """

    def __init__(self, in_channels: list, out_channels: int):
        super().__init__()
        for level, channels in zip((2, 3, 4, 5), in_channels):
            self.add_sublayer(f"in{level}_conv", _conv(channels, out_channels, 1))
        for level in (5, 4, 3, 2):
            self.add_sublayer(f"p{level}_conv", _conv(out_channels, out_channels // 4, 3))
        self.out_channels = out_channels

    def forward(self, x):
        """Maps the list of four maps to ``[N, out_channels, H / 4, W / 4]``; sides must be multiples of 32."""
        c2, c3, c4, c5 = x
        out5 = self.in5_conv(c5)
        out4 = self.in4_conv(c4) + _enlarge(out5, 2)
        out3 = self.in3_conv(c3) + _enlarge(out4, 2)
        out2 = self.in2_conv(c2) + _enlarge(out3, 2)
        levels = [
            _enlarge(self.p5_conv(out5), 8),
            _enlarge(self.p4_conv(out4), 4),
            _enlarge(self.p3_conv(out3), 2),
            self.p2_conv(out2),
        ]
        return paddle.concat(levels, axis=1)


def _conv(in_channels, out_channels, kernel_size):
    weight_attr = ParamAttr(initializer=KaimingUniform())
    return nn.Conv2D(
        in_channels, out_channels, kernel_size, padding=kernel_size // 2, weight_attr=weight_attr, bias_attr=False
    )


def _enlarge(x, factor):
    return F.interpolate(x, scale_factor=factor, mode="nearest")
