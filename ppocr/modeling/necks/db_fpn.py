"""Feature pyramids that end in one map at a quarter of the image, for segmentation-based detection."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingUniform

from ppocr.registry import NECKS
from ppocr.values import Maps, Range

PyramidWidth = Annotated[int, Range(4, 4_096, step=4)]


def plain_conv(in_channels, out_channels, kernel_size, stride=1):
    """Returns a convolution without bias that keeps the size at stride 1."""
    weight = ParamAttr(initializer=KaimingUniform())
    padding = kernel_size // 2
    return nn.Conv2D(in_channels, out_channels, kernel_size, stride, padding, weight_attr=weight, bias_attr=False)


def enlarge(x, factor):
    """Returns a map with every pixel repeated ``factor`` times in both directions."""
    if factor == 1:
        return x
    # a size, not a factor: Paddle 3 stores factors in double precision, which no conversion to ONNX reads
    return F.interpolate(x, size=[x.shape[2] * factor, x.shape[3] * factor], mode="nearest")


def top_down(levels):
    """Adds to every map the enlarged one above it; ``levels`` from the largest map down, and so is the result."""
    merged = [levels[-1]]
    for level in reversed(levels[:-1]):
        merged.insert(0, level + enlarge(merged[0], 2))
    return merged


def enlarge_levels(levels):
    """Brings maps, each half the size of the one before, to the size of the first; the smallest comes first."""
    return [enlarge(level, 2**i) for i, level in reversed(list(enumerate(levels)))]


def stack_levels(levels):
    """Returns :func:`enlarge_levels` as one map, the channels of the smallest first."""
    return paddle.concat(enlarge_levels(levels), axis=1)


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
        levels = enlarge_levels([conv(level) for conv, level in zip(smooth, levels)])
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
