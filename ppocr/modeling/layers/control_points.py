"""Control points along the edges of a text, which a small network predicts, and the spline that pulls them straight.

Source: ASTER: An Attentional Scene Text Recognizer with Flexible Rectification (TPAMI 2018), section 3.1.
"""

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Assign, Constant, KaimingNormal

from ppocr.modeling.layers.thin_plate_spline import border_points, read_at, spline_matrix

WIDTHS = (32, 64, 128, 256, 256, 256)
HIDDEN = 512
DAMPING = 0.1  # of what the last layer is fed, so that control points start to move slowly
HEAD_MARGIN = 0.01


def pixel_centers(size):
    """Returns places (x, y in [0, 1]) of the pixels of a height and a width, ``[height * width, 2]``."""
    y, x = np.divmod(np.arange(size[0] * size[1]), size[1])
    return np.stack([x / (size[1] - 1), y / (size[0] - 1)], axis=1)


class ControlPointHead(nn.Layer):
    """Control points of an image, ``[N, C, 16 or 32, 64]`` to ``[N, points, 2]``, x and y in [0, 1]."""

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


class EdgeSpline(nn.Layer):
    """Reads images so that their control points come to lie along the upper and the lower edge; it has no parameters.

    Args:
        points: number of control points, half of them for each edge.
        margins: distance of the control points from the sides of the result, in x and in y, as shares of it.
        size: height and width of the result.
    """

    def __init__(self, points, margins, size):
        super().__init__()
        matrix = spline_matrix(pixel_centers(size), border_points(points, margins)).astype(np.float32)
        self.register_buffer("_matrix", paddle.to_tensor(matrix), persistable=False)
        self._size = list(size)

    def forward(self, x, points):
        """Maps ``[N, C, H, W]`` to ``[N, C, *size]``; ``points`` are those of each image, ``[N, points, 2]``."""
        places = self._matrix.matmul(points).clip(0.0, 1.0)
        grid = (2.0 * places - 1.0).reshape([-1, *self._size, 2])
        return read_at(x, grid, self.training)
