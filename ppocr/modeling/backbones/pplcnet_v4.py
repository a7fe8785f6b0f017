"""PP-LCNetV4: blocks of a depthwise and a pointwise half, for detection and recognition.

Source: RepViT (https://arxiv.org/abs/2307.09283) for the block, whose depthwise half trains as several branches.
"""

from typing import Literal

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.parameter_options import exempt_norms_from_decay
from ppocr.modeling.layers.pool import pool_text_line
from ppocr.modeling.layers.rep_conv import RepDepthwise
from ppocr.modeling.layers.squeeze_excite import SqueezeExcite
from ppocr.modeling.layers.stages import SHRINK, SQUEEZE, MixerStage, run_stages
from ppocr.modeling.layers.stem import TwoPathStem
from ppocr.registry import BACKBONES


def _det_stages(*channels):
    names, blocks = ("blocks_s1", "blocks_s2", "blocks_s3", "blocks_s4"), ("SP", "DSP", "DSPSP", "DSP")
    return {name: MixerStage(*stage) for name, *stage in zip(names, channels, blocks)}


DET_STAGES = {
    "tiny": _det_stages(32, 48, 64, 160),
    "small": _det_stages(48, 96, 192, 384),
    "medium": _det_stages(128, 256, 512, 896),
}
REC_STAGES = {
    "tiny": {
        "blocks2": MixerStage(48, "S"),
        "blocks3": MixerStage(48, "P"),
        "blocks4": MixerStage(96, "DSP", (2, 1)),
        "blocks5": MixerStage(160, "DSPP", (2, 1)),
    },
    "small": {
        "blocks2": MixerStage(96, "S"),
        "blocks3": MixerStage(96, "PP"),
        "blocks4": MixerStage(192, "DSPSPSP", (2, 1)),
        "blocks5": MixerStage(384, "DSP", (2, 1)),
    },
    "medium": {
        "blocks2": MixerStage(128, "S"),
        "blocks3": MixerStage(256, "DPS", (1, 1)),
        "blocks4": MixerStage(512, "DSPSPSP", (2, 1)),
        "blocks5": MixerStage(768, "DSP", (2, 1)),
    },
}


class TokenMixer(nn.Layer):
    """Mixes along the map, every channel by itself, and shrinks it where ``stride`` is given."""

    def __init__(self, channels, stride, squeeze):
        super().__init__()
        conv = ConvNormAct(channels, channels, 3, stride or 1, groups=channels)
        self.add_sublayer(
            "dw_conv" if stride else "rep_dw", conv if stride else RepDepthwise(channels, conv, bias=False)
        )
        self.se = SqueezeExcite(channels) if squeeze else None
        self._mixer = "dw_conv" if stride else "rep_dw"

    def forward(self, x):
        x = getattr(self, self._mixer)(x)
        return x if self.se is None else self.se(x)


class LCNetV4ChannelMixer(nn.Layer):
    """Two pointwise convolutions with twice the channels between them; the input is added where ``shortcut`` is set."""

    def __init__(self, in_channels, out_channels, shortcut):
        super().__init__()
        self.expand = ConvNormAct(in_channels, 2 * in_channels, 1)
        self.compress = ConvNormAct(2 * in_channels, out_channels, 1)
        self._shortcut = shortcut

    def forward(self, x):
        y = self.compress(F.gelu(self.expand(x)))
        return x + y if self._shortcut else y


class LCNetV4Block(nn.Layer):
    """Token mixer, then channel mixer; ``kind`` is a letter of ``MixerStage.blocks``."""

    def __init__(self, in_channels, stage, kind):
        super().__init__()
        shrink = kind == SHRINK
        self.token_mixer = TokenMixer(in_channels, stage.stride if shrink else None, kind == SQUEEZE)
        self.channel_mixer = LCNetV4ChannelMixer(in_channels, stage.channels, shortcut=not shrink)

    def forward(self, x):
        return self.channel_mixer(self.token_mixer(x))


@BACKBONES.register()
class PPLCNetV4(nn.Layer):
    """PP-LCNetV4 as a feature pyramid (``det``) or as a map of a text line.

    Args:
        in_channels: channels of the image.
        model_size: which of the three tables.
        det: the form for detection: the maps at 1/4, 1/8, 1/16 and 1/32 of the image.
    """

    def __init__(
        self, in_channels: int = 3, model_size: Literal["tiny", "small", "medium"] = "small", det: bool = False
    ):
        super().__init__()
        table = (DET_STAGES if det else REC_STAGES)[model_size]
        channels = next(iter(table.values())).channels
        self._stem = "stem" if det else "conv1"
        small = model_size == "tiny" and not det
        self.add_sublayer(self._stem, (_plain_stem if small else _two_path_stem)(in_channels, channels))
        self._stages = []
        for name, stage in table.items():
            blocks = []
            for kind in stage.blocks:
                blocks.append(LCNetV4Block(channels, stage, kind))
                channels = stage.channels
            self._stages.append(self.add_sublayer(name, nn.Sequential(*blocks)))
        self.out_channels = [stage.channels for stage in table.values()] if det else channels
        self._det = det
        exempt_norms_from_decay(self)

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of four maps (``det``) or to ``[N, out_channels, 1, T]``.

        For a text line H is 48; T is 40 in training, whatever the width, and W / 8 in evaluation.
        """
        maps = run_stages(getattr(self, self._stem)(x), self._stages)
        return maps if self._det else pool_text_line(maps[-1], self.training)


def _two_path_stem(in_channels, channels):
    return TwoPathStem(in_channels, (channels // 2, channels), last_stride=2)


def _plain_stem(in_channels, channels):
    first = ConvNormAct(in_channels, channels // 2, 3, 2)
    return nn.Sequential(first, nn.GELU(), ConvNormAct(channels // 2, channels, 3, 2))
