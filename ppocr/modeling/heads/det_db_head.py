"""Differentiable binarization: maps of text regions, of thresholds, and of one cut by the other."""

from typing import Annotated, Literal, Optional

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, KaimingUniform

from ppocr.errors import ConfigError
from ppocr.modeling.layers.linear import uniform_fan_in
from ppocr.registry import HEADS
from ppocr.values import Kernel, Range, Width

Steepness = Annotated[float, Range(above=0, most=1_000)]
AUX_LEVELS = ("p2", "p3", "p4")


def probabilities(logits):
    """Returns the sigmoid, in float32: in half precision it is exactly 0 or 1 too soon, and a logarithm infinite."""
    return F.sigmoid(logits.astype("float32"))


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
        """Maps ``[N, in_channels, H / 4, W / 4]`` to the last layer's input, ``[N, in_channels / 4, H / 2, W / 2]``."""
        x = self._clean(F.relu(self.conv_bn1(self.conv1(x))))
        return self._clean(F.relu(self.conv_bn2(self.conv2(x))))

    def last(self, features):
        """Maps what :meth:`features` gives to the map ``[N, 1, H, W]``."""
        return probabilities(self.conv3(features))

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
        aux_in_channels: channels of three further maps that the neck gives in training, at 1/4, 1/8 and 1/16 of the
            image; the loss compares the maps made from each of them with the targets too. None: no such maps.

    Raises:
        ConfigError: the neck does not give the further maps.
    """

    def __init__(
        self,
        in_channels: int,
        k: Steepness = 50,
        kernel_list: Optional[tuple[Kernel, Literal[2], Literal[2]]] = None,
        fix_nan: bool = False,
        aux_in_channels: Optional[Width] = None,
    ):
        super().__init__()
        kernel_list = kernel_list or [3, 2, 2]
        self.k = k
        self.binarize = MapHead(in_channels, kernel_list, fix_nan)
        self.thresh = MapHead(in_channels, kernel_list, fix_nan)
        self._aux_levels = AUX_LEVELS if aux_in_channels else ()
        for level in self._aux_levels:
            for name in ("aux_binarize", "aux_thresh"):
                self.add_sublayer(f"{name}_{level}", MapHead(aux_in_channels, kernel_list, fix_nan))

    @staticmethod
    def check_arguments(in_channels, aux_in_channels):
        """Yields a problem if the further maps and the features differ in width."""
        if None not in (in_channels, aux_in_channels) and aux_in_channels != in_channels:
            yield "aux_in_channels", f"'aux_in_channels' must be {in_channels}, as the neck has, not {aux_in_channels}"

    def step(self, probability, threshold):
        """Returns ``1 / (1 + exp(-k (probability - threshold)))``."""
        return F.sigmoid(self.k * (probability - threshold))

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to ``{"maps": ...}``.

        In evaluation the probability map, ``[N, 1, H, W]``; in training the probability, threshold and binary maps,
        ``[N, 3, H, W]``. With ``aux_in_channels`` training takes the pair of that map and a list of three, and gives
        ``aux_maps_p2``, ``aux_maps_p3`` and ``aux_maps_p4`` besides, made from those three at the size of the first.
        """
        x, levels = x if isinstance(x, (list, tuple)) else (x, ())
        if not self.training:
            return {"maps": self.binarize(x)}
        if len(levels) < len(self._aux_levels):
            raise ConfigError("DBHead: aux_in_channels needs a neck that gives further maps: RepLKFPN or RepLKPAN")
        preds = {"maps": self._three_maps(self.binarize, self.thresh, x)}
        for name, level in zip(self._aux_levels, levels):
            binarize, thresh = getattr(self, f"aux_binarize_{name}"), getattr(self, f"aux_thresh_{name}")
            enlarged = F.interpolate(level, size=levels[0].shape[2:], mode="bilinear")
            preds[f"aux_maps_{name}"] = self._three_maps(binarize, thresh, enlarged)
        return preds

    def _three_maps(self, binarize, thresh, x):
        probability, threshold = binarize(x), thresh(x)
        return paddle.concat([probability, threshold, self.step(probability, threshold)], axis=1)
