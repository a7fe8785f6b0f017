"""RepSVTR: a convolutional backbone whose depthwise layers train as several branches.

Source: RepViT (https://arxiv.org/abs/2307.09283); SVTRv2 (https://arxiv.org/abs/2411.15858) for its use on text lines.
"""

from paddle import nn

from ppocr.modeling.layers.channels import make_divisible
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.rep_conv import RepDepthwise
from ppocr.modeling.layers.squeeze_excite import SqueezeExcite
from ppocr.modeling.layers.stages import SHRINK, SQUEEZE


class RepSVTRConv(ConvNormAct):
    """:class:`ConvNormAct` as checkpoints of RepSVTR have it."""

    names = ("c", "bn")


class RepSVTRSqueezeExcite(SqueezeExcite):
    """:class:`SqueezeExcite` as checkpoints of RepSVTR have it, with a soft gate."""

    names = ("fc1", "fc2")

    def __init__(self, channels):
        super().__init__(channels, width=make_divisible(channels / 4), slope=None)


class RepSVTRChannelMixer(nn.Layer):
    """Two pointwise convolutions with twice the channels between them, added to their input."""

    def __init__(self, channels):
        super().__init__()
        self.m = nn.Sequential(
            RepSVTRConv(channels, 2 * channels, 1), nn.GELU(), RepSVTRConv(2 * channels, channels, 1)
        )

    def forward(self, x):
        return x + self.m(x)


class RepSVTRBlock(nn.Layer):
    """Mixes along the map, then along the channels; ``kind`` is a letter of ``MixerStage.blocks``."""

    def __init__(self, in_channels, stage, kind):
        super().__init__()
        if kind == SHRINK:
            first = RepSVTRConv(in_channels, in_channels, 3, stage.stride, groups=in_channels)
            last = RepSVTRConv(in_channels, stage.channels, 1)
            mixer = [first, nn.Identity(), last]
        else:
            conv = RepSVTRConv(in_channels, in_channels, 3, groups=in_channels)
            mixer = [RepDepthwise(in_channels, conv, bias=True)]
            mixer += [RepSVTRSqueezeExcite(in_channels)] if kind == SQUEEZE else []
        self.token_mixer = nn.Sequential(*mixer)
        self.channel_mixer = RepSVTRChannelMixer(stage.channels)

    def forward(self, x):
        return self.channel_mixer(self.token_mixer(x))


def make_features(in_channels, stages):
    """Returns the stem, which shrinks both sides to a quarter, and all blocks of ``stages`` as one list."""
    channels = stages[0].channels
    first, second = RepSVTRConv(in_channels, channels // 2, 3, 2), RepSVTRConv(channels // 2, channels, 3, 2)
    features = [nn.Sequential(first, nn.GELU(), second)]
    for stage in stages:
        for kind in stage.blocks:
            features.append(RepSVTRBlock(channels, stage, kind))
            channels = stage.channels
    return nn.LayerList(features)
