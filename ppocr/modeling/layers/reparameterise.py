"""Re-parameterisation: layers that train as several parallel branches and run as one convolution.

Convolution and batch normalisation (with its running statistics) are linear, so parallel branches add up to one kernel.
A layer that can be fused has a method ``fuse()``, which replaces its branches by that convolution; it may be called
again without effect. Its output in evaluation stays the same up to rounding; it can no longer be trained.

Source: RepVGG (https://arxiv.org/abs/2101.03697).
"""

import numpy as np
import paddle
from paddle import nn


def fuse_model(model):
    """Fuses every layer of ``model`` that can be; the model is changed in place and set to evaluation.

    Returns:
        int: how many layers were fused.
    """
    model.eval()
    layers = [layer for layer in model.sublayers(include_self=True) if callable(getattr(layer, "fuse", None))]
    for layer in layers:
        layer.fuse()
    return len(layers)


def kernel_of(conv):
    """Returns the kernel ``[out, in / groups, kh, kw]`` and the bias ``[out]`` of a convolution, in float64."""
    weight = conv.weight.numpy().astype(np.float64)
    return weight, np.zeros(len(weight)) if conv.bias is None else conv.bias.numpy().astype(np.float64)


def identity_kernel(channels, groups=1, size=1):
    """Returns the kernel and the bias of the convolution that gives its input."""
    inner = channels // groups
    weight = np.zeros((channels, inner, size, size))
    weight[np.arange(channels), np.arange(channels) % inner, size // 2, size // 2] = 1.0
    return weight, np.zeros(channels)


def fold_norm(kernel, norm):
    """Returns the kernel and the bias of a convolution followed by a batch normalisation in evaluation."""
    weight, bias = kernel
    mean, variance, gamma, beta = (
        t.numpy().astype(np.float64) for t in (norm._mean, norm._variance, norm.weight, norm.bias)
    )
    factor = gamma / np.sqrt(variance + norm._epsilon)
    return weight * factor[:, None, None, None], beta + (bias - mean) * factor


def dilate_kernel(weight, dilation):
    """Returns the dense form of a dilated kernel: ``dilation - 1`` zeros between the taps."""
    size = (weight.shape[-1] - 1) * dilation + 1
    dense = np.zeros((*weight.shape[:2], size, size))
    dense[:, :, ::dilation, ::dilation] = weight
    return dense


def add_kernels(kernels, size):
    """Returns the sum of kernels of odd size, each centred in one of ``size``, and the sum of their biases."""
    total, total_bias = 0.0, 0.0
    for weight, bias in kernels:
        margin = (size - weight.shape[-1]) // 2
        total = total + np.pad(weight, ((0, 0), (0, 0), (margin, margin), (margin, margin)))
        total_bias = total_bias + bias
    return total, total_bias


def make_conv(kernel, stride=1, groups=1):
    """Returns a convolution with that kernel (of odd size) and bias which keeps the size at stride 1."""
    weight, bias = kernel
    out_channels, inner, size, _ = weight.shape
    conv = nn.Conv2D(inner * groups, out_channels, size, stride, size // 2, groups=groups)
    conv.weight.set_value(paddle.to_tensor(weight.astype(np.float32)))
    conv.bias.set_value(paddle.to_tensor(bias.astype(np.float32)))
    return conv


def drop_sublayers(layer, *names):
    """Removes sublayers that a fused layer no longer needs; a name that it does not have is passed over."""
    for name in names:
        if getattr(layer, name, None) is not None:
            delattr(layer, name)
