"""Deformable convolution."""

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant
from paddle.vision.ops import DeformConv2D


class ModulatedDeformConv(nn.Layer):
    """3x3 deformable convolution whose offsets and mask come from a convolution of its input.

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
        offsets_and_mask = self.conv_offset(x)
        offsets, mask = offsets_and_mask[:, : self._offsets], offsets_and_mask[:, self._offsets :]
        return self.conv_dcn(x, offsets, F.sigmoid(mask))
