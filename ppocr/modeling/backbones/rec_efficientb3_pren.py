"""EfficientNet-B3 as PREN reads images with it: maps of three sizes."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.drop import DropPath, drop_path_rates
from ppocr.registry import BACKBONES

STEM = 40
# kernel, stride, expansion, channels, blocks of each stage
STAGES = (
    (3, 1, 1, 24, 2),
    (3, 2, 6, 32, 3),
    (5, 2, 6, 48, 3),
    (3, 2, 6, 96, 5),
    (5, 1, 6, 136, 5),
    (5, 2, 6, 232, 6),
    (3, 1, 6, 384, 2),
)
GIVES = (2, 4, 6)  # stages whose maps are given
SQUEEZE = 4  # channels of a block's input to those of its gate
DROP_PATH = 0.2


def _conv(in_channels, out_channels, kernel_size, stride=1, groups=1, bias=False):
    bias = None if bias else False
    return nn.Conv2D(in_channels, out_channels, kernel_size, stride, "SAME", groups=groups, bias_attr=bias)


def _norm(channels):
    return nn.BatchNorm2D(channels, momentum=0.99, epsilon=1e-3)


class MBConvBlock(nn.Layer):
    """Wider by a 1x1 convolution, a convolution of each channel, a gate for each channel, narrow again.

    Source: EfficientNet (https://arxiv.org/abs/1905.11946).
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride, expansion, drop_path):
        super().__init__()
        width = in_channels * expansion
        self._expands = expansion > 1
        if self._expands:
            self._expand_conv, self._bn0 = _conv(in_channels, width, 1), _norm(width)
        self._depthwise_conv, self._bn1 = _conv(width, width, kernel_size, stride, groups=width), _norm(width)
        squeezed = in_channels // SQUEEZE
        self._se_reduce, self._se_expand = _conv(width, squeezed, 1, bias=True), _conv(squeezed, width, 1, bias=True)
        self._project_conv, self._bn2 = _conv(width, out_channels, 1), _norm(out_channels)
        self._drop_path = DropPath(drop_path) if stride == 1 and in_channels == out_channels else None

    def forward(self, x):
        y = F.swish(self._bn0(self._expand_conv(x))) if self._expands else x
        y = F.swish(self._bn1(self._depthwise_conv(y)))
        y = y * F.sigmoid(self._se_expand(F.swish(self._se_reduce(F.adaptive_avg_pool2d(y, 1)))))
        y = self._bn2(self._project_conv(y))
        return y if self._drop_path is None else x + self._drop_path(y)


@BACKBONES.register()
class EfficientNetb3_PREN(nn.Layer):
    """Seven stages of MBConv blocks.

    Source: EfficientNet (https://arxiv.org/abs/1905.11946) and PREN (https://arxiv.org/abs/2103.14845).

    Args:
        in_channels: channels of the image.
    """

    def __init__(self, in_channels: int = 3):
        super().__init__()
        self._conv_stem, self._bn0 = _conv(in_channels, STEM, 3, 2), _norm(STEM)
        rates = drop_path_rates(DROP_PATH, [stage[-1] for stage in STAGES])
        self._stages, channels = [], STEM
        for i, (kernel_size, stride, expansion, width, _) in enumerate(STAGES):
            blocks = []
            for j, rate in enumerate(rates[i]):
                block = MBConvBlock(channels, width, kernel_size, 1 if j else stride, expansion, rate)
                blocks.append(self.add_sublayer(f"{i}-{j}", block))
                channels = width
            self._stages.append(blocks)
        self.out_channels = [STAGES[i][3] for i in GIVES]

    def forward(self, x):
        """Maps images ``[N, in_channels, H, W]`` to maps of 48, 136 and 384 channels at 1/8, 1/16 and 1/32."""
        x, maps = F.swish(self._bn0(self._conv_stem(x))), []
        for blocks in self._stages:
            for block in blocks:
                x = block(x)
            maps.append(x)
        return [maps[i] for i in GIVES]
