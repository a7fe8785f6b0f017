"""Stochastic depth."""

import numpy as np
import paddle
from paddle import nn


class DropPath(nn.Layer):
    """Leaves out a residual branch for a random share of the samples, in training.

    Source: Deep Networks with Stochastic Depth (https://arxiv.org/abs/1603.09382).
    """

    draws_at_random = True  # all that training changes

    def __init__(self, probability):
        super().__init__()
        self._keep = 1.0 - probability

    def forward(self, x):
        if self._keep == 1.0 or not self.training:
            return x
        kept = paddle.rand([x.shape[0]] + [1] * (x.ndim - 1), dtype=x.dtype) < self._keep
        return x / self._keep * kept.astype(x.dtype)


def drop_path_rates(last, depths):
    """Returns one list of rates for each stage, growing evenly from 0 to ``last`` over all blocks."""
    rates, ends = np.linspace(0.0, last, sum(depths)).tolist(), np.cumsum(depths)
    return [rates[end - depth : end] for depth, end in zip(depths, ends)]
