"""ResNet-vd as a feature pyramid, for detection."""

from typing import Annotated, Literal, Optional

from ppocr.modeling.backbones.resnet_vd import ResNetVd
from ppocr.registry import BACKBONES
from ppocr.values import Distinct, Length


@BACKBONES.register(scope="det", name="ResNet_vd")
class DetResNetVd(ResNetVd):
    """ResNet-vd without its classifier; gives the maps at 1/4, 1/8, 1/16 and 1/32 of the image.

    Args:
        in_channels: channels of the image.
        layers: depth.
        dcn_stage: for each of the four stages, whether its 3x3 convolutions are deformable.
        out_indices: which of the four maps to give; all by default.
    """

    def __init__(
        self,
        in_channels: int = 3,
        layers: Literal[18, 34, 50, 101, 152, 200] = 50,
        dcn_stage: Optional[tuple[bool, bool, bool, bool]] = None,
        out_indices: Optional[Annotated[list[Literal[0, 1, 2, 3]], Length(1), Distinct()]] = None,
    ):
        dcn_stage = dcn_stage or [False] * 4
        out_indices = out_indices or [0, 1, 2, 3]
        super().__init__(in_channels, layers, stem_stride=2, stage_stride=2, dcn_stage=dcn_stage)
        self._out_indices = out_indices
        self.out_channels = [self.stage_channels[i] for i in out_indices]

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of maps with ``out_channels[i]`` channels."""
        maps = self.stage_maps(self.stem(x))
        return [maps[i] for i in self._out_indices]
