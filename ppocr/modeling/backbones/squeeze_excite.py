"""Squeeze-and-excitation with hard gates."""

import paddle.nn.functional as F
from paddle import nn


class SqueezeExcite(nn.Layer):
    """Weighs every channel by what the mean of all channels says; the shape stays.

    Source: Squeeze-and-Excitation Networks (https://arxiv.org/abs/1709.01507), with the gate of MobileNetV3.

    Args:
        channels: of the map.
        reduction: channels to those between the two convolutions.
        slope: of the gate ``clip(slope * x + 0.5, 0, 1)``.
    """

    def __init__(self, channels, reduction=4, slope=1 / 6):
        super().__init__()
        self.conv1 = nn.Conv2D(channels, channels // reduction, 1)
        self.conv2 = nn.Conv2D(channels // reduction, channels, 1)
        self._slope = slope

    def forward(self, x):
        return x * self.gate(x)

    def gate(self, x):
        """Returns the weights in [0, 1], ``[N, channels, 1, 1]``."""
        squeezed = F.relu(self.conv1(F.adaptive_avg_pool2d(x, 1)))
        return F.hardsigmoid(self.conv2(squeezed), slope=self._slope, offset=0.5)
