"""Squeeze-and-excitation."""

import paddle.nn.functional as F
from paddle import nn


class SqueezeExcite(nn.Layer):
    """Weighs every channel by a function of the means of all channels; the shape stays.

    Source: Squeeze-and-Excitation Networks (https://arxiv.org/abs/1709.01507), with the gate of MobileNetV3. A family
    whose checkpoints name the two convolutions differently has a subclass.

    Args:
        channels: of the map.
        width: channels between the two convolutions; a quarter by default.
        slope: of the gate ``clip(slope * x + 0.5, 0, 1)``; None for the sigmoid.
    """

    names = ("conv1", "conv2")

    def __init__(self, channels, width=None, slope=1 / 6):
        super().__init__()
        width = channels // 4 if width is None else width
        squeeze, excite = self.names
        self.add_sublayer(squeeze, nn.Conv2D(channels, width, 1))
        self.add_sublayer(excite, nn.Conv2D(width, channels, 1))
        self._slope = slope

    def forward(self, x):
        return x * self.gate(x)

    def gate(self, x):
        """Returns the weights in [0, 1], ``[N, channels, 1, 1]``."""
        squeeze, excite = self.names
        squeezed = F.relu(getattr(self, squeeze)(F.adaptive_avg_pool2d(x, 1)))
        logits = getattr(self, excite)(squeezed)
        return F.sigmoid(logits) if self._slope is None else F.hardsigmoid(logits, slope=self._slope, offset=0.5)
