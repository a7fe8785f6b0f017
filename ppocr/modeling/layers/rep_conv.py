"""Convolutions that several backbones train as parallel branches and run as one."""

import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.reparameterise import (
    add_kernels,
    drop_sublayers,
    fold_norm,
    identity_kernel,
    kernel_of,
    make_conv,
)


class LearnableAffine(nn.Layer):
    """``scale * x + bias`` with two learnable numbers.

    Args:
        rate: their share of the learning rate.
    """

    def __init__(self, rate=1.0):
        super().__init__()
        self.scale = self.create_parameter([1], ParamAttr(initializer=Constant(1.0), learning_rate=rate))
        self.bias = self.create_parameter([1], ParamAttr(initializer=Constant(0.0), learning_rate=rate))

    def forward(self, x):
        return self.scale * x + self.bias


class AffineHardswish(nn.Layer):
    """Hard swish, then :class:`LearnableAffine`."""

    def __init__(self, rate):
        super().__init__()
        self.lab = LearnableAffine(rate)

    def forward(self, x):
        return self.lab(F.hardswish(x))


class RepConv(nn.Layer):
    """Sum of several convolutions of one size, a 1x1 convolution and the input itself, each normalised.

    There is a 1x1 branch if the kernel is larger, and the input is added if shape and channels stay. A
    :class:`LearnableAffine` follows, and an activation if the stride is not 2.

    Args:
        branches: how many convolutions of the full size.
        rate: share of the learning rate for the affine layers.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride, groups=1, branches=4, rate=0.1):
        super().__init__()
        self._form = {"stride": stride, "groups": groups}
        self._kernel_size = kernel_size
        shape = (in_channels, out_channels)
        self.identity = nn.BatchNorm2D(in_channels) if stride == 1 and in_channels == out_channels else None
        self.conv_1x1 = ConvNormAct(*shape, 1, **self._form) if kernel_size > 1 else None
        self.conv_kxk = nn.LayerList([ConvNormAct(*shape, kernel_size, **self._form) for _ in range(branches)])
        self.fused = None
        self.lab = LearnableAffine(rate)
        self.act = AffineHardswish(rate)
        self._activated = stride != 2

    def forward(self, x):
        y = self.fused(x) if self.fused is not None else self.lab(sum(branch(x) for branch in self._branches()))
        return self.act(y) if self._activated else y

    def _branches(self):
        return [b for b in (self.identity, self.conv_1x1, *self.conv_kxk) if b is not None]

    def fuse(self):
        """Replaces the branches and the affine layer behind them by one convolution."""
        if self.fused is not None:
            return
        kernels = [branch.kernel() for branch in self._branches() if branch is not self.identity]
        if self.identity is not None:
            channels = self.identity.weight.shape[0]
            kernels.append(fold_norm(identity_kernel(channels, self._form["groups"]), self.identity))
        weight, bias = add_kernels(kernels, self._kernel_size)
        scale, shift = self.lab.scale.item(), self.lab.bias.item()
        self.fused = make_conv((scale * weight, scale * bias + shift), **self._form)
        drop_sublayers(self, "identity", "conv_1x1", "conv_kxk", "lab")


class RepDepthwise(nn.Layer):
    """Normalised sum of a normalised depthwise 3x3 convolution, a depthwise 1x1 convolution and the input.

    Source: RepViT (https://arxiv.org/abs/2307.09283).

    Args:
        conv: a layer with the 3x3 convolution and its normalisation, and a method ``kernel``.
        bias: whether the 1x1 convolution has one.
    """

    def __init__(self, channels, conv, bias):
        super().__init__()
        self.conv = conv
        self.conv1 = nn.Conv2D(channels, channels, 1, groups=channels, bias_attr=None if bias else False)
        self.bn = nn.BatchNorm2D(channels)
        self.fused = None
        self._channels = channels

    def forward(self, x):
        if self.fused is not None:
            return self.fused(x)
        return self.bn(self.conv(x) + self.conv1(x) + x)

    def fuse(self):
        """Replaces the branches and the normalisation by one convolution."""
        if self.fused is not None:
            return
        kernels = [self.conv.kernel(), kernel_of(self.conv1), identity_kernel(self._channels, self._channels)]
        self.fused = make_conv(fold_norm(add_kernels(kernels, 3), self.bn), groups=self._channels)
        drop_sublayers(self, "conv", "conv1", "bn")
