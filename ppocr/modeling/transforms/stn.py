"""Rectification of text lines by a thin-plate spline whose control points a small network predicts.

Source: ASTER: An Attentional Scene Text Recognizer with Flexible Rectification (TPAMI 2018), section 3.1.
"""

from typing import Annotated, Literal

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Assign, Constant, KaimingNormal

from ppocr.modeling.layers.thin_plate_spline import border_points, read_at, spline_matrix
from ppocr.registry import TRANSFORMS
from ppocr.values import Range

WIDTHS = (32, 64, 128, 256, 256, 256)
HIDDEN = 512
DAMPING = 0.1  # of what the last layer is fed, so that control points start to move slowly
HEAD_MARGIN = 0.01


def pixel_centers(size):
    """Returns places (x, y in [0, 1]) of the pixels of a height and a width, ``[height * width, 2]``."""
    y, x = np.divmod(np.arange(size[0] * size[1]), size[1])
    return np.stack([x / (size[1] - 1), y / (size[0] - 1)], axis=1)


class ControlPointHead(nn.Layer):
    """Control points of an image, ``[N, C, 32, 64]`` to ``[N, points, 2]``, x and y in [0, 1]."""

    def __init__(self, in_channels, points, activation):
        super().__init__()
        layers = []
        for width in WIDTHS:
            layers += [_conv_block(in_channels, width), nn.MaxPool2D(2, 2)]
            in_channels = width
        self.stn_convnet = nn.Sequential(*layers[:-1])
        self.stn_fc1 = nn.Sequential(nn.Linear(2 * WIDTHS[-1], HIDDEN), nn.BatchNorm1D(HIDDEN), nn.ReLU())
        start = border_points(points, (HEAD_MARGIN, HEAD_MARGIN))
        if activation == "sigmoid":
            start = np.log(start / (1.0 - start))
        self.stn_fc2 = nn.Linear(
            HIDDEN,
            2 * points,
            weight_attr=ParamAttr(initializer=Constant(0.0)),
            bias_attr=ParamAttr(initializer=Assign(start.astype(np.float32).flatten())),
        )
        self._activation = activation

    def forward(self, x):
        features = self.stn_fc1(self.stn_convnet(x).flatten(1))
        points = self.stn_fc2(DAMPING * features)
        if self._activation == "sigmoid":
            points = F.sigmoid(points)
        return points.reshape([0, -1, 2])


def _conv_block(in_channels, out_channels):
    weight = ParamAttr(initializer=KaimingNormal())
    conv = nn.Conv2D(in_channels, out_channels, 3, padding=1, weight_attr=weight)
    return nn.Sequential(conv, nn.BatchNorm2D(out_channels), nn.ReLU())


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
        centers = border_points(num_control_points, tps_margins)
        matrix = spline_matrix(pixel_centers(tps_outputsize), centers).astype(np.float32)
        self.register_buffer("_matrix", paddle.to_tensor(matrix), persistable=False)
        self._input_size, self._output_size = list(tps_inputsize), list(tps_outputsize)
        self.out_channels = in_channels

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, in_channels, *tps_outputsize]``."""
        small = F.interpolate(x, self._input_size, mode="bilinear", align_corners=True)
        points = self.stn_head(small)
        places = self._matrix.matmul(points).clip(0.0, 1.0)
        grid = (2.0 * places - 1.0).reshape([-1, *self._output_size, 2])
        return read_at(x, grid, self.training)
