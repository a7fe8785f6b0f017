"""RepSVTR as a map of a text line, for recognition."""

from paddle import nn

from ppocr.modeling.backbones.repsvtr import make_features
from ppocr.modeling.layers.pool import pool_text_line
from ppocr.modeling.layers.stages import MixerStage
from ppocr.registry import BACKBONES

STAGES = (MixerStage(96, "SPP"), MixerStage(192, "DSPSPSP", (2, 1)), MixerStage(384, "DSP", (2, 1)))


@BACKBONES.register(aliases=("repvit_svtr",))
class RepSVTR(nn.Layer):
    """RepSVTR for text lines of 48 pixels.

    Args:
        in_channels: channels of the image.
    """

    def __init__(self, in_channels: int = 3):
        super().__init__()
        self.features = make_features(in_channels, STAGES)
        self.out_channels = STAGES[-1].channels

    def forward(self, x):
        """Maps ``[N, in_channels, 48, W]`` to ``[N, 384, 1, T]``: T is 40 in training, W / 8 in evaluation."""
        for feature in self.features:
            x = feature(x)
        return pool_text_line(x, self.training)
