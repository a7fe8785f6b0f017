"""Pyramid of DRRG: from the smallest map back to the size of the image."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import NECKS
from ppocr.values import Maps, Width

WIDEST = 256  # channels of a level


@NECKS.register(name="FPN_UNet")
class FPNUNet(nn.Layer):
    """Doubles the smallest map five times and takes in a larger one each time there is one.

    Source: Deep Relational Reasoning Graph Network (https://arxiv.org/abs/2003.07493), section 3.1, after U-Net
    (https://arxiv.org/abs/1505.04597).

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32 of the image.
        out_channels: channels at the size of the image; up to 256 they double with each level below a half of it.
    """

    def __init__(self, in_channels: Maps, out_channels: Width = 32):
        super().__init__()
        one, two, four, eight = (min(times * out_channels, WIDEST) for times in (1, 2, 4, 8))
        c2, c3, c4, c5 = in_channels
        self.up4 = _double(c5, eight)
        self.up_block3 = UpBlock(c4 + eight, four)
        self.up_block2 = UpBlock(c3 + four, two)
        self.up_block1 = UpBlock(c2 + two, one)
        self.up_block0 = UpBlock(one, out_channels)
        self.out_channels = out_channels

    def forward(self, x):
        """Maps the list of four maps to ``[N, out_channels, H, W]``; sides of images must be multiples of 32."""
        c2, c3, c4, c5 = x
        x = F.relu(self.up4(c5))
        for level, block in ((c4, self.up_block3), (c3, self.up_block2), (c2, self.up_block1)):
            x = F.relu(block(paddle.concat([x, level], axis=1)))
        return self.up_block0(x)


class UpBlock(nn.Layer):
    """Two convolutions, and a transposed one that doubles the size.

    Args:
        in_channels, out_channels: of the maps.
    """

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv1x1 = nn.Conv2D(in_channels, in_channels, 1)
        self.conv3x3 = nn.Conv2D(in_channels, out_channels, 3, padding=1)
        self.deconv = _double(out_channels, out_channels)

    def forward(self, x):
        return self.deconv(F.relu(self.conv3x3(F.relu(self.conv1x1(x)))))


def _double(in_channels, out_channels):
    return nn.Conv2DTranspose(in_channels, out_channels, 4, stride=2, padding=1)
