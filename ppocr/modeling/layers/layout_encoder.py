"""Layers of the transformers that followed LayoutLM, with its embeddings in six parts.

Source: LayoutLMv2 (https://arxiv.org/abs/2012.14740), LayoutXLM (https://arxiv.org/abs/2104.08836).
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.modeling.layers.layout import LayoutEmbeddings

PARTS = 6  # of the embedding of a box


class JoinedPlaces(LayoutEmbeddings):
    """Embeds the coordinates of a box in a sixth of the width each, one beside the other; normalises the sum."""

    def __init__(self, sizes, epsilon):
        super().__init__(sizes, sizes.hidden_size // PARTS)
        self.LayerNorm = nn.LayerNorm(sizes.hidden_size, epsilon=epsilon)

    def forward(self, input_ids, bbox, token_type_ids):
        return self.drop(self.LayerNorm(self.words(input_ids, token_type_ids) + self.box(bbox)))

    def box(self, bbox):
        """Returns the embedding of boxes ``[N, T, 4]``: ``[N, T, width]``."""
        return paddle.concat(self.places(bbox), axis=-1)


class _Projections(nn.Layer):
    """Queries, keys and values by three layers, or by one and biases for the first and the last."""

    def __init__(self, sizes, joined):
        super().__init__()
        width = sizes.hidden_size
        self._joined, self._heads = joined, sizes.num_attention_heads
        self.drop = nn.Dropout(sizes.dropout)
        if joined:
            self.qkv_linear = nn.Linear(width, 3 * width, bias_attr=False)
            self.q_bias, self.v_bias = (self.create_parameter([1, 1, width], is_bias=True) for _ in "qv")
        else:
            self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))

    def forward(self, x, mask):
        query, key, value = (split_heads(part, 1, self._heads)[0] for part in self._projected(x))
        return attend(query, key, value, mask, drop=self.drop)

    def _projected(self, x):
        if not self._joined:
            return self.query(x), self.key(x), self.value(x)
        query, key, value = self.qkv_linear(x).chunk(3, axis=-1)
        return query + self.q_bias, key, value + self.v_bias


class _Added(nn.Layer):
    """A linear layer whose result is added and normalised."""

    def __init__(self, in_width, sizes, epsilon):
        super().__init__()
        self.dense = nn.Linear(in_width, sizes.hidden_size)
        self.LayerNorm = nn.LayerNorm(sizes.hidden_size, epsilon=epsilon)
        self.drop = nn.Dropout(sizes.dropout)

    def forward(self, x, rest):
        return self.LayerNorm(self.drop(self.dense(x)) + rest)


class LayoutLayer(nn.Layer):
    """Attention and linear layers; each sum is normalised.

    Args:
        sizes: :class:`ppocr.modeling.layers.layout.LayoutSizes`.
        joined: queries, keys and values come from one layer.
        epsilon: of the norms.
    """

    def __init__(self, sizes, joined, epsilon):
        super().__init__()
        self.attention = nn.Layer()
        self.attention.self = _Projections(sizes, joined)
        self.attention.output = _Added(sizes.hidden_size, sizes, epsilon)
        self.intermediate = nn.Layer()
        self.intermediate.dense = nn.Linear(sizes.hidden_size, sizes.intermediate_size)
        self.output = _Added(sizes.intermediate_size, sizes, epsilon)

    def forward(self, x, mask):
        x = self.attention.output(self.attention.self(x, mask), x)
        return self.output(F.gelu(self.intermediate.dense(x)), x)


class LayoutEncoder(nn.Layer):
    """Layers one after the other; see :class:`LayoutLayer`."""

    def __init__(self, sizes, joined, epsilon):
        super().__init__()
        self.layer = nn.LayerList([LayoutLayer(sizes, joined, epsilon) for _ in range(sizes.num_hidden_layers)])

    def forward(self, x, mask) -> list:
        """Returns what each layer gives, ``[N, T, width]``.

        Args:
            x: ``[N, T, width]``.
            mask: added to the attention, ``[N, 1 or heads, 1 or T, T]``.
        """
        outputs = []
        for layer in self.layer:
            outputs.append(layer(outputs[-1] if outputs else x, mask))
        return outputs
