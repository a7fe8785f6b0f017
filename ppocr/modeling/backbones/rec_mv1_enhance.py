"""MobileNetV1 in the form of PP-OCRv2 and PP-OCRv3: hard swish, larger kernels, squeeze-and-excitation at the end."""

from typing import Literal, NamedTuple, Union

from paddle import nn
from paddle.nn.initializer import KaimingNormal

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.parameter_options import exempt_norms_from_decay
from ppocr.modeling.layers.squeeze_excite import SqueezeExcite
from ppocr.registry import BACKBONES
from ppocr.values import Pool, Scale, Stride

STEM_CHANNELS = 32


class MobileNetV1Row(NamedTuple):
    """One block, before scaling."""

    out: int
    kernel: int = 3
    stride: Union[int, tuple, list] = 1
    squeeze: bool = False


ROWS = (
    MobileNetV1Row(64),
    MobileNetV1Row(128),
    MobileNetV1Row(128),
    MobileNetV1Row(256, stride=(2, 1)),
    MobileNetV1Row(256),
    MobileNetV1Row(512, stride=(2, 1)),
    *[MobileNetV1Row(512, kernel=5)] * 5,
    MobileNetV1Row(1024, kernel=5, stride=(2, 1), squeeze=True),
)


class MobileNetV1Conv(ConvNormAct):
    """:class:`ConvNormAct` as checkpoints of MobileNetV1 have it."""

    names = ("_conv", "_batch_norm")
    initializer = KaimingNormal


class SeparableConv(nn.Layer):
    """Depthwise convolution, optional squeeze-and-excitation, pointwise convolution."""

    def __init__(self, in_channels, row):
        super().__init__()
        self._depthwise_conv = MobileNetV1Conv(
            in_channels, in_channels, row.kernel, row.stride, groups=in_channels, act="hardswish"
        )
        if row.squeeze:
            self._se = SqueezeExcite(in_channels)
        self._squeeze = row.squeeze
        self._pointwise_conv = MobileNetV1Conv(in_channels, row.out, 1, act="hardswish")

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
        self.conv1 = MobileNetV1Conv(in_channels, channels, 3, stride=2, act="hardswish")
        blocks = []
        for row in (*ROWS, MobileNetV1Row(1024, kernel=5, stride=last_conv_stride, squeeze=True)):
            row = row._replace(out=int(row.out * scale))
            blocks.append(SeparableConv(channels, row))
            channels = row.out
        self.block_list = nn.Sequential(*blocks)
        kernel = list(last_pool_kernel_size)
        self.pool = nn.AvgPool2D(kernel, kernel) if last_pool_type == "avg" else nn.MaxPool2D(2, 2)
        self.out_channels = channels
        exempt_norms_from_decay(self)

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, out_channels, 1, T]``: H is 32, or 48 with a mean at the end."""
        return self.pool(self.block_list(self.conv1(x)))
