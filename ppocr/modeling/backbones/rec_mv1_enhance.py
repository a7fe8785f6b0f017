"""MobileNetV1 in the form of PP-OCRv2 and PP-OCRv3: hard swish, larger kernels, squeeze-and-excitation at the end."""

from typing import Literal, NamedTuple, Union

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingNormal
from paddle.regularizer import L2Decay

from ppocr.modeling.backbones.squeeze_excite import SqueezeExcite
from ppocr.registry import BACKBONES
from ppocr.values import Pool, Scale, Stride

STEM_CHANNELS = 32


class Row(NamedTuple):
    """One block, before scaling."""

    out: int
    kernel: int = 3
    stride: Union[int, tuple, list] = 1
    squeeze: bool = False


ROWS = (
    Row(64),
    Row(128),
    Row(128),
    Row(256, stride=(2, 1)),
    Row(256),
    Row(512, stride=(2, 1)),
    *[Row(512, kernel=5)] * 5,
    Row(1024, kernel=5, stride=(2, 1), squeeze=True),
)


class ConvBN(nn.Layer):
    """Convolution that keeps the size at stride 1, batch normalisation, hard swish."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, groups=1):
        super().__init__()
        self._conv = nn.Conv2D(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            kernel_size // 2,
            groups=groups,
            weight_attr=ParamAttr(initializer=KaimingNormal()),
            bias_attr=False,
        )
        undecayed = [ParamAttr(regularizer=L2Decay(0.0)) for _ in range(2)]
        self._batch_norm = nn.BatchNorm2D(out_channels, weight_attr=undecayed[0], bias_attr=undecayed[1])

    def forward(self, x):
        return F.hardswish(self._batch_norm(self._conv(x)))


class SeparableConv(nn.Layer):
    """Depthwise convolution, optional squeeze-and-excitation, pointwise convolution."""

    def __init__(self, in_channels, row):
        super().__init__()
        self._depthwise_conv = ConvBN(in_channels, in_channels, row.kernel, row.stride, groups=in_channels)
        if row.squeeze:
            self._se = SqueezeExcite(in_channels)
        self._squeeze = row.squeeze
        self._pointwise_conv = ConvBN(in_channels, row.out, 1)

    def forward(self, x):
        x = self._depthwise_conv(x)
        return self._pointwise_conv(self._se(x) if self._squeeze else x)


@BACKBONES.register()
class MobileNetV1Enhance(nn.Layer):
    """Depthwise separable convolutions that shrink the height to a sixteenth, the width to a half, then a pooling.

    Source: PP-OCRv2 (https://arxiv.org/abs/2109.03144), section 2.2, after MobileNets
    (https://arxiv.org/abs/1704.04861).

    Args:
        in_channels: channels of the image.
        scale: factor on all channel numbers.
        last_conv_stride: stride of the last block, a number or one for each direction.
        last_pool_type: ``avg`` for a mean at the end, else the maximum of 2x2.
        last_pool_kernel_size: height and width of that mean.
    """

    def __init__(
        self,
        in_channels: int = 3,
        scale: Scale = 0.5,
        last_conv_stride: Union[Stride, tuple[Stride, Stride]] = 1,
        last_pool_type: Literal["max", "avg"] = "max",
        last_pool_kernel_size: tuple[Pool, Pool] = (3, 2),
    ):
        super().__init__()
        channels = int(STEM_CHANNELS * scale)
        self.conv1 = ConvBN(in_channels, channels, 3, stride=2)
        blocks = []
        for row in (*ROWS, Row(1024, kernel=5, stride=last_conv_stride, squeeze=True)):
            row = row._replace(out=int(row.out * scale))
            blocks.append(SeparableConv(channels, row))
            channels = row.out
        self.block_list = nn.Sequential(*blocks)
        kernel = list(last_pool_kernel_size)
        self.pool = nn.AvgPool2D(kernel, kernel) if last_pool_type == "avg" else nn.MaxPool2D(2, 2)
        self.out_channels = channels

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, out_channels, 1, T]``: H is 32, or 48 with a mean at the end."""
        return self.pool(self.block_list(self.conv1(x)))
