"""ResNet-vd with a fifth stage and the large maps besides, for SAST."""

from typing import Literal

from ppocr.modeling.backbones.resnet_vd import ResNetVd
from ppocr.modeling.layers.resnet_block import FIFTH
from ppocr.registry import BACKBONES


@BACKBONES.register(scope="det", name="ResNet_SAST")
class ResNetSAST(ResNetVd):
    """ResNet-vd without its classifier, with a fifth stage; gives the image and the maps from 1/2 to 1/64 of it.

    Args:
        in_channels: channels of the image.
        layers: depth.
    """

    def __init__(self, in_channels: int = 3, layers: Literal[18, 34, 50, 101, 152, 200] = 50):
        super().__init__(in_channels, layers, stem_stride=2, stage_stride=2, more=[FIFTH])
        self.out_channels = [in_channels, 64, *self.stage_channels]

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to the list of it and six maps with ``out_channels[i]`` channels."""
        stem = self.stem(x)
        return [x, stem, *self.stage_maps(stem)]
