"""PP-LCNetV4: blocks of a depthwise and a pointwise half, for detection and recognition."""

from typing import Literal

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.backbones.rep_layers import NormedConv, RepDepthwise
from ppocr.modeling.backbones.pplcnet_v3 import pool_text_line
from ppocr.modeling.backbones.squeeze_excite import SqueezeExcite
from ppocr.modeling.backbones.stem import TwoPathStem
from ppocr.modeling.parameter_options import exempt_norms_from_decay
from ppocr.registry import BACKBONES

# for every stage: channels, blocks, stride of the first one
DET_WIDTHS = {"tiny": (32, 48, 64, 160), "small": (48, 96, 192, 384), "medium": (128, 256, 512, 896)}
DET_DEPTHS = (2, 3, 5, 3)


class TokenMixer(nn.Layer):
    """Mixes along the map, every channel by itself; halves it where there is a stride."""

    def __init__(self, channels, stride, squeeze):
        super().__init__()
        if stride == 1:
            conv = NormedConv(channels, channels, 3, groups=channels)
            self.rep_dw = RepDepthwise(channels, conv, bias=False)
        else:
            self.dw_conv = NormedConv(channels, channels, 3, stride, groups=channels)
        self.se = SqueezeExcite(channels) if squeeze else None
        self._repeated = stride == 1

    def forward(self, x):
        x = self.rep_dw(x) if self._repeated else self.dw_conv(x)
        return x if self.se is None else self.se(x)


class ChannelMixer(nn.Layer):
    """Two pointwise convolutions with twice the channels between them; the input is added where shapes agree."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.expand = NormedConv(in_channels, 2 * in_channels, 1)
        self.compress = NormedConv(2 * in_channels, out_channels, 1)
        self._shortcut = in_channels == out_channels

    def forward(self, x):
        y = self.compress(F.gelu(self.expand(x)))
        return x + y if self._shortcut else y


class Block(nn.Layer):
    def __init__(self, in_channels, out_channels, stride, squeeze):
        super().__init__()
        self.token_mixer = TokenMixer(in_channels, stride, squeeze)
        self.channel_mixer = ChannelMixer(in_channels, out_channels)

    def forward(self, x):
        return self.channel_mixer(self.token_mixer(x))


@BACKBONES.register()
class PPLCNetV4(nn.Layer):
    def __init__(self, in_channels: int = 3, model_size: Literal["tiny", "small", "medium"] = "small", det: bool = False):
        super().__init__()
        widths = DET_WIDTHS[model_size]
        self.stem = TwoPathStem(in_channels, (widths[0] // 2, widths[0]), 2)
        self._stages = []
        channels = widths[0]
        for i, (width, depth) in enumerate(zip(widths, DET_DEPTHS)):
            blocks = []
            for j in range(depth):
                down = i > 0 and j == 0
                squeeze = j % 2 == (1 if i else 0) and j < depth - 1
                blocks.append(Block(channels, width, 2 if down else 1, squeeze))
                channels = width
            self._stages.append(self.add_sublayer(f"blocks_s{i + 1}", nn.Sequential(*blocks)))
        self.out_channels = list(widths)

    def forward(self, x):
        x = self.stem(x)
        maps = []
        for s in self._stages:
            x = s(x)
            maps.append(x)
        return maps
