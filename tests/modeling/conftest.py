"""Layers whose results can be told by hand."""

import numpy as np
import paddle
import pytest
from paddle import nn


@pytest.fixture
def fill():
    return _fill


def _fill(layer, value):
    """Sets all convolutions to one value and leaves normalisations as they start."""
    for tensor in layer.state_dict().values():
        if len(tensor.shape) == 4:
            tensor.set_value(paddle.full(tensor.shape, value))
    layer.eval()
    return layer


@pytest.fixture
def without_epsilon():
    return _without_epsilon


def _without_epsilon(layer):
    """Makes fresh normalisations the identity in evaluation."""
    for part in layer.sublayers():
        if hasattr(part, "_epsilon"):
            part._epsilon = 0.0
    return layer


@pytest.fixture
def pass_through():
    return _pass_through


def _pass_through(net):
    """Makes every square convolution sum the centres of its channels, or pass its own channel; gates become 1/2."""
    for name, tensor in net.state_dict().items():
        if name.endswith(".bias"):
            tensor.set_value(paddle.zeros_like(tensor))
        elif len(tensor.shape) == 4:
            kernel = np.zeros(tensor.shape, "float32")
            kernel[:, 0, tensor.shape[2] // 2, tensor.shape[3] // 2] = (
                0.0 if "se_block" in name or "se." in name else 1.0
            )
            tensor.set_value(kernel)
    for layer in net.sublayers():
        if isinstance(layer, nn.BatchNorm2D):
            layer._epsilon = 0.0
    net.eval()
    return net
