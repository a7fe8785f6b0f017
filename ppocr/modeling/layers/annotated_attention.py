"""Transformer layers whose attention maps can be looked at, named as in published super-resolution networks.

Source: Scene Text Telescope: Text-Focused Scene Image Super-Resolution (CVPR 2021); the layers follow Attention Is All
You Need (https://arxiv.org/abs/1706.03762).
"""

import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Constant

DROPOUT = 0.1
EPSILON = 1e-6


class SampleNorm(nn.Layer):
    """Layer norm that divides by the unbiased standard deviation, to which a small number is added."""

    def __init__(self, width):
        super().__init__()
        self.a_2 = self.create_parameter([width], default_initializer=Constant(1.0))
        self.b_2 = self.create_parameter([width], default_initializer=Constant(0.0))

    def forward(self, x):
        centred = x - x.mean(axis=-1, keepdim=True)
        variance = centred.square().sum(axis=-1, keepdim=True) / (x.shape[-1] - 1)
        return self.a_2 * centred / (variance.sqrt() + EPSILON) + self.b_2


class SeenAttention(nn.Layer):
    """Attention with several heads that also gives its weights.

    Args:
        heads: number of heads.
        width: of a token.
    """

    def __init__(self, heads, width):
        super().__init__()
        self.linears = nn.LayerList([nn.Linear(width, width) for _ in range(4)])  # query, key, value, result
        self.compress_attention_linear = nn.Linear(heads, 1)  # is in checkpoints, but takes no part
        self._drop = nn.Dropout(DROPOUT)
        self._heads = heads

    def forward(self, x, memory, mask=None):
        """Returns tokens ``[N, T, width]`` and the weights ``[N, heads, T, S]``.

        Args:
            x: tokens that ask, ``[N, T, width]``.
            memory: tokens that are asked, ``[N, S, width]``.
            mask: what is added to the scores ``[T, S]``, or None.
        """
        query, key, value = (self._split(linear(of)) for linear, of in zip(self.linears, (x, memory, memory)))
        scores = query.matmul(key, transpose_y=True) * query.shape[3] ** -0.5
        weights = F.softmax(scores if mask is None else scores + mask, axis=-1)
        found = self._drop(weights).matmul(value).transpose([0, 2, 1, 3]).flatten(2)
        return self.linears[3](found), weights

    def _split(self, x):
        return x.reshape([0, x.shape[1], self._heads, x.shape[2] // self._heads]).transpose([0, 2, 1, 3])


class FeedForward(nn.Layer):
    """Two linear layers for each token."""

    def __init__(self, width, hidden):
        super().__init__()
        self.w_1 = nn.Linear(width, hidden)
        self.w_2 = nn.Linear(hidden, width)
        self._drop = nn.Dropout(DROPOUT)

    def forward(self, x):
        return self.w_2(self._drop(F.relu(self.w_1(x))))
