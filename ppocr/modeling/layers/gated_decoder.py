"""A decoder of transformer blocks whose linear layers and attention are gated, with the names of x-transformers.

Sources: GLU Variants Improve Transformer (https://arxiv.org/abs/2002.05202), Attention on Attention
(https://arxiv.org/abs/1908.06954).
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.modeling.layers.mbart import mbart_embedding

HEAD_WIDTH = 64
GROWTH = 4  # hidden width of linear layers to that of a block


class GatedAttention(nn.Layer):
    """Attention of a sequence to itself or to another one; ``gated``: a linear layer weighs what it gives."""

    def __init__(self, width, memory_width, heads, gated):
        super().__init__()
        inner = heads * HEAD_WIDTH
        self.to_q = nn.Linear(width, inner, bias_attr=False)
        self.to_k = nn.Linear(memory_width, inner, bias_attr=False)
        self.to_v = nn.Linear(memory_width, inner, bias_attr=False)
        out = nn.Linear(inner, 2 * width if gated else width, bias_attr=None if gated else False)
        self.to_out = nn.Sequential(out, nn.GLU()) if gated else out
        self._heads = heads

    def keys_and_values(self, memory, past=None):
        """Returns keys and values ``[N, heads, S, C]`` of ``[N, S, C]``, behind those of ``past``."""
        pair = [split_heads(layer(memory), 1, self._heads)[0] for layer in (self.to_k, self.to_v)]
        return pair if past is None else [paddle.concat([old, new], axis=2) for old, new in zip(past, pair)]

    def forward(self, x, kv, mask=None):
        (query,) = split_heads(self.to_q(x), 1, self._heads)
        return self.to_out(attend(query, *kv, mask))


class GELUGate(nn.Layer):
    """A linear layer half of which weighs the other half."""

    def __init__(self, width, hidden):
        super().__init__()
        self.proj = nn.Linear(width, 2 * hidden)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, axis=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Layer):
    """Two linear layers, the first of which may be gated."""

    def __init__(self, width, gated):
        super().__init__()
        hidden = GROWTH * width
        first = GELUGate(width, hidden) if gated else nn.Sequential(nn.Linear(width, hidden), nn.GELU())
        self.net = nn.Sequential(first, nn.Identity(), nn.Linear(hidden, width))

    def forward(self, x):
        return self.net(x)


class GatedDecoder(nn.Layer):
    """Embeddings of sub-words and their positions, blocks that mix them with a memory, and a score for each sub-word.

    Args:
        classes: number of sub-words.
        width: of the blocks.
        memory_width: of the memory.
        depth: number of blocks.
        heads: of attention.
        positions: the longest sequence.
        gated_attention, gated_linear: whether these layers are gated.
    """

    def __init__(self, classes, width, memory_width, depth, heads, positions, gated_attention, gated_linear):
        super().__init__()
        self.token_emb = mbart_embedding(classes, width)
        self.pos_emb, self.attn_layers = nn.Layer(), nn.Layer()
        self.pos_emb.emb = mbart_embedding(positions, width)
        self.attn_layers.layers = nn.LayerList()
        for _ in range(depth):
            for layer in (
                GatedAttention(width, width, heads, gated_attention),
                GatedAttention(width, memory_width, heads, gated_attention),
                FeedForward(width, gated_linear),
            ):
                self.attn_layers.layers.append(nn.LayerList([nn.LayerNorm(width), layer]))
        self.norm = nn.LayerNorm(width)
        self.to_logits = nn.Linear(width, classes)

    def _blocks(self):
        """Returns for each block its three pairs of a normalisation and a layer."""
        layers = list(self.attn_layers.layers)
        return list(zip(layers[::3], layers[1::3], layers[2::3]))

    def memories(self, x):
        """Returns the keys and values of each block of a memory ``[N, S, C]``."""
        return [reads.keys_and_values(x) for _, (_, reads), _ in self._blocks()]

    def forward(self, tokens, memories, mask=None, pasts=None):
        """Reads sub-words ``[N, T]``.

        Args:
            tokens: int64.
            memories: of :meth:`memories`.
            mask: what is added to the scores of self-attention, ``[N or 1, 1, T, P + T]``.
            pasts: what an earlier call gave second, of the ``P`` sub-words that stand before.

        Returns:
            Scores ``[N, T, classes]``, and keys and values of each block, of all sub-words so far.
        """
        first = 0 if pasts is None else pasts[0][0].shape[2]
        x = self.token_emb(tokens) + self.pos_emb.emb(paddle.arange(first, first + tokens.shape[1]))
        grown = []
        for block, memory, past in zip(self._blocks(), memories, pasts or [None] * len(memories)):
            (mix_norm, mixes), (read_norm, reads), (linear_norm, linear) = block
            y = mix_norm(x)
            kv = mixes.keys_and_values(y, past)
            x = x + mixes(y, kv, mask)
            x = x + reads(read_norm(x), memory)
            x = x + linear(linear_norm(x))
            grown.append(kv)
        return self.to_logits(self.norm(x)), grown
