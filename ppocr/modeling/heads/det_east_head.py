"""EAST: where text is, and from there the ways to the corners of its quadrangle."""

from typing import Literal

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.registry import HEADS

WIDTHS = {"small": (64, 32), "large": (128, 64)}
REACH = 800  # pixels of the image: no corner is farther away along x or y


@HEADS.register()
class EASTHead(nn.Layer):
    """Probability of text, and the ways from the four corners.

    Source: EAST: An Efficient and Accurate Scene Text Detector (https://arxiv.org/abs/1704.03155), the quadrangles of
    section 3.2.

    Args:
        in_channels: channels of the features.
        model_name: 64 and 32 channels (``small``), or 128 and 64 (``large``).
    """

    def __init__(self, in_channels: int, model_name: Literal["small", "large"]):
        super().__init__()
        first, second = WIDTHS[model_name]
        self.det_conv1 = ConvNormAct(in_channels, first, 3, act="relu")
        self.det_conv2 = ConvNormAct(first, second, 3, act="relu")
        self.score_conv = ConvNormAct(second, 1, 1)
        self.geo_conv = ConvNormAct(second, 8, 1)

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to a dict of float32 maps of this size.

        ``f_score`` ``[N, 1, H / 4, W / 4]`` has values in (0, 1), ``f_geo`` ``[N, 8, H / 4, W / 4]`` x and y from the
        first to the fourth corner, in pixels of the image, between -800 and 800.
        """
        x = self.det_conv2(self.det_conv1(x))
        # in half precision a sigmoid near 1 would leave whole pixels only
        score, geometry = (F.sigmoid(conv(x).astype("float32")) for conv in (self.score_conv, self.geo_conv))
        return {"f_score": score, "f_geo": (geometry - 0.5) * (2 * REACH)}
