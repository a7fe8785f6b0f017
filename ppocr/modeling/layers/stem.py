"""The stem that PP-HGNetV2 and PP-LCNetV4 share."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct


class TwoPathStem(nn.Layer):
    """Halves the map, stacks small convolutions with the maximum, and convolves both with ``last_stride``.

    Source: PP-HGNetV2, the backbone of RT-DETR (https://arxiv.org/abs/2304.08069).

    Args:
        widths: channels of the first half and of the result.
        last_stride: of the convolution behind the two paths.
    """

    def __init__(self, in_channels, widths, last_stride):
        super().__init__()
        middle, out_channels = widths
        self.stem1 = ConvNormAct(in_channels, middle, 3, 2, act="relu")
        self.stem2a = ConvNormAct(middle, middle // 2, 2, act="relu")
        self.stem2b = ConvNormAct(middle // 2, middle, 2, act="relu")
        self.stem3 = ConvNormAct(2 * middle, middle, 3, last_stride, act="relu")
        self.stem4 = ConvNormAct(middle, out_channels, 1, act="relu")

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, widths[1], H / s, W / s]``, s being twice the last stride."""
        x = _pad(self.stem1(x))
        small = self.stem2b(_pad(self.stem2a(x)))
        large = F.max_pool2d(x, kernel_size=2, stride=1)
        return self.stem4(self.stem3(paddle.concat([large, small], axis=1)))


def _pad(x):
    """Adds a row below and a column to the right, which a 2x2 kernel takes away again."""
    return F.pad(x, [0, 1, 0, 1])
