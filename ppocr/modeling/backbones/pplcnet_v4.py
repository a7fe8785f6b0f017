"""PP-LCNetV4: blocks of a depthwise and a pointwise half, for detection and recognition.

Source: RepViT (https://arxiv.org/abs/2307.09283) for the block, whose depthwise half trains as several branches.
"""

from typing import Literal, NamedTuple

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.backbones.pphgnet import run_stages
from ppocr.modeling.backbones.pplcnet_v3 import pool_text_line
from ppocr.modeling.backbones.rep_layers import SHRINK, SQUEEZE, NormedConv, RepDepthwise
from ppocr.modeling.backbones.squeeze_excite import SqueezeExcite
from ppocr.modeling.backbones.stem import TwoPathStem
from ppocr.modeling.parameter_options import exempt_norms_from_decay
from ppocr.registry import BACKBONES


class Stage(NamedTuple):
    """One stage; ``blocks`` has a letter for each block, see ``ppocr.modeling.backbones.rep_layers``."""

    name: str
    channels: int
    blocks: str
    stride: tuple = (2, 2)


def _det_stages(*channels):
    names, blocks = ("blocks_s1", "blocks_s2", "blocks_s3", "blocks_s4"), ("SP", "DSP", "DSPSP", "DSP")
    return tuple(Stage(*stage) for stage in zip(names, channels, blocks))


DET_STAGES = {
    "tiny": _det_stages(32, 48, 64, 160),
    "small": _det_stages(48, 96, 192, 384),
    "medium": _det_stages(128, 256, 512, 896),
}
REC_STAGES = {
    "tiny": (
        Stage("blocks2", 48, "S"),
        Stage("blocks3", 48, "P"),
        Stage("blocks4", 96, "DSP", (2, 1)),
        Stage("blocks5", 160, "DSPP", (2, 1)),
    ),
    "small": (
        Stage("blocks2", 96, "S"),
        Stage("blocks3", 96, "PP"),
        Stage("blocks4", 192, "DSPSPSP", (2, 1)),
        Stage("blocks5", 384, "DSP", (2, 1)),
    ),
    "medium": (
        Stage("blocks2", 128, "S"),
        Stage("blocks3", 256, "DPS", (1, 1)),
        Stage("blocks4", 512, "DSPSPSP", (2, 1)),
        Stage("blocks5", 768, "DSP", (2, 1)),
    ),
}


class TokenMixer(nn.Layer):
    """Mixes along the map, every channel by itself, and shrinks it where ``stride`` is given."""

    def __init__(self, channels, stride, squeeze):
        super().__init__()
        conv = NormedConv(channels, channels, 3, stride or 1, groups=channels)
        self.add_sublayer(
            "dw_conv" if stride else "rep_dw", conv if stride else RepDepthwise(channels, conv, bias=False)
        )
        self.se = SqueezeExcite(channels) if squeeze else None
        self._mixer = "dw_conv" if stride else "rep_dw"

    def forward(self, x):
        x = getattr(self, self._mixer)(x)
        return x if self.se is None else self.se(x)


class ChannelMixer(nn.Layer):
    """Two pointwise convolutions with twice the channels between them; the input is added where ``shortcut`` is set."""

    def __init__(self, in_channels, out_channels, shortcut):
        super().__init__()
        self.expand = NormedConv(in_channels, 2 * in_channels, 1)
        self.compress = NormedConv(2 * in_channels, out_channels, 1)
        self._shortcut = shortcut

    def forward(self, x):
        y = self.compress(F.gelu(self.expand(x)))
        return x + y if self._shortcut else y


class Block(nn.Layer):
    """Token mixer, then channel mixer; ``kind`` is a letter of ``Stage.blocks``."""

    def __init__(self, in_channels, stage, kind):
        super().__init__()
        shrink = kind == SHRINK
        self.token_mixer = TokenMixer(in_channels, stage.stride if shrink else None, kind == SQUEEZE)
        self.channel_mixer = ChannelMixer(in_channels, stage.channels, shortcut=not shrink)

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
        channels = table[0].channels
        self._stem = "stem" if det else "conv1"
        small = model_size == "tiny" and not det
        self.add_sublayer(self._stem, (_plain_stem if small else _two_path_stem)(in_channels, channels))
        self._stages = []
        for stage in table:
            blocks = []
            for kind in stage.blocks:
                blocks.append(Block(channels, stage, kind))
                channels = stage.channels
            self._stages.append(self.add_sublayer(stage.name, nn.Sequential(*blocks)))
        self.out_channels = [stage.channels for stage in table] if det else channels
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
    first = NormedConv(in_channels, channels // 2, 3, 2)
    return nn.Sequential(first, nn.GELU(), NormedConv(channels // 2, channels, 3, 2))
