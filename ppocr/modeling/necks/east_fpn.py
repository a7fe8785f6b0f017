"""The pyramid of the EAST detector, which merges from the smallest map up."""

from typing import Literal

import paddle
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct, DeconvNormAct
from ppocr.registry import NECKS
from ppocr.values import Maps

WIDTHS = {"small": 64, "large": 128}


@NECKS.register()
class EASTFPN(nn.Layer):
    """Doubles the smallest map, joins it with the next, and so on; the result is a quarter of the image.

    Source: EAST: An Efficient and Accurate Scene Text Detector (https://arxiv.org/abs/1704.03155), section 3.2, with
    transposed convolutions in place of unpooling.

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32.
        model_name: 64 channels (``small``) or 128 (``large``).
    """

    def __init__(self, in_channels: Maps, model_name: Literal["small", "large"]):
        super().__init__()
        width = WIDTHS[model_name]
        for i, channels in zip((1, 2, 3), in_channels[2::-1]):
            self.add_sublayer(f"h{i}_conv", ConvNormAct(channels + width, width, 3, act="relu"))
        for i, channels in enumerate((in_channels[3], width, width)):
            deconv = DeconvNormAct(channels, width, 4, stride=2, padding=1, act="relu")
            self.add_sublayer(f"g{i}_deconv", deconv)
        self.g3_conv = ConvNormAct(width, width, 3, act="relu")
        self.out_channels = width

    def forward(self, x):
        """Maps the list of four maps to ``[N, out_channels, H / 4, W / 4]``; sides must be multiples of 32."""
        merged = x[3]
        for i in (1, 2, 3):
            enlarged = getattr(self, f"g{i - 1}_deconv")(merged)
            merged = getattr(self, f"h{i}_conv")(paddle.concat([enlarged, x[3 - i]], axis=1))
        return self.g3_conv(merged)
