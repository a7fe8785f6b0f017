"""Settings of single parameters for the optimizer: their share of the learning rate and of the weight decay."""

from paddle import nn
from paddle.regularizer import L2Decay


def scale_learning_rate(layer, factor):
    """Multiplies the learning rate of all parameters of ``layer``."""
    if factor != 1.0:
        for parameter in layer.parameters():
            parameter.optimize_attr["learning_rate"] *= factor


def exempt_norms_from_decay(model):
    """Sets the weight decay of all batch normalisations in ``model`` to 0, whatever the optimizer's is.

    Source: Bag of Tricks for Image Classification (https://arxiv.org/abs/1812.01187), section 3.1.
    """
    for layer in model.sublayers():
        if isinstance(layer, nn.BatchNorm2D):
            for parameter in layer.parameters(include_sublayers=False):
                parameter.regularizer = L2Decay(0.0)
