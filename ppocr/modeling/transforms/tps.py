"""Rectification of text lines by a thin-plate spline whose control points a network predicts.

Source: Robust Scene Text Recognition with Automatic Rectification (https://arxiv.org/abs/1603.03915), section 3.1.
"""

from typing import Annotated, Literal

import numpy as np
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Assign, Constant

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.linear import uniform_fan_in
from ppocr.modeling.layers.parameter_options import scale_learning_rate
from ppocr.modeling.layers.thin_plate_spline import GridGenerator, read_at, rising_points
from ppocr.registry import TRANSFORMS
from ppocr.values import Range, Share

WIDTHS = {"small": (16, 32, 64, 128), "large": (64, 128, 256, 512)}
HIDDEN = {"small": 64, "large": 256}
ControlPoints = Annotated[int, Range(4, 1_000, step=2)]


class LocalizationNetwork(nn.Layer):
    """Predicts control points, ``[N, C, H, W]`` to ``[N, points, 2]``: four convolutions and two linear layers.

    Args:
        in_channels: channels of the image.
        points: number of control points.
        loc_lr: factor of the learning rate of the linear layers.
        model_name: key of ``WIDTHS``.
    """

    def __init__(self, in_channels, points, loc_lr, model_name):
        super().__init__()
        self._convs = []
        for i, width in enumerate(WIDTHS[model_name]):
            self._convs.append(self.add_sublayer(f"loc_conv{i}", ConvNormAct(in_channels, width, 3, act="relu")))
            in_channels = width
        self.fc1 = nn.Linear(in_channels, HIDDEN[model_name], weight_attr=uniform_fan_in(in_channels))
        start = rising_points(points).astype(np.float32).flatten()
        self.fc2 = nn.Linear(
            HIDDEN[model_name],
            2 * points,
            weight_attr=ParamAttr(initializer=Constant(0.0)),
            bias_attr=ParamAttr(initializer=Assign(start)),
        )
        for layer in (self.fc1, self.fc2):
            scale_learning_rate(layer, loc_lr)

    def forward(self, x):
        for conv in self._convs[:-1]:
            x = F.max_pool2d(conv(x), kernel_size=2, stride=2)
        x = F.adaptive_avg_pool2d(self._convs[-1](x), 1).flatten(1)
        return self.fc2(F.relu(self.fc1(x))).reshape([0, -1, 2])


@TRANSFORMS.register()
class TPS(nn.Layer):
    """Predicts control points along both edges of the text and pulls them straight; the size stays.

    Source: Robust Scene Text Recognition with Automatic Rectification (https://arxiv.org/abs/1603.03915) and STAR-Net
    (BMVC 2016).  Untrained it reads along lines that rise to the right, as figure 6 (a) of the former has them.

    Args:
        in_channels: channels of the image.
        num_fiducial: number of control points, half of them for each edge.
        loc_lr: factor of the learning rate of the linear layers that predict the points.
        model_name: width of the network that predicts the points.
    """

    def __init__(
        self, in_channels: int, num_fiducial: ControlPoints, loc_lr: Share, model_name: Literal["large", "small"]
    ):
        super().__init__()
        self.loc_net = LocalizationNetwork(in_channels, num_fiducial, loc_lr, model_name)
        self.grid_generator = GridGenerator(num_fiducial)
        self.out_channels = in_channels

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to the same shape; what lies outside of the image is 0."""
        grid = self.grid_generator(self.loc_net(x), x.shape[2:])
        return read_at(x, grid.astype(x.dtype), self.training)
