"""The classes of PREN."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import HEADS
from ppocr.values import Classes


@HEADS.register()
class PRENHead(nn.Layer):
    """One linear layer.

    Source: Primitive Representation Learning for Scene Text Recognition (https://arxiv.org/abs/2103.14845).

    Args:
        in_channels: width of a vector.
        out_channels: number of classes; follows from the dictionary.
    """

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {"linear.weight": (1, 3), "linear.bias": (0, 3)}

    def __init__(self, in_channels: int, out_channels: Classes):
        super().__init__()
        self.linear = nn.Linear(in_channels, out_channels)

    def forward(self, x):
        """Maps vectors ``[N, T, in_channels]`` to logits ``[N, T, out_channels]``, in evaluation to probabilities."""
        x = self.linear(x)
        return x if self.training else F.softmax(x.astype("float32"), axis=-1)
