"""The decoder of mBART, which reads a memory and gives the sub-words of a text one after the other.

Source: Multilingual Denoising Pre-training for Neural Machine Translation (https://arxiv.org/abs/2001.08210).
"""

import math

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal

from ppocr.modeling.layers.attention import attend, split_heads

FIRST_POSITION = 2  # rows of the table of positions that stand before that of the first entry
HEADS_OF_ATTENTION = 16
PUBLISHED_CLASSES = 50_000
# of a head whose ``decoder`` is a MBartForCausalLM
FOLLOWS_THE_TOKENIZER = {"decoder.model.decoder.embed_tokens.weight": (0, 0), "decoder.lm_head.weight": (1, 0)}
DEVIATION = 0.02  # of weights at the start


def misfit(in_channels, encoder_hidden_size):
    """Yields the key of a head, and what is wrong, where it is told of another width than it reads (None: unknown)."""
    if in_channels not in (None, encoder_hidden_size):
        what = f"'encoder_hidden_size' must be the width of what the head reads, {in_channels}"
        yield "encoder_hidden_size", f"{what}, not {encoder_hidden_size}"


def mbart_linear(in_features, out_features, bias=True):
    """Returns a linear layer with weights from a narrow normal distribution and no bias at the start."""
    weight = ParamAttr(initializer=Normal(0.0, DEVIATION))
    return nn.Linear(in_features, out_features, weight_attr=weight, bias_attr=None if bias else False)


def mbart_embedding(entries, width, padding=None):
    """Returns an embedding with rows from a narrow normal distribution; that of the padding is zero."""
    weight = ParamAttr(initializer=Normal(0.0, DEVIATION))
    return nn.Embedding(entries, width, padding_idx=padding, weight_attr=weight)


def hidden_from(hidden, dtype):
    """Returns what is added to attention scores: the lowest finite number where ``hidden`` is true, else 0."""
    lowest = paddle.finfo(dtype).min
    return paddle.where(hidden, paddle.full([1], lowest, dtype), paddle.zeros([1], dtype))


def causal_mask(present, dtype, step=1):
    """Returns what is added to the scores of self-attention, so that entries see those up to themselves.

    Args:
        present: ``[N, T]``, 0 for padding, which no entry sees.
        dtype: of the scores.
        step: entries of a group, which see each other.

    Returns:
        ``[N, 1, T, T]``.
    """
    group = paddle.arange(present.shape[1]) // step
    later = group.unsqueeze(0) > group.unsqueeze(1)
    return hidden_from(later.logical_or(present.equal(0)[:, None, None]), dtype)


class MBartAttention(nn.Layer):
    """Attention of a sequence to itself or to another one."""

    def __init__(self, width, heads):
        super().__init__()
        self.k_proj, self.v_proj = mbart_linear(width, width), mbart_linear(width, width)
        self.q_proj, self.out_proj = mbart_linear(width, width), mbart_linear(width, width)
        self._heads = heads

    def keys_and_values(self, memory, past=None):
        """Returns keys and values ``[N, heads, S, C]`` of ``[N, S, C]``, behind those of ``past``."""
        pair = [split_heads(layer(memory), 1, self._heads)[0] for layer in (self.k_proj, self.v_proj)]
        return pair if past is None else [paddle.concat([old, new], axis=2) for old, new in zip(past, pair)]

    def forward(self, x, kv, mask=None):
        (query,) = split_heads(self.q_proj(x), 1, self._heads)
        return self.out_proj(attend(query, *kv, mask))


class MBartDecoderLayer(nn.Layer):
    """Self-attention, attention to the memory and two linear layers; each reads what is normalised and is added."""

    def __init__(self, width, heads, hidden, dropout):
        super().__init__()
        self.self_attn = MBartAttention(width, heads)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.encoder_attn = MBartAttention(width, heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(width)
        self.fc1, self.fc2 = mbart_linear(width, hidden), mbart_linear(hidden, width)
        self.final_layer_norm = nn.LayerNorm(width)
        self._drop = nn.Dropout(dropout)

    def forward(self, x, memory, mask=None, past=None):
        """Returns ``x`` one layer later, and keys and values of the sequence so far.

        Args:
            x: ``[N, T, C]``.
            memory: keys and values of the memory.
            mask: what is added to the scores of self-attention.
            past: keys and values of what stands before ``x``.
        """
        y = self.self_attn_layer_norm(x)
        kv = self.self_attn.keys_and_values(y, past)
        x = x + self._drop(self.self_attn(y, kv, mask))
        x = x + self._drop(self.encoder_attn(self.encoder_attn_layer_norm(x), memory))
        y = self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return x + self._drop(y), kv


class MBartDecoder(nn.Layer):
    """Embeddings of sub-words and their positions, and layers that mix them with the memory.

    Args:
        classes: number of sub-words.
        width: of the layers.
        layers: their number.
        heads: of attention.
        hidden: width of the layers' inner linear layers.
        positions: the longest sequence.
        padding: the sub-word that means nothing.
        dropout: in the layers and behind the embeddings.
    """

    def __init__(self, classes, width, layers, heads, hidden, positions, padding=1, dropout=0.1):
        super().__init__()
        self.embed_tokens = mbart_embedding(classes, width, padding)
        self.embed_positions = mbart_embedding(positions + FIRST_POSITION, width)
        self.layers = nn.LayerList([MBartDecoderLayer(width, heads, hidden, dropout) for _ in range(layers)])
        self.layernorm_embedding = nn.LayerNorm(width)
        self.layer_norm = nn.LayerNorm(width)
        self._drop = nn.Dropout(dropout)
        self._scale = math.sqrt(width)

    def memories(self, x):
        """Returns the keys and values of each layer of a memory ``[N, S, C]``."""
        return [layer.encoder_attn.keys_and_values(x) for layer in self.layers]

    def forward(self, tokens, memories, mask=None, pasts=None, more=None):
        """Reads sub-words ``[N, T]``.

        Args:
            tokens: int64.
            memories: of :meth:`memories`.
            mask: what is added to the scores of self-attention, ``[N or 1, 1, T, P + T]``.
            pasts: what an earlier call gave second, of the ``P`` sub-words that stand before.
            more: added to the embeddings, ``[N, 1, C]``.

        Returns:
            Features ``[N, T, C]``, and keys and values of each layer, of all sub-words so far.
        """
        x = self.embed_tokens(tokens) * self._scale
        x = x if more is None else x + more
        first = FIRST_POSITION + (0 if pasts is None else pasts[0][0].shape[2])
        x = x + self.embed_positions(paddle.arange(first, first + tokens.shape[1]))
        x = self._drop(self.layernorm_embedding(x))
        grown = []
        for layer, memory, past in zip(self.layers, memories, pasts or [None] * len(memories)):
            x, kv = layer(x, memory, mask, past)
            grown.append(kv)
        return self.layer_norm(x), grown


class MBartForCausalLM(nn.Layer):
    """The decoder and the linear layer that gives a score for each sub-word; the names are those of checkpoints."""

    def __init__(self, decoder, classes, width):
        super().__init__()
        self.model = nn.Layer()
        self.model.decoder = decoder
        self.lm_head = mbart_linear(width, classes, bias=False)

    def forward(self, *inputs, **options):
        """Returns scores ``[N, T, classes]``, and keys and values of the sub-words; see :class:`MBartDecoder`."""
        x, grown = self.model.decoder(*inputs, **options)
        return self.lm_head(x), grown
