"""Differentiable binarization: maps of text regions, of thresholds, and of one cut by the other."""

from typing import Optional

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, KaimingUniform

from ppocr.errors import ConfigError
from ppocr.modeling.common import uniform_fan_in
from ppocr.registry import HEADS


class MapHead(nn.Layer):
    """One map at the size of the image, from features at a quarter of it; values in (0, 1).

    Args:
        in_channels: channels of the features.
        kernel_list: kernel of the convolution, and of the two transposed convolutions that follow.
        fix_nan: set what is not a number to 0 between the layers in training.
    """

    def __init__(self, in_channels, kernel_list=(3, 2, 2), fix_nan=False):
        super().__init__()
        width = in_channels // 4
        first, second, third = kernel_list
        self.conv1 = nn.Conv2D(in_channels, width, first, padding=first // 2, bias_attr=False)
        self.conv_bn1 = _batch_norm(width)
        self.conv2 = _upsampling(width, width, second, fan_in=width)
        self.conv_bn2 = _batch_norm(width)
        self.conv3 = _upsampling(width, 1, third, fan_in=width)
        self._fix_nan = fix_nan

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to ``[N, 1, H, W]``."""
        return self.last(self.features(x))

    def features(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to what the last layer is fed, ``[N, in_channels / 4, H / 2, W / 2]``."""
        x = self._clean(F.relu(self.conv_bn1(self.conv1(x))))
        return self._clean(F.relu(self.conv_bn2(self.conv2(x))))

    def last(self, features):
        """Maps what :meth:`features` gives to the map ``[N, 1, H, W]``."""
        return F.sigmoid(self.conv3(features))

    def _clean(self, x):
        if not (self._fix_nan and self.training):
            return x
        return paddle.where(paddle.isnan(x), paddle.zeros_like(x), x)


def _batch_norm(channels):
    weight = ParamAttr(initializer=Constant(1.0))
    return nn.BatchNorm2D(channels, weight_attr=weight, bias_attr=ParamAttr(initializer=Constant(1e-4)))


def _upsampling(in_channels, out_channels, kernel_size, fan_in):
    weight = ParamAttr(initializer=KaimingUniform())
    bias = uniform_fan_in(fan_in)
    return nn.Conv2DTranspose(in_channels, out_channels, kernel_size, stride=2, weight_attr=weight, bias_attr=bias)


@HEADS.register()
class DBHead(nn.Layer):
    """Probability map, threshold map and their approximate binary map.

    Source: Differentiable Binarization (https://arxiv.org/abs/1911.08947).

    Args:
        in_channels: channels of the features.
        k: steepness of the approximate step.
        kernel_list: kernels of the three layers of each map; see :class:`MapHead`.
        fix_nan: set what is not a number to 0 between the layers in training.

    Raises:
        ConfigError: ``kernel_list`` is not three numbers.
    """

    def __init__(self, in_channels: int, k: float = 50, kernel_list: Optional[list] = None, fix_nan: bool = False):
        super().__init__()
        kernel_list = kernel_list or [3, 2, 2]
        if len(kernel_list) != 3:
            raise ConfigError(f"DBHead: kernel_list must be 3 numbers, one for each layer, not {kernel_list}")
        self.k = k
        self.binarize = MapHead(in_channels, kernel_list, fix_nan)
        self.thresh = MapHead(in_channels, kernel_list, fix_nan)

    def step(self, probability, threshold):
        """Returns ``1 / (1 + exp(-k (probability - threshold)))``."""
        return F.sigmoid(self.k * (probability - threshold))

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to ``{"maps": ...}``.

        In evaluation the probability map, ``[N, 1, H, W]``; in training the probability, threshold and binary maps,
        ``[N, 3, H, W]``.
        """
        probability = self.binarize(x)
        if not self.training:
            return {"maps": probability}
        threshold = self.thresh(x)
        binary = self.step(probability, threshold)
        return {"maps": paddle.concat([probability, threshold, binary], axis=1)}
