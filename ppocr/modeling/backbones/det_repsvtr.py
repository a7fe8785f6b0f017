"""RepSVTR as a feature pyramid, for detection."""

from paddle import nn

from ppocr.modeling.backbones.repsvtr import make_features
from ppocr.modeling.layers.stages import MixerStage
from ppocr.registry import BACKBONES

STAGES = (MixerStage(48, "SP"), MixerStage(96, "DSP"), MixerStage(192, "DSPSP"), MixerStage(384, "DSP"))


@BACKBONES.register(name="RepSVTR_det")
class DetRepSVTR(nn.Layer):
    """RepSVTR; gives the maps at 1/4, 1/8, 1/16 and 1/32 of the image.

    Args:
        in_channels: channels of the image.
    """

    def __init__(self, in_channels: int = 3):
        super().__init__()
        self.features = make_features(in_channels, STAGES)
        self.out_channels = [stage.channels for stage in STAGES]
        lengths = [len(stage.blocks) for stage in STAGES]
        self._ends = {sum(lengths[: i + 1]) for i in range(len(lengths))}

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of four maps with ``out_channels[i]`` channels."""
        maps = []
        for i, feature in enumerate(self.features):
            x = feature(x)
            if i in self._ends:
                maps.append(x)
        return maps
