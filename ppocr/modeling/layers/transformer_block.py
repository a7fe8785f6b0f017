"""The block of the transformer with normalised sums, and positions in a sequence.

Source: Attention Is All You Need (https://arxiv.org/abs/1706.03762).
"""

import paddle
from paddle import nn

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.modeling.layers.linear import xavier_linear
from ppocr.modeling.layers.mlp import MLP
from ppocr.modeling.layers.tokens import sinusoids

LONGEST = 5000


class TransformerSelfAttention(nn.Layer):
    """Attention among the entries of one sequence."""

    def __init__(self, width, heads):
        super().__init__()
        self.qkv = xavier_linear(width, 3 * width)
        self.out_proj = xavier_linear(width, width)
        self._heads = heads

    def forward(self, x, mask=None, past=None):
        """Returns the mixed entries, and keys and values of the sequence so far (``past`` in front)."""
        query, key, value = split_heads(self.qkv(x), 3, self._heads)
        if past is not None:
            key, value = (paddle.concat([old, new], axis=2) for old, new in zip(past, (key, value)))
        return self.out_proj(attend(query, key, value, mask)), (key, value)


class TransformerCrossAttention(nn.Layer):
    """Attention of a sequence to another one."""

    def __init__(self, width, heads):
        super().__init__()
        self.q = xavier_linear(width, width)
        self.kv = xavier_linear(width, 2 * width)
        self.out_proj = xavier_linear(width, width)
        self._heads = heads

    def keys_and_values(self, memory):
        """Returns keys and values of the other sequence ``[N, S, C]``."""
        return split_heads(self.kv(memory), 2, self._heads)

    def forward(self, x, kv, mask=None):
        (query,) = split_heads(self.q(x), 1, self._heads)
        return self.out_proj(attend(query, *kv, mask))


class TransformerBlock(nn.Layer):
    """Self-attention, attention to a memory and linear layers; each sum is normalised.

    Args:
        width: of an entry.
        heads: attention heads.
        hidden: between the linear layers.
        dropout: in the linear layers and of what is added.
        mixes: with self-attention.
        reads_memory: with attention to a memory.
    """

    def __init__(self, width, heads, hidden, dropout, mixes=True, reads_memory=True):
        super().__init__()
        self._mixes, self._reads_memory = mixes, reads_memory
        if mixes:
            self.self_attn = TransformerSelfAttention(width, heads)
            self.norm1 = nn.LayerNorm(width)
        if reads_memory:
            self.cross_attn = TransformerCrossAttention(width, heads)
            self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, hidden, "relu", dropout, xavier_linear)
        self.norm3 = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, kv=None, mask=None, past=None, memory_mask=None):
        """Returns ``x`` one block later and the keys and values of :class:`TransformerSelfAttention`.

        Args:
            x: the sequence ``[N, T, C]``.
            kv: ``cross_attn.keys_and_values`` of the memory.
            mask: what is added to the scores of self-attention, or None.
            past: keys and values of the entries before ``x``, or None.
            memory_mask: what is added to the scores of the memory, or None.
        """
        if self._mixes:
            mixed, past = self.self_attn(x, mask, past)
            x = self.norm1(x + self.drop(mixed))
        if self._reads_memory:
            x = self.norm2(x + self.drop(self.cross_attn(x, kv, memory_mask)))
        return self.norm3(x + self.mlp(x)), past


class PositionalEncoding(nn.Layer):
    """Adds sines and cosines of the position (section 3.5)."""

    def __init__(self, width, dropout, length=LONGEST):
        super().__init__()
        self.register_buffer("pe", paddle.to_tensor(sinusoids(length, width)).unsqueeze(1))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, first=0):
        """Adds the positions from ``first`` on to ``[N, T, C]``."""
        return self.dropout(x + self.pe[first : first + x.shape[1], 0].astype(x.dtype))
