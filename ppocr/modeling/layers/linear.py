"""Linear layers by how their weights are initialised."""

import math

from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant, TruncatedNormal, Uniform, XavierNormal


def uniform_fan_in(fan_in, regularizer=None):
    """Returns a ``ParamAttr`` drawn from the uniform distribution on plus or minus ``1 / sqrt(fan_in)``."""
    bound = 1.0 / math.sqrt(fan_in)
    return ParamAttr(initializer=Uniform(-bound, bound), regularizer=regularizer)


def uniform_linear(in_features, out_features, regularizer=None):
    """Returns a linear layer whose weight and bias are drawn by :func:`uniform_fan_in`."""
    weight, bias = (uniform_fan_in(in_features, regularizer) for _ in range(2))
    return nn.Linear(in_features, out_features, weight_attr=weight, bias_attr=bias)


def normal_linear(in_features, out_features, bias=True):
    """Returns a linear layer drawn from a truncated normal distribution; its bias starts at zero."""
    return _linear(in_features, out_features, TruncatedNormal(std=0.02), bias)


def xavier_linear(in_features, out_features, bias=True):
    """Returns a linear layer drawn from Xavier's normal distribution; its bias starts at zero."""
    return _linear(in_features, out_features, XavierNormal(), bias)


def _linear(in_features, out_features, initializer, bias):
    return nn.Linear(
        in_features,
        out_features,
        weight_attr=ParamAttr(initializer=initializer),
        bias_attr=ParamAttr(initializer=Constant(0.0)) if bias else False,
    )
