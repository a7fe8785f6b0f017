"""Primitive representations of a line, and from these a vector for each character: PREN."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import NECKS
from ppocr.values import Count, Dropout, Range, TextLength

LEVELS = 3


def _pair(widths, kernel_sizes, stride):
    """Returns two convolutions with normalisations, and Swish in between, named as in checkpoints."""
    layers = []
    for i, kernel_size in enumerate(kernel_sizes):
        padding = kernel_size // 2
        conv = nn.Conv2D(widths[i], widths[i + 1], kernel_size, stride, padding, bias_attr=False)
        layers += [(f"conv{i + 1}", conv), (f"bn{i + 1}", nn.BatchNorm2D(widths[i + 1]))]
    return nn.Sequential(*layers[:2], ("act", nn.Swish()), *layers[2:])


class PoolAggregate(nn.LayerList):
    """Each representation is the mean of a map of its own, ``[N, C, H, W]`` to ``[N, count, width]``."""

    def __init__(self, channels, count, width):
        super().__init__([_pair((channels, channels, width), (3, 3), 2) for _ in range(count)])

    def forward(self, x):
        return paddle.stack([convs(x).mean(axis=[2, 3]) for convs in self], axis=1)


class WeightAggregate(nn.Layer):
    """Each representation is a sum over the map, weighed for it, ``[N, C, H, W]`` to ``[N, count, width]``."""

    def __init__(self, channels, count, width):
        super().__init__()
        self.conv_n = _pair((channels, channels, count), (3, 1), 1)
        self.conv_d = _pair((channels, 4 * channels, width), (3, 1), 1)

    def forward(self, x):
        return F.sigmoid(self.conv_n(x)).flatten(2).matmul(self.conv_d(x).flatten(2), transpose_y=True)


class GraphConv(nn.Layer):
    """Mixes the vectors of one set to those of another one, ``[N, count, width]`` to ``[N, places, width]``."""

    def __init__(self, width, count, places, dropout):
        super().__init__()
        self.conv_n = nn.Conv1D(count, places, 1)
        self.linear = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return F.swish(self.dropout(self.linear(self.conv_n(x))))


@NECKS.register()
class PRENFPN(nn.Layer):
    """Vectors of the characters from representations of the whole line, pooled and weighed.

    Source: Primitive Representation Learning for Scene Text Recognition (https://arxiv.org/abs/2103.14845).

    Args:
        in_channels: of the three maps.
        n_r: number of primitive representations.
        d_model: width of a vector; a third of it comes from each map.
        max_len: number of places of a text.
        dropout: of the vectors.
    """

    def __init__(
        self,
        in_channels: list,
        n_r: Count,
        d_model: Annotated[int, Range(3, 16_383, step=3)],
        max_len: TextLength,
        dropout: Dropout,
    ):
        super().__init__()
        part = d_model // LEVELS
        self._pools, self._weights = [], []
        for i, channels in enumerate(in_channels, start=1):
            self._pools.append(self.add_sublayer(f"agg_p{i}", PoolAggregate(channels, n_r, part)))
            self._weights.append(self.add_sublayer(f"agg_w{i}", WeightAggregate(channels, n_r, part)))
        self.gcn_pool, self.gcn_weight = (GraphConv(d_model, n_r, max_len, dropout) for _ in range(2))
        self.out_channels = d_model

    def forward(self, x):
        """Maps three maps ``[N, C_i, H_i, W_i]`` to vectors ``[N, max_len, d_model]``."""
        pooled, weighed = (
            paddle.concat([layer(one) for layer, one in zip(layers, x)], axis=2)
            for layers in (self._pools, self._weights)
        )
        return 0.5 * (self.gcn_pool(pooled) + self.gcn_weight(weighed))
