"""ResNet-31, residual blocks of two 3x3 convolutions, for text lines."""

from typing import Literal, Optional

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingNormal

from ppocr.registry import BACKBONES
from ppocr.values import Depth, Width

POOLS = ((2, 2), (2, 2), (2, 1), None)  # before each stage
Initializer = Literal["KaimingNormal"]


def _conv(in_channels, out_channels, kernel_size, init_type, bias=False):
    weight = ParamAttr(initializer=KaimingNormal()) if init_type else None
    padding = kernel_size // 2
    bias = None if bias else False
    return nn.Conv2D(in_channels, out_channels, kernel_size, padding=padding, weight_attr=weight, bias_attr=bias)


class BasicBlock(nn.Layer):
    """Two 3x3 convolutions and a shortcut, which has a convolution where the number of channels changes."""

    def __init__(self, in_channels, out_channels, init_type):
        super().__init__()
        self.conv1 = _conv(in_channels, out_channels, 3, init_type)
        self.bn1 = nn.BatchNorm2D(out_channels)
        self.conv2 = _conv(out_channels, out_channels, 3, init_type)
        self.bn2 = nn.BatchNorm2D(out_channels)
        self.downsample = None
        if in_channels != out_channels:
            short = _conv(in_channels, out_channels, 1, init_type)
            self.downsample = nn.Sequential(short, nn.BatchNorm2D(out_channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


@BACKBONES.register()
class ResNet31(nn.Layer):
    """Four stages of residual blocks, each between a pooling and a convolution.

    Source: Show, Attend and Read (https://arxiv.org/abs/1811.00751), table 1.

    Args:
        in_channels: channels of the image.
        layers: blocks of each stage.
        channels: of the two convolutions before the stages, of each stage, and of the last convolution.
        init_type: how kernels are drawn; by default as Paddle does.
        last_stage_pool: pool after the last convolution, too.
    """

    def __init__(
        self,
        in_channels: int = 3,
        layers: tuple[Depth, Depth, Depth, Depth] = (1, 2, 5, 3),
        channels: tuple[Width, Width, Width, Width, Width, Width, Width] = (64, 128, 256, 256, 512, 512, 512),
        init_type: Optional[Initializer] = None,
        last_stage_pool: bool = False,
    ):
        super().__init__()
        first, width, *widths, last = channels
        self._add_conv("1_1", in_channels, first, init_type)
        self._add_conv("1_2", first, width, init_type)
        for number, depth, out_channels in zip("2345", layers, widths):
            blocks = []
            for _ in range(depth):
                blocks.append(BasicBlock(width, out_channels, init_type))
                width = out_channels
            self.add_sublayer(f"block{number}", nn.Sequential(*blocks))
            self._add_conv(number, width, last if number == "5" else width, init_type)
        self._last_pool = last_stage_pool
        self.out_channels = last

    def _add_conv(self, number, in_channels, out_channels, init_type):
        self.add_sublayer(f"conv{number}", _conv(in_channels, out_channels, 3, init_type, bias=True))
        self.add_sublayer(f"bn{number}", nn.BatchNorm2D(out_channels))

    def _convolve(self, number, x):
        return F.relu(getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(x)))

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, channels[-1], H / 8, W / 4]``."""
        x = self._convolve("1_2", self._convolve("1_1", x))
        for number, pool in zip("2345", POOLS):
            x = x if pool is None else F.max_pool2d(x, pool, pool, ceil_mode=True)
            x = self._convolve(number, getattr(self, f"block{number}")(x))
        return F.max_pool2d(x, 2, 2, ceil_mode=True) if self._last_pool else x
