"""Feature pyramids with squeeze-and-excitation, for light detectors."""

from typing import Annotated, Literal

from paddle import nn

from ppocr.modeling.layers.conv_norm_act import plain_conv
from ppocr.modeling.layers.large_kernel import DilatedRepConv
from ppocr.modeling.layers.pyramid import stack_levels, top_down
from ppocr.modeling.layers.squeeze_excite import SqueezeExcite
from ppocr.registry import NECKS
from ppocr.values import Maps, Range

SqueezedWidth = Annotated[int, Range(16, 4_096, step=4)]  # a quarter of a quarter is squeezed to


class SqueezedConv(nn.Layer):
    """Convolution without bias, then squeeze-and-excitation.

    Args:
        shortcut: add the convolution's output to that of the squeeze-and-excitation.
    """

    def __init__(self, in_channels, out_channels, kernel_size, shortcut=True):
        super().__init__()
        self.in_conv = plain_conv(in_channels, out_channels, kernel_size)
        self.se_block = SqueezeExcite(out_channels, slope=0.2)
        self._shortcut = shortcut

    def forward(self, x):
        x = self.in_conv(x)
        return x + self.se_block(x) if self._shortcut else self.se_block(x)


@NECKS.register()
class RSEFPN(nn.Layer):
    """Top-down pyramid like :class:`ppocr.modeling.necks.db_fpn.DBFPN` with residual squeeze-and-excitation.

    Source: PP-OCRv3 (https://arxiv.org/abs/2206.03001), section 2.1.

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32.
        out_channels: channels of the result, a quarter of them from each level.
        shortcut: whether the squeeze-and-excitation is residual.
    """

    def __init__(self, in_channels: Maps, out_channels: SqueezedWidth, shortcut: bool = True):
        super().__init__()
        self.ins_conv = nn.LayerList([SqueezedConv(c, out_channels, 1, shortcut) for c in in_channels])
        self.inp_conv = nn.LayerList([SqueezedConv(out_channels, out_channels // 4, 3, shortcut) for _ in in_channels])
        self.out_channels = out_channels

    def forward(self, x):
        """Maps the list of four maps to ``[N, out_channels, H / 4, W / 4]``; sides must be multiples of 32."""
        levels = top_down([conv(level) for conv, level in zip(self.ins_conv, x)])
        return stack_levels([conv(level) for conv, level in zip(self.inp_conv, levels)])


@NECKS.register()
class RepLKFPN(nn.Layer):
    """:class:`RSEFPN` with large separable convolutions that train as several branches.

    Source: UniRepLKNet (https://arxiv.org/abs/2311.15599) for those convolutions.

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32.
        out_channels: channels of the result, a quarter of them from each level.
        dilated_kernel_size: of the large convolutions.
        shortcut: whether the squeeze-and-excitation is residual.
    """

    def __init__(
        self,
        in_channels: Maps,
        out_channels: SqueezedWidth,
        dilated_kernel_size: Literal[5, 7, 9] = 7,
        shortcut: bool = True,
    ):
        super().__init__()
        width = out_channels // 4
        self.ins_conv = nn.LayerList([SqueezedConv(c, out_channels, 1, shortcut) for c in in_channels])
        self.inp_conv_dw = nn.LayerList([DilatedRepConv(out_channels, dilated_kernel_size) for _ in in_channels])
        self.inp_conv_pw = nn.LayerList([plain_conv(out_channels, width, 1) for _ in in_channels])
        self.inp_conv_se = nn.LayerList([SqueezeExcite(width, slope=0.2) for _ in in_channels])
        self._shortcut = shortcut
        self.out_channels = out_channels

    def forward(self, x):
        """Maps the list of four maps to ``[N, out_channels, H / 4, W / 4]``; sides must be multiples of 32.

        In training that map comes with the list of the first three maps of the top-down pyramid, at 1/4, 1/8 and 1/16,
        for :class:`ppocr.modeling.heads.det_db_head.DBHead` to supervise.
        """
        merged = top_down([conv(level) for conv, level in zip(self.ins_conv, x)])
        levels = []
        for level, deep, flat, squeeze in zip(merged, self.inp_conv_dw, self.inp_conv_pw, self.inp_conv_se):
            level = flat(deep(level))
            levels.append(level + squeeze(level) if self._shortcut else squeeze(level))
        fused = stack_levels(levels)
        return (fused, merged[:3]) if self.training else fused
