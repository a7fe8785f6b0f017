"""Rectification of colours and, with a thin-plate spline, of geometry.

Source: SPIN: Structure-Preserving Inner Offset Network (https://arxiv.org/abs/2005.13117).
"""

import math
from typing import Annotated

import numpy as np
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Assign, Constant

from ppocr.modeling.layers.parameter_options import scale_learning_rate
from ppocr.modeling.layers.thin_plate_spline import GridGenerator, read_at, rising_points
from ppocr.registry import TRANSFORMS
from ppocr.values import Range, Share

POINTS = 20
WIDTHS = (32, 64, 128)  # of the convolutions that all parts share
STRUCTURE_WIDTHS = (256, 256, 512)
HIDDEN = 256
OFFSET_WIDTH = 16
START_WEIGHT, START_SHARE = 5.0, -5.0  # at first an image passes almost as it is


def exponents(pairs):
    """Returns the ``2 * pairs + 1`` exponents of the curves: pairs of one below and its inverse, and 1; equation 3."""
    found = []
    for i in range(1, pairs + 1):
        share = 0.5 * i / (pairs + 1)
        below = round(math.log(1.0 - share) / math.log(share), 2)
        found += [below, round(1.0 / below, 2)]
    return [*found, 1.0]


def _conv_block(in_channels, out_channels):
    conv = nn.Conv2D(in_channels, out_channels, 3, padding=1, bias_attr=False)
    # published models never gather statistics here: it is a scale and a shift
    return [conv, nn.BatchNorm2D(out_channels, use_global_stats=True), nn.ReLU()]


def _pooled_blocks(in_channels, widths):
    layers = []
    for width in widths:
        layers += [*_conv_block(in_channels, width), nn.MaxPool2D(2, 2)]
        in_channels = width
    return layers


class Curves(nn.Layer):
    """Maps each pixel by a sum of powers, the same of a whole image.

    Args:
        channels: of the image.
        pairs: see :func:`exponents`.
    """

    def __init__(self, channels, pairs):
        super().__init__()
        self.bn = nn.InstanceNorm2D(channels)
        self._powers = exponents(pairs)

    def forward(self, x, weights):
        """Returns an image ``[N, C, H, W]`` with values from -1 to 1.

        Args:
            x: the image, from 0 to 1.
            weights: of each power, ``[N, 2 * pairs + 1]``.
        """
        mapped = sum(x**power * weights[:, i].reshape([-1, 1, 1, 1]) for i, power in enumerate(self._powers))
        return 2.0 * F.sigmoid(self.bn(mapped)) - 1.0


@TRANSFORMS.register()
class GA_SPIN(nn.Layer):
    """Predicts curves for the colours, offsets that are mixed in before, and control points that are pulled straight.

    Source: SPIN: Structure-Preserving Inner Offset Network (https://arxiv.org/abs/2005.13117).

    Args:
        in_channels: channels of the image, which is at least 32 pixels high and wide.
        offsets: mix in an image of offsets, of which there is one for 16 x 16 pixels.
        default_type: pairs of curves, besides the straight one.
        loc_lr: factor of the learning rate of the layer that gives weights and control points.
        stn: rectify the geometry too.
    """

    def __init__(
        self,
        in_channels: int = 1,
        offsets: bool = False,
        default_type: Annotated[int, Range(1, 20)] = 6,
        loc_lr: Share = 1.0,
        stn: bool = True,
    ):
        super().__init__()
        self._offsets, self._stn = offsets, stn
        self._weights = 2 * default_type + 1
        self.sp_net = Curves(in_channels, default_type)
        self.spt_convnet = nn.Sequential(*_pooled_blocks(in_channels, WIDTHS))
        self.stucture_fc1 = nn.Sequential(  # the name as checkpoints have it
            *_pooled_blocks(WIDTHS[-1], STRUCTURE_WIDTHS)[:-1],
            nn.AdaptiveAvgPool2D(1),
            nn.Flatten(),
            nn.Linear(STRUCTURE_WIDTHS[-1], HIDDEN),
            nn.BatchNorm1D(HIDDEN),
            nn.ReLU(),
        )
        start = [0.0] * (self._weights - 1) + [START_WEIGHT]
        if offsets:
            start.append(START_SHARE)
            self.offset_fc1 = nn.Sequential(*_conv_block(WIDTHS[-1], OFFSET_WIDTH))
            self.offset_fc2 = nn.Conv2D(OFFSET_WIDTH, in_channels, 3, padding=1)
        if stn:
            start += rising_points(POINTS).flatten().tolist()
            self.GridGenerator = GridGenerator(POINTS)
        self.stucture_fc2 = nn.Linear(
            HIDDEN,
            len(start),
            weight_attr=ParamAttr(initializer=Constant(0.0)),
            bias_attr=ParamAttr(initializer=Assign(np.array(start, np.float32))),
        )
        scale_learning_rate(self.stucture_fc2, loc_lr)
        self.out_channels = in_channels

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]``, values from -1 to 1, to the same shape."""
        size = x.shape[2:]
        features = self.spt_convnet(x)
        numbers = self.stucture_fc2(self.stucture_fc1(features))
        image = 0.5 * (x + 1.0)
        if self._offsets:
            share = F.sigmoid(numbers[:, self._weights]).reshape([-1, 1, 1, 1])
            image = (1.0 - share) * image + share * self._offset_image(features, size)
        image = self.sp_net(image, numbers[:, : self._weights])
        if not self._stn:
            return image
        points = numbers[:, self._weights + self._offsets :].reshape([-1, POINTS, 2])
        grid = self.GridGenerator(points, size).astype(image.dtype)
        return read_at(image, grid, self.training, outside="border")

    def _offset_image(self, features, size):
        offsets = F.sigmoid(F.max_pool2d(self.offset_fc2(self.offset_fc1(features)), 2, 2))
        return F.interpolate(offsets, size, mode="bilinear", align_corners=False)
