"""PARSeq: a decoder that learns to read the characters of a line in any order."""

import math
from collections.abc import Sequence
from itertools import permutations
from typing import Annotated, Optional

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import TruncatedNormal

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.modeling.layers.channels import undivided
from ppocr.modeling.layers.linear import xavier_linear
from ppocr.registry import HEADS
from ppocr.values import Classes, Depth, Dropout, Heads, Range, Ratio, TextLength, Width

END = 0  # class of the end mark; start and padding are the last two
FEW = 5  # orders of fewer characters are drawn from a list of all


class QueryAttention(nn.Layer):
    """Attention of queries to a sequence."""

    def __init__(self, width, heads, dropout):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (xavier_linear(width, width) for _ in range(4))
        self.dropout = nn.Dropout(dropout)
        self._heads = heads

    def keys_and_values(self, x):
        """Returns keys and values of the sequence ``[N, S, C]``."""
        return [split_heads(layer(x), 1, self._heads)[0] for layer in (self.k_proj, self.v_proj)]

    def forward(self, query, kv, mask=None):
        (query,) = split_heads(self.q_proj(query), 1, self._heads)
        return self.out_proj(attend(query, *kv, mask, drop=self.dropout))


class DecoderLayer(nn.Layer):
    """Two streams: queries, which know their places alone, and the content of the text that they may look at.

    Source: XLNet (https://arxiv.org/abs/1906.08237), with attention to the image.
    """

    def __init__(self, width, heads, hidden, dropout):
        super().__init__()
        self.self_attn = QueryAttention(width, heads, dropout)
        self.cross_attn = QueryAttention(width, heads, dropout)
        self.linear1, self.linear2 = xavier_linear(width, hidden), xavier_linear(hidden, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.norm_q, self.norm_c = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def _stream(self, x, normed, content, image, mask):
        x = x + self.dropout(self.self_attn(normed, content, mask))
        x = x + self.dropout(self.cross_attn(self.norm1(x), image))
        hidden = self.dropout(F.gelu(self.linear1(self.norm2(x))))
        return x + self.dropout(self.linear2(hidden))

    def forward(self, query, content, image, query_mask, content_mask):
        """Returns both streams one layer later; without ``content_mask`` the content is not needed any more."""
        normed = self.norm_c(content)
        kv = self.self_attn.keys_and_values(normed)
        query = self._stream(query, self.norm_q(query), kv, image, query_mask)
        if content_mask is not None:
            content = self._stream(content, normed, kv, image, content_mask)
        return query, content


class Decoder(nn.Layer):
    """Layers of two streams."""

    def __init__(self, depth, width, heads, hidden, dropout):
        super().__init__()
        self.layers = nn.LayerList([DecoderLayer(width, heads, hidden, dropout) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)

    def images(self, memory):
        """Returns keys and values of the tokens of the image for each layer."""
        return [layer.cross_attn.keys_and_values(memory) for layer in self.layers]

    def forward(self, query, content, images, query_mask, content_mask):
        last = len(self.layers) - 1
        for i, (layer, image) in enumerate(zip(self.layers, images)):
            query, content = layer(query, content, image, query_mask, content_mask if i < last else None)
        return self.norm(query)


class TokenEmbedding(nn.Layer):
    """A vector for each class, scaled with the square root of its width."""

    def __init__(self, classes, width):
        super().__init__()
        self.embedding = nn.Embedding(classes, width, weight_attr=TruncatedNormal(std=0.02))
        self._scale = math.sqrt(width)

    def forward(self, x):
        return self.embedding(x) * self._scale


def hidden(shown):
    """Returns what is added to attention scores: minus infinity where nothing is shown."""
    return paddle.where(shown, paddle.zeros([1]), paddle.full([1], -math.inf))


def orders(count, wanted, forward, mirrored):
    """Draws orders in which a text is read: int64 ``[orders, count + 2]``, the start first, the end last.

    Each is followed by its reverse, if ``mirrored``.  The second order of all is from the end to the first character.

    Args:
        count: number of characters.
        wanted: number of orders, at most; there are no more than different ones.
        forward: let the first one be from left to right.
        mirrored: see above.
    """
    if count < 2:
        return paddle.arange(count + 2).unsqueeze(0)
    wanted = max(1, wanted // 2) if mirrored else wanted
    drawn = [paddle.arange(count).unsqueeze(0)] if forward else []
    if count < FEW:
        pool = [one for one in permutations(range(count)) if not (mirrored and one[0] > one[-1])]
        wanted = min(wanted, len(pool))
        pool = np.array(pool[1:] if forward else pool, np.int64).reshape(-1, count)
        if wanted > len(drawn):
            drawn.append(paddle.to_tensor(pool)[paddle.randperm(len(pool))[: wanted - len(drawn)]])
    elif wanted > len(drawn):
        drawn.append(paddle.rand([wanted - len(drawn), count]).argsort(axis=1))
    inner = paddle.concat(drawn) + 1
    if mirrored:
        inner = paddle.stack([inner, inner.flip(axis=1)], axis=1).reshape([-1, count])
    ends = [paddle.full([inner.shape[0], 1], place, "int64") for place in (0, count + 1)]
    drawn = paddle.concat([ends[0], inner, ends[1]], axis=1)
    backward = paddle.concat([paddle.zeros([1], "int64"), paddle.arange(count + 1, 0, -1)]).unsqueeze(0)
    return paddle.concat([drawn[:1], backward, drawn[2:]]) if drawn.shape[0] > 1 else drawn


def earlier(order):
    """Returns which entry may look at which, bool ``[L, L]``: row and column are places, and the row comes later."""
    rank = order.argsort()
    return rank.unsqueeze(1) > rank.unsqueeze(0)


@HEADS.register()
class ParseQHead(nn.Layer):
    """Reads a text in several orders in training; character after character, and once more at a glance, in use.

    Source: Scene Text Recognition with Permuted Autoregressive Sequence Models (https://arxiv.org/abs/2207.06966).

    Args:
        in_channels: width of the tokens; must be ``embed_dim``.
        out_channels: number of classes, start and padding included; follows from the dictionary.
        max_text_length: characters of the longest text.
        embed_dim: width of the layers.
        dec_num_heads: attention heads.
        dec_mlp_ratio: hidden width of the linear layers to ``embed_dim``.
        dec_depth: layers of the decoder.
        perm_num: orders that a text is read in.
        perm_forward: one of them is from left to right.
        perm_mirrored: half of them are the reverse of the others.
        decode_ar: read each character with those before it; otherwise all at once.
        refine_iters: how often the text is read again, each character with all others of the time before.
        dropout: in the layers, of attention weights, and of what goes into the decoder.
    """

    feed = ("label", "length")

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {"head.weight": (1, 1), "head.bias": (0, 1), "text_embed.embedding.weight": (0, 1)}

    def __init__(
        self,
        in_channels: int,
        out_channels: Annotated[Classes, Range(3)],
        max_text_length: TextLength = 25,
        embed_dim: Width = 384,
        dec_num_heads: Heads = 12,
        dec_mlp_ratio: Ratio = 4,
        dec_depth: Depth = 1,
        perm_num: Annotated[int, Range(1, 1_000)] = 6,
        perm_forward: bool = True,
        perm_mirrored: bool = True,
        decode_ar: bool = True,
        refine_iters: Annotated[int, Range(0, 100)] = 1,
        dropout: Dropout = 0.1,
    ):
        super().__init__()
        self.decoder = Decoder(dec_depth, embed_dim, dec_num_heads, int(embed_dim * dec_mlp_ratio), dropout)
        self.head = nn.Linear(embed_dim, out_channels - 2)
        self.text_embed = TokenEmbedding(out_channels, embed_dim)
        self.pos_queries = self.create_parameter(
            [1, max_text_length + 1, embed_dim], default_initializer=TruncatedNormal(std=0.02)
        )
        self.dropout = nn.Dropout(dropout)
        self._places, self._start, self._padding = max_text_length + 1, out_channels - 2, out_channels - 1
        self._orders = perm_num, perm_forward, perm_mirrored
        self._one_by_one, self._refinements = decode_ar, refine_iters

    @staticmethod
    def check_arguments(in_channels, embed_dim, dec_num_heads):
        """Yields a width that does not fit."""
        yield from undivided([embed_dim], [dec_num_heads], "embed_dim")
        if in_channels not in (None, embed_dim):
            yield "embed_dim", f"'embed_dim' must be the width of what it reads, {in_channels}, not {embed_dim}"

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads the tokens of an image ``[N, T, embed_dim]``.

        Args:
            x: the tokens.
            targets: the label ``[N, L]`` (start, characters, end, padding) and the number of characters ``[N]``; read
                in training only.

        Returns:
            In training ``logits``, for each order ``[N, L', out_channels - 2]`` of what follows the start, L' being one
            more than the characters of the longest text, and ``predict``, the probabilities by the first order.  In
            evaluation ``predict``, probabilities ``[N, max_text_length + 1, out_channels - 2]``.
        """
        images = self.decoder.images(x)
        if not self.training:
            return {"predict": F.softmax(self._read(images).astype("float32"), axis=-1)}
        label, length, *_ = targets
        logits = self._read_in_orders(images, label.astype("int64"), length)
        return {"predict": F.softmax(logits[0].detach().astype("float32"), axis=-1), "logits": logits}

    def _decode(self, tokens, images, query_mask, content_mask, places=slice(None)):
        """Returns logits of some places, ``[N, places, classes]``.

        Args:
            tokens: classes that may be looked at, the start in front, ``[N, L]``.
            images: keys and values of the image.
            query_mask: what is added to the scores of a place for each token, ``[..., places, L]``.
            content_mask: the same for the tokens themselves, ``[..., L, L]``.
            places: those that are read.
        """
        at = paddle.concat([paddle.zeros_like(self.pos_queries[:, :1]), self.pos_queries], axis=1)  # nothing: the start
        content = self.text_embed(tokens) + at[:, : tokens.shape[1]]
        query = self.pos_queries[:, places].expand([tokens.shape[0], -1, -1])
        masks = [mask.astype(content.dtype) for mask in (query_mask, content_mask)]
        return self.head(self.decoder(self.dropout(query), self.dropout(content), images, *masks))

    def _read_in_orders(self, images, label, length):
        longest = min(int(length.max()), label.shape[1] - 2)  # decides how many orders there are: comes to the host
        tokens = label[:, : longest + 1]
        written = ((tokens != self._padding) & (tokens != END)).unsqueeze([1, 2])
        itself = paddle.eye(longest + 1).astype("bool")
        logits = []
        for order in orders(longest, *self._orders):
            before = earlier(order)
            query_mask, content_mask = before[1:, :-1], before[:-1, :-1] | itself
            masks = [hidden(written & shown) for shown in (query_mask, content_mask)]
            logits.append(self._decode(tokens, images, *masks, slice(longest + 1)))
        return logits

    def _read(self, images):
        count = images[0][0].shape[0]
        start = paddle.full([count, 1], self._start, "int64")
        before = paddle.ones([self._places, self._places], "bool").tril()
        causal = hidden(before)
        if self._one_by_one:
            tokens, logits = start, []
            for place in range(self._places):
                seen = slice(place + 1)
                here = slice(place, place + 1)
                logits.append(self._decode(tokens, images, causal[here, seen], causal[seen, seen], here))
                tokens = paddle.concat([tokens, logits[-1].argmax(axis=-1)], axis=1)
            logits = paddle.concat(logits, axis=1)
        else:
            logits = self._decode(start, images, causal[:, :1], causal[:1, :1])
        all_others = before | paddle.ones_like(before).triu(2)
        for _ in range(self._refinements):
            tokens = paddle.concat([start, logits[:, :-1].argmax(axis=-1)], axis=1)
            written = ((tokens == END).astype("int64").cumsum(axis=1) == 0).unsqueeze([1, 2])
            masks = [hidden(written & shown) for shown in (all_others, before)]
            logits = self._decode(tokens, images, *masks)
        return logits
