"""The pyramid of PGNet: from the large maps down, and from the small ones up."""

from functools import partial
from typing import Annotated

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import DeconvNormAct
from ppocr.modeling.layers.pyramid import merge_in_steps
from ppocr.modeling.layers.resnet_block import ResNetConv
from ppocr.registry import NECKS
from ppocr.values import Length, Width

OUT_CHANNELS = 128
DOWN = (32, 64, 128)  # channels at 1, 1/2 and 1/4 of the image
UP = (256, 256, 192, 192, 128)  # at 1/64 to 1/4


@NECKS.register()
class PGFPN(nn.Layer):
    """Adds up what the large maps and what the small ones give at a quarter of the image.

    Source: PGNet (https://arxiv.org/abs/2104.05458), section 3.1, with the pyramid of SAST
    (https://arxiv.org/abs/1908.05498) without its attention.

    Args:
        in_channels: channels of the image and of the maps at 1/2, 1/4, 1/8, 1/16, 1/32 and 1/64.
    """

    def __init__(self, in_channels: Annotated[list[Width], Length(7, 7)]):
        super().__init__()
        self._down = self._make_down(in_channels[:3])
        self._up = self._make_up(in_channels[:1:-1])
        self.out_channels = OUT_CHANNELS

    def _make_down(self, in_channels):
        first, second, third = DOWN
        laterals = [self._conv(f"conv_bn_layer_{i}", *sizes, 3) for i, *sizes in zip((1, 2, 3), in_channels, DOWN)]
        steps = [
            self._conv("conv_bn_layer_4", first, second, 3, stride=2),
            _in_turn(
                self._conv("conv_bn_layer_5", second, second, 3, act="relu"),
                self._conv("conv_bn_layer_6", second, third, 3, stride=2),
            ),
            _in_turn(
                self._conv("conv_bn_layer_7", third, third, 3, act="relu"),
                self._conv("conv_bn_layer_8", third, OUT_CHANNELS, 1),
            ),
        ]
        return list(zip(laterals, steps))

    def _make_up(self, in_channels):
        laterals = [self._conv(f"conv_h{i}", *sizes, 1) for i, sizes in enumerate(zip(in_channels, UP))]
        enlarged = [
            self.add_sublayer(f"dconv{i}", DeconvNormAct(*sizes, 4, 2, 1)) for i, sizes in enumerate(zip(UP, UP[1:]))
        ]
        smooth = [self._conv(f"conv_g{i}", width, width, 3, act="relu") for i, width in enumerate(UP[1:], start=1)]
        last = self._conv("convf", UP[-1], OUT_CHANNELS, 1)
        first, *others = enlarged
        steps = [first, *map(_in_turn, smooth, [*others, last])]
        return list(zip(laterals, steps))

    def _conv(self, name, *sizes, **form):
        return self.add_sublayer(name, ResNetConv(*sizes, **form))

    def forward(self, x):
        """Maps the list of seven maps to ``[N, 128, H / 4, W / 4]``; sides must be multiples of 64."""
        return F.relu(merge_in_steps(x[:3], self._down) + merge_in_steps(x[:1:-1], self._up))


def _in_turn(first, second):
    """Returns a function that applies two layers one after the other."""
    return partial(_apply, first, second)


def _apply(first, second, x):
    return second(first(x))
