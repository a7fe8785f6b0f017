"""Feature pyramid of FCENet: every level is kept."""

from typing import Annotated, Literal

from paddle import ParamAttr, nn
from paddle.nn.initializer import XavierUniform

from ppocr.modeling.layers.pyramid import top_down
from ppocr.registry import NECKS
from ppocr.values import Length, Width

LARGEST = 5  # level of the smallest map, which is 1/32 of the image; level 4 is 1/16 of it


@NECKS.register()
class FCEFPN(nn.Layer):
    """Top-down pyramid of plain convolutions; its levels have the sizes of the maps that come in.

    Source: Feature Pyramid Networks (https://arxiv.org/abs/1612.03144).

    Args:
        in_channels: channels of the maps, each half the size of the one before; the last is 1/32 of the image.
        out_channels: channels of each level.
        has_extra_convs, extra_stage: levels above these; the loss has no targets for any.
    """

    def __init__(
        self,
        in_channels: Annotated[list[Width], Length(1, 4)],
        out_channels: Width = 256,
        has_extra_convs: Literal[False] = False,
        extra_stage: Literal[0] = 0,
    ):
        super().__init__()
        self._lateral, self._smooth = [], []
        for level, channels in zip(range(LARGEST + 1 - len(in_channels), LARGEST + 1), in_channels):
            name = f"fpn_inner_res{level}_sum" + ("_lateral" if level < LARGEST else "")
            self._lateral.append(self.add_sublayer(name, _conv(channels, out_channels, 1)))
        for level in range(LARGEST + 1 - len(in_channels), LARGEST + 1):
            self._smooth.append(self.add_sublayer(f"fpn_res{level}_sum", _conv(out_channels, out_channels, 3)))
        self.out_channels = out_channels

    def forward(self, x):
        """Maps a list of maps ``[N, in_channels[i], H_i, W_i]`` to a list of ``[N, out_channels, H_i, W_i]``."""
        levels = top_down([lateral(level) for lateral, level in zip(self._lateral, x)])
        return [smooth(level) for smooth, level in zip(self._smooth, levels)]


def _conv(in_channels, out_channels, kernel_size):
    weight = ParamAttr(initializer=XavierUniform(fan_out=out_channels * kernel_size**2))
    return nn.Conv2D(in_channels, out_channels, kernel_size, padding=kernel_size // 2, weight_attr=weight)
