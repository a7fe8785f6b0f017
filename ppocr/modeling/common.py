"""Layers and small helpers that several families of networks share."""

import math

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, Uniform
from paddle.vision.ops import DeformConv2D

ACTIVATIONS = {None: lambda x: x, "relu": F.relu, "hardswish": F.hardswish}


def make_divisible(value, divisor=8):
    """Returns the multiple of ``divisor`` nearest to ``value``, at least ``divisor`` and at least 0.9 ``value``.

    Source: the channel rule of MobileNetV2 (https://arxiv.org/abs/1801.04381).
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * value else rounded + divisor


def uniform_fan_in(fan_in, regularizer=None):
    """Returns a ``ParamAttr`` drawn from the uniform distribution on plus or minus ``1 / sqrt(fan_in)``."""
    bound = 1.0 / math.sqrt(fan_in)
    return ParamAttr(initializer=Uniform(-bound, bound), regularizer=regularizer)


class ConvBNAct(nn.Layer):
    """Convolution without bias, batch normalisation, activation; ``[N, C, H, W]`` to ``[N, out_channels, H', W']``.

    Args:
        act: a key of ``ACTIVATIONS``.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, groups=1, act=None):
        super().__init__()
        self.conv = nn.Conv2D(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias_attr=False)
        self.bn = nn.BatchNorm2D(out_channels)
        self._act = act

    def forward(self, x):
        return ACTIVATIONS[self._act](self.bn(self.conv(x)))


class ModulatedDeformConv(nn.Layer):
    """3x3 deformable convolution whose offsets and mask are convolved from its input.

    Offsets start at zero. Source: Deformable ConvNets v2 (https://arxiv.org/abs/1811.11168).
    """

    TAPS = 9

    def __init__(self, in_channels, out_channels, stride=1, padding=1, deformable_groups=2):
        super().__init__()
        self._offsets = 2 * self.TAPS * deformable_groups
        zero = ParamAttr(initializer=Constant(0.0))
        self.conv_dcn = DeformConv2D(
            in_channels, out_channels, 3, stride, padding, deformable_groups=deformable_groups, bias_attr=False
        )
        self.conv_offset = nn.Conv2D(
            in_channels, 3 * self.TAPS * deformable_groups, 3, stride, padding, weight_attr=zero, bias_attr=zero
        )

    def forward(self, x):
        moved = self.conv_offset(x)
        mask = F.sigmoid(moved[:, self._offsets :])
        return self.conv_dcn(x, moved[:, : self._offsets], mask)
