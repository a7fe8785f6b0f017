"""Head of image classifiers."""

from typing import Annotated, Optional

import paddle.nn.functional as F
from paddle import nn

from ppocr.errors import ConfigError
from ppocr.modeling.layers.linear import uniform_fan_in
from ppocr.registry import HEADS
from ppocr.values import Range


@HEADS.register()
class ClsHead(nn.Layer):
    """Mean over the map and one linear layer.

    Args:
        in_channels: channels of the map.
        class_dim: number of classes; it follows from ``label_list`` where there is one.

    Raises:
        ConfigError: the number of classes is not given.
    """

    vocabulary_parameters = {"fc.weight": (1, 0), "fc.bias": (0, 0)}

    def __init__(self, in_channels: int, class_dim: Optional[Annotated[int, Range(2, 1_000_000)]] = None):
        super().__init__()
        if class_dim is None:
            raise ConfigError("ClsHead: give the number of classes as class_dim, or their names as Global.label_list")
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.fc = nn.Linear(in_channels, class_dim, weight_attr=uniform_fan_in(in_channels))

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, class_dim]``: logits in training, else probabilities."""
        scores = self.fc(self.pool(x).flatten(1))
        return scores if self.training else F.softmax(scores, axis=1)
