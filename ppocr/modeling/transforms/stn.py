"""Rectification of text lines by a thin-plate spline whose control points a small network predicts.

Source: ASTER: An Attentional Scene Text Recognizer with Flexible Rectification (TPAMI 2018), section 3.1.
"""

from typing import Annotated, Literal

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.control_points import ControlPointHead, EdgeSpline
from ppocr.registry import TRANSFORMS
from ppocr.values import Range

GridSide = Annotated[int, Range(2, 1_000)]
Margin = Annotated[float, Range(0, below=0.5)]


@TRANSFORMS.register()
class STN_ON(nn.Layer):
    """Predicts control points along both edges of the text and pulls them straight.

    Source: ASTER (TPAMI 2018).

    Args:
        in_channels: channels of the image.
        tps_inputsize: height and width at which the control points are predicted; 32 and 64.
        tps_outputsize: height and width of the result.
        num_control_points: an even number, half of them for each edge.
        tps_margins: distance of the control points from the sides of the result, in x and in y, as shares of it.
        stn_activation: of the predicted coordinates.
    """

    def __init__(
        self,
        in_channels: int,
        tps_inputsize: tuple[Literal[32], Literal[64]],
        tps_outputsize: tuple[GridSide, GridSide],
        num_control_points: Annotated[int, Range(4, 1_000, step=2)],
        tps_margins: tuple[Margin, Margin],
        stn_activation: Literal["none", "sigmoid"] = "none",
    ):
        super().__init__()
        self.stn_head = ControlPointHead(in_channels, num_control_points, stn_activation)
        self._spline = EdgeSpline(num_control_points, tps_margins, tps_outputsize)
        self._input_size = list(tps_inputsize)
        self.out_channels = in_channels

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, in_channels, *tps_outputsize]``."""
        small = F.interpolate(x, self._input_size, mode="bilinear", align_corners=True)
        return self._spline(x, self.stn_head(small))
