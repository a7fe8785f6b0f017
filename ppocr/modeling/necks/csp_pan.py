"""CSP-PAN: path aggregation of light cross-stage blocks."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.registry import NECKS
from ppocr.values import Depth, Kernel, Maps, Width

ACT = "hardswish"


class SeparableConv(nn.Layer):
    """Depthwise and pointwise convolution, each normalised and activated."""

    def __init__(self, channels, kernel_size, stride=1):
        super().__init__()
        form = {"groups": channels, "bias_attr": False}
        self.dwconv = nn.Conv2D(channels, channels, kernel_size, stride, (kernel_size - 1) // 2, **form)
        self.bn1 = nn.BatchNorm2D(channels)
        self.pwconv = nn.Conv2D(channels, channels, 1, bias_attr=False)
        self.bn2 = nn.BatchNorm2D(channels)

    def forward(self, x):
        x = F.hardswish(self.bn1(self.dwconv(x)))
        return F.hardswish(self.bn2(self.pwconv(x)))


class Bottleneck(nn.Layer):
    """A pointwise and a separable convolution."""

    def __init__(self, channels, kernel_size):
        super().__init__()
        self.conv1 = ConvNormAct(channels, channels, 1, act=ACT)
        self.conv2 = SeparableConv(channels, kernel_size)

    def forward(self, x):
        return self.conv2(self.conv1(x))


class CrossStageBlock(nn.Layer):
    """Half of the channels through bottlenecks, the other half beside them (https://arxiv.org/abs/1911.11929)."""

    def __init__(self, in_channels, out_channels, kernel_size, depth):
        super().__init__()
        width = out_channels // 2
        self.main_conv = ConvNormAct(in_channels, width, 1, act=ACT)
        self.short_conv = ConvNormAct(in_channels, width, 1, act=ACT)
        self.final_conv = ConvNormAct(2 * width, out_channels, 1, act=ACT)
        self.blocks = nn.Sequential(*[Bottleneck(width, kernel_size) for _ in range(depth)])

    def forward(self, x):
        return self.final_conv(paddle.concat([self.blocks(self.main_conv(x)), self.short_conv(x)], axis=1))


@NECKS.register()
class CSPPAN(nn.Layer):
    """Top-down pyramid and a bottom-up path behind it.

    Source: PP-PicoDet (https://arxiv.org/abs/2111.00902), section 3.2.

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32.
        out_channels: channels of each map that is given.
        kernel_size: of the depthwise convolutions.
        num_csp_blocks: bottlenecks in each block.
    """

    def __init__(self, in_channels: Maps, out_channels: Width, kernel_size: Kernel = 5, num_csp_blocks: Depth = 1):
        super().__init__()
        self.conv_t = nn.Layer()
        self.conv_t.convs = nn.LayerList([ConvNormAct(c, out_channels, 1, act=ACT) for c in in_channels])
        form, steps = (2 * out_channels, out_channels, kernel_size, num_csp_blocks), in_channels[1:]
        self.top_down_blocks = nn.LayerList([CrossStageBlock(*form) for _ in steps])
        self.downsamples = nn.LayerList([SeparableConv(out_channels, kernel_size, stride=2) for _ in steps])
        self.bottom_up_blocks = nn.LayerList([CrossStageBlock(*form) for _ in steps])
        self.out_channels = out_channels

    def forward(self, x):
        """Maps a list of four maps to four of ``out_channels``, each of the size that it had."""
        levels = [conv(level) for conv, level in zip(self.conv_t.convs, x)]
        merged = levels[-1:]
        for block, level in zip(self.top_down_blocks, reversed(levels[:-1])):
            larger = F.interpolate(merged[0], size=level.shape[2:], mode="nearest")
            merged.insert(0, block(paddle.concat([larger, level], axis=1)))
        path = merged[:1]
        for shrink, block, level in zip(self.downsamples, self.bottom_up_blocks, merged[1:]):
            path.append(block(paddle.concat([shrink(path[-1]), level], axis=1)))
        return path
