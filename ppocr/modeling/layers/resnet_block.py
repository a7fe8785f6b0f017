"""The residual blocks of ResNet and ResNet-vd, and their published sizes.

Source: Deep Residual Learning (https://arxiv.org/abs/1512.03385).
"""

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.deformable_conv import ModulatedDeformConv

DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 12, 48, 3),
}
WIDTHS = (64, 128, 256, 512)
FIFTH = (3, 512)  # depth and width of the further stage that SAST and PGNet have


class ResNetConv(ConvNormAct):
    """:class:`ConvNormAct` as checkpoints of ResNet have it."""

    names = ("_conv", "_batch_norm")


class DeformableResNetConv(ResNetConv):
    """:class:`ResNetConv` with a deformable 3x3 convolution."""

    def make_conv(self, in_channels, out_channels, kernel_size, bias, stride, padding, **form):
        return ModulatedDeformConv(in_channels, out_channels, stride, padding)


class ResNetBlock(nn.Layer):
    """Residual block; its shortcut is the input, or a mean over the stride and a 1x1 convolution.

    Args:
        convs: the convolutions of the main branch.
        short: None, or the convolution of the shortcut.
        stride: of the block, where the shortcut needs a mean.
    """

    def __init__(self, convs, short, stride=1):
        super().__init__()
        for i, conv in enumerate(convs):
            self.add_sublayer(f"conv{i}", conv)
        self._convs = convs
        self.short = short
        self._pool = stride if stride not in (1, (1, 1)) else None

    def forward(self, x):
        y = x
        for conv in self._convs:
            y = conv(y)
        if self._pool is not None:
            x = F.avg_pool2d(x, self._pool, self._pool, ceil_mode=True)
        if self.short is not None:
            x = self.short(x)
        return F.relu(x + y)
