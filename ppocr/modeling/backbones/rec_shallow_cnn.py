"""The convolutions before SATRN's transformer."""

from typing import Annotated

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.registry import BACKBONES
from ppocr.values import Range


@BACKBONES.register()
class ShallowCNN(nn.Layer):
    """Two 3x3 convolutions, each before a pooling.

    Source: SATRN (https://arxiv.org/abs/1910.04396), section 3.2.

    Args:
        in_channels: channels of the image.
        hidden_dim: channels of the second convolution; the first one has half of them.
    """

    def __init__(self, in_channels: int = 1, hidden_dim: Annotated[int, Range(2, 4_096, step=2)] = 512):
        super().__init__()
        self.conv1 = ConvNormAct(in_channels, hidden_dim // 2, 3, act="relu")
        self.conv2 = ConvNormAct(hidden_dim // 2, hidden_dim, 3, act="relu")
        self.out_channels = hidden_dim

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, hidden_dim, H / 4, W / 4]``."""
        x = F.max_pool2d(self.conv1(x), 2, 2)
        return F.max_pool2d(self.conv2(x), 2, 2)
