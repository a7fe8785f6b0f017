"""Progressive scale expansion: maps of text regions and of ever smaller kernels of them."""

from typing import Annotated

import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import HEADS
from ppocr.values import Range, Width


@HEADS.register()
class PSEHead(nn.Layer):
    """Logits of the text regions and of their kernels, the smallest last.

    Source: Shape Robust Text Detection with Progressive Scale Expansion Network (https://arxiv.org/abs/1903.12473).

    Args:
        in_channels: channels of the features.
        hidden_dim: channels of the 3x3 convolution.
        out_channels: the map of the text regions, and that of each kernel.
    """

    def __init__(self, in_channels: int, hidden_dim: Width = 256, out_channels: Annotated[int, Range(2, 100)] = 7):
        super().__init__()
        self.conv1 = nn.Conv2D(in_channels, hidden_dim, 3, padding=1)
        self.bn1 = nn.BatchNorm2D(hidden_dim)
        self.conv2 = nn.Conv2D(hidden_dim, out_channels, 1)

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to ``{"maps": [N, out_channels, H / 4, W / 4]}``."""
        return {"maps": self.conv2(F.relu(self.bn1(self.conv1(x))))}
