"""ResNet-vd that shrinks height more than width, for text lines."""

from typing import Literal

import paddle.nn.functional as F

from ppocr.modeling.backbones.resnet_vd import ResNetVd
from ppocr.registry import BACKBONES


@BACKBONES.register(scope="rec", name="ResNet")
class RecResNetVd(ResNetVd):
    """ResNet-vd without its classifier; the width shrinks to a quarter, the height to a row at 32 pixels.

    Args:
        in_channels: channels of the image.
        layers: depth.
    """

    def __init__(self, in_channels: int = 3, layers: Literal[18, 34, 50, 101, 152, 200] = 50):
        super().__init__(in_channels, layers, stem_stride=1, stage_stride=(2, 1))
        self.out_channels = self.stage_channels[-1]

    def forward(self, x):
        """Maps ``[N, in_channels, 32, W]`` to ``[N, out_channels, 1, W / 4]``."""
        return F.max_pool2d(self.stage_maps(self.stem(x))[-1], kernel_size=2, stride=2)
