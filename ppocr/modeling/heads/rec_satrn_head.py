"""SATRN: a transformer on a map, whose decoder reads a text line character after character."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Optional

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.tokens import to_map, to_tokens
from ppocr.modeling.layers.valid_width import lowest, places_mask
from ppocr.registry import HEADS, bind_arguments
from ppocr.values import Classes, Depth, Dropout, Heads, Range, TextLength, Width

LONGEST = 200
FROM_DICTIONARY = dict.fromkeys(("start_idx", "padding_idx"), "it follows from the dictionary")
Positions = Annotated[int, Range(1, 10_000)]


@dataclass(frozen=True)
class BlockKeys:
    """The keys that blocks of encoder and decoder share.

    Attributes:
        n_layers: number of blocks.
        n_head: attention heads.
        d_k, d_v: width of a head's queries and keys, and of its values.
        d_model: width of a token.
        d_inner: hidden width of the last part of a block.
        dropout: of the positions, of the attention and of the sums.
    """

    n_layers: Depth = 6
    n_head: Heads = 8
    d_k: Width = 64
    d_v: Width = 64
    d_model: Width = 512
    d_inner: Width = 256
    dropout: Dropout = 0.1


@dataclass(frozen=True)
class EncoderKeys(BlockKeys):
    """The keys of the encoder.

    Attributes:
        n_position: rows and columns of the largest map.
    """

    n_layers: Depth = 12
    n_position: Positions = 100


@dataclass(frozen=True)
class DecoderKeys(BlockKeys):
    """The keys of the decoder.

    Attributes:
        d_embedding: width of the vectors of classes; must be ``d_model``.
        n_position: length of the longest text.
        max_seq_len: characters that are generated.
    """

    d_embedding: Width = 512
    n_position: Positions = LONGEST
    max_seq_len: TextLength = 40


def sinusoids(length, width):
    """Returns sines (even channels) and cosines (odd ones) of positions, float32 ``(length, width)``."""
    channel = np.arange(width)
    angles = np.arange(length)[:, None] / 10000.0 ** (2 * (channel // 2) / width)
    return np.where(channel % 2 == 0, np.sin(angles), np.cos(angles)).astype(np.float32)


class Attention(nn.Layer):
    """Attention of a sequence to another one, or to itself."""

    def __init__(self, keys):
        super().__init__()
        self.linear_q = nn.Linear(keys.d_model, keys.n_head * keys.d_k, bias_attr=False)
        self.linear_k = nn.Linear(keys.d_model, keys.n_head * keys.d_k, bias_attr=False)
        self.linear_v = nn.Linear(keys.d_model, keys.n_head * keys.d_v, bias_attr=False)
        self.fc = nn.Linear(keys.n_head * keys.d_v, keys.d_model, bias_attr=False)
        self.attn_drop, self.proj_drop = nn.Dropout(keys.dropout), nn.Dropout(keys.dropout)
        self._heads = keys.n_head

    def keys_and_values(self, memory):
        """Returns keys and values of the other sequence ``[N, S, C]``."""
        return tuple(split_heads(linear(memory), 1, self._heads)[0] for linear in (self.linear_k, self.linear_v))

    def forward(self, x, kv, mask=None):
        (query,) = split_heads(self.linear_q(x), 1, self._heads)
        return self.proj_drop(self.fc(attend(query, *kv, mask, drop=self.attn_drop)))


class AdaptivePositions(nn.Layer):
    """Adds sines and cosines of row and column, scaled channel by channel by what the whole map holds.

    Source: SATRN (https://arxiv.org/abs/1910.04396), section 3.3.
    """

    def __init__(self, keys):
        super().__init__()
        table = sinusoids(keys.n_position, keys.d_model).T
        self.register_buffer("h_position_encoder", paddle.to_tensor(table[None, :, :, None]))
        self.register_buffer("w_position_encoder", paddle.to_tensor(table[None, :, None, :]))
        self.h_scale, self.w_scale = _scale(keys.d_model), _scale(keys.d_model)
        self.dropout = nn.Dropout(keys.dropout)

    def forward(self, x):
        whole = x.mean(axis=[2, 3], keepdim=True)
        rows = self.h_scale(whole) * self.h_position_encoder[:, :, : x.shape[2]].astype(x.dtype)
        columns = self.w_scale(whole) * self.w_position_encoder[:, :, :, : x.shape[3]].astype(x.dtype)
        return self.dropout(x + rows + columns)


def _scale(width):
    return nn.Sequential(nn.Conv2D(width, width, 1), nn.ReLU(), nn.Conv2D(width, width, 1), nn.Sigmoid())


class LocalFeedForward(nn.Layer):
    """A 1x1, a depthwise 3x3 and a 1x1 convolution of a map."""

    def __init__(self, width, hidden):
        super().__init__()
        self.conv1 = ConvNormAct(width, hidden, 1, act="relu")
        self.depthwise_conv = ConvNormAct(hidden, hidden, 3, groups=hidden, act="relu")
        self.conv2 = ConvNormAct(hidden, width, 1, act="relu")

    def forward(self, x):
        return self.conv2(self.depthwise_conv(self.conv1(x)))


class EncoderBlock(nn.Layer):
    """Attention among all places of the map, then convolutions."""

    def __init__(self, keys):
        super().__init__()
        self.norm1 = nn.LayerNorm(keys.d_model)
        self.attn = Attention(keys)
        self.norm2 = nn.LayerNorm(keys.d_model)
        self.feed_forward = LocalFeedForward(keys.d_model, keys.d_inner)

    def forward(self, x, height, width, mask):
        """Takes and gives tokens ``[N, height * width, C]``."""
        y = self.norm1(x)
        x = x + self.attn(y, self.attn.keys_and_values(y), mask)
        return x + to_tokens(self.feed_forward(to_map(self.norm2(x), height, width)))


class SATRNEncoder(nn.Layer):
    """Context for each place of a map."""

    def __init__(self, keys):
        super().__init__()
        self.position_enc = AdaptivePositions(keys)
        self.layer_stack = nn.LayerList([EncoderBlock(keys) for _ in range(keys.n_layers)])
        self.layer_norm = nn.LayerNorm(keys.d_model)

    def forward(self, x, mask):
        """Maps ``[N, C, H, W]`` to ``[N, H * W, C]``."""
        x = self.position_enc(x)
        tokens, (height, width) = to_tokens(x), x.shape[2:]
        for block in self.layer_stack:
            tokens = block(tokens, height, width, mask)
        return self.layer_norm(tokens)


class PositionTable(nn.Layer):
    """Adds sines and cosines of the position to ``[N, T, C]``."""

    def __init__(self, keys):
        super().__init__()
        self.register_buffer("position_table", paddle.to_tensor(sinusoids(keys.n_position, keys.d_model)[None]))
        self.dropout = nn.Dropout(keys.dropout)

    def forward(self, x, first=0):
        """Adds the positions from ``first`` on."""
        return self.dropout(x + self.position_table[:, first : first + x.shape[1]].astype(x.dtype))


class FeedForward(nn.Layer):
    """Two linear layers with GELU in between."""

    def __init__(self, keys):
        super().__init__()
        self.w_1 = nn.Linear(keys.d_model, keys.d_inner)
        self.w_2 = nn.Linear(keys.d_inner, keys.d_model)
        self.dropout = nn.Dropout(keys.dropout)

    def forward(self, x):
        return self.dropout(self.w_2(F.gelu(self.w_1(x))))


class DecoderBlock(nn.Layer):
    """Attention to the characters so far and to the map, then two linear layers."""

    def __init__(self, keys):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(keys.d_model) for _ in range(3))
        self.self_attn, self.enc_attn = Attention(keys), Attention(keys)
        self.mlp = FeedForward(keys)

    def forward(self, x, memory, memory_mask, mask=None, past=None):
        """Returns ``x`` one block later, and keys and values of the sequence so far (``past`` in front).

        Args:
            memory: keys and values of the map.
        """
        y = self.norm1(x)
        kv = self.self_attn.keys_and_values(y)
        if past is not None:
            kv = tuple(paddle.concat([old, new], axis=2) for old, new in zip(past, kv))
        x = x + self.self_attn(y, kv, mask)
        x = x + self.enc_attn(self.norm2(x), memory, memory_mask)
        return x + self.mlp(self.norm3(x)), kv


class SATRNDecoder(nn.Layer):
    """Characters one after the other.

    Args:
        keys: :class:`DecoderKeys`.
        classes: all of the dictionary, the last being the padding, which is never predicted, and the one before it
            both start and end.
    """

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {"trg_word_emb.weight": (0, 0), "classifier.weight": (1, 0), "classifier.bias": (0, 0)}

    def __init__(self, keys, classes):
        super().__init__()
        self.trg_word_emb = nn.Embedding(classes, keys.d_embedding, padding_idx=classes - 1)
        self.position_enc = PositionTable(keys)
        self.layer_stack = nn.LayerList([DecoderBlock(keys) for _ in range(keys.n_layers)])
        self.layer_norm = nn.LayerNorm(keys.d_model, epsilon=1e-6)
        self.classifier = nn.Linear(keys.d_model, classes - 1)
        self._start = classes - 2
        self._length = keys.max_seq_len

    def forward(self, memory, memory_mask, label):
        """Returns the logits of what follows each entry of ``label`` ``[N, L]``: ``[N, L, classes - 1]``.

        What stands behind the end is not masked: the end and all before it do not see it.
        """
        length = label.shape[1]
        x = self.position_enc(self.trg_word_emb(label))
        later = paddle.triu(paddle.full([length, length], lowest(x.dtype), x.dtype), diagonal=1)
        for block in self.layer_stack:
            x, _ = block(x, block.enc_attn.keys_and_values(memory), memory_mask, later)
        return self.classifier(self.layer_norm(x))

    def generate(self, memory, memory_mask):
        """Returns the probabilities of each next character, the likeliest being read, ``[N, length, classes - 1]``."""
        memories = [block.enc_attn.keys_and_values(memory) for block in self.layer_stack]
        pasts = [None] * len(memories)
        token = paddle.full([memory.shape[0], 1], self._start, dtype="int64")
        probabilities = []
        for step in range(self._length):
            x = self.position_enc(self.trg_word_emb(token), first=step)
            for i, block in enumerate(self.layer_stack):
                x, pasts[i] = block(x, memories[i], memory_mask, past=pasts[i])
            probabilities.append(F.softmax(self.classifier(self.layer_norm(x)), axis=-1))
            token = probabilities[-1].argmax(axis=-1)
        return paddle.concat(probabilities, axis=1)


@HEADS.register()
class SATRNHead(nn.Layer):
    """Transformer whose encoder keeps the map's two axes.

    Source: On Recognizing Texts of Arbitrary Shapes with 2D Self-Attention (https://arxiv.org/abs/1910.04396).

    Args:
        enc_cfg, dec_cfg: keys of :class:`EncoderKeys` and :class:`DecoderKeys`; ``start_idx`` and ``padding_idx``
            follow from the dictionary, whatever is given.
        in_channels: channels of the map; must be the ``d_model`` of both.
        out_channels: number of classes, start/end and padding included; follows from the dictionary.
    """

    feed = ("label", "valid_ratio")
    feed_in_use = ("valid_ratio",)

    def __init__(self, enc_cfg: dict, dec_cfg: dict, in_channels: int, out_channels: Classes):
        super().__init__()
        encoder, decoder = _bindings(enc_cfg, dec_cfg)
        self.encoder = SATRNEncoder(EncoderKeys(**encoder.arguments))
        self.decoder = SATRNDecoder(DecoderKeys(**decoder.arguments), out_channels)

    @staticmethod
    def check_arguments(enc_cfg, dec_cfg, in_channels):
        """Yields keys that encoder and decoder do not take, and widths that do not fit."""
        bindings = dict(zip(("enc_cfg", "dec_cfg"), _bindings(enc_cfg, dec_cfg)))
        yield from ((name, f"{name}: {one.message}") for name, binding in bindings.items() for one in binding.problems)
        if any(binding.problems for binding in bindings.values()):
            return
        encoder, decoder = (kind(**one.arguments) for kind, one in zip((EncoderKeys, DecoderKeys), bindings.values()))
        widths = {in_channels or encoder.d_model, encoder.d_model, decoder.d_model, decoder.d_embedding}
        if len(widths) > 1:
            yield (
                "dec_cfg",
                f"the map's channels, 'd_model' and 'd_embedding' must be one number, not {sorted(widths)}",
            )

    def forward(self, x, targets: Optional[Sequence] = None):
        """Maps ``[N, in_channels, H, W]`` to scores of ``out_channels - 1`` classes.

        Args:
            x: the map, of at most ``n_position`` rows and columns.
            targets: the label ``[N, L]`` (read in training only) and the share of the width that is image ``[N]``.
                None where neither is known.

        Returns:
            In training logits ``[N, L, classes]`` of what follows each entry of the label; in evaluation probabilities
            ``[N, max_seq_len, classes]``.
        """
        label, ratio, *_ = targets or (None, None)
        mask = None if ratio is None else places_mask(x, ratio)
        memory = self.encoder(x, mask)
        if self.training:
            return self.decoder(memory, mask, label.astype("int64"))
        return self.decoder.generate(memory, mask)


def _bindings(enc_cfg, dec_cfg):
    return (
        bind_arguments(EncoderKeys, enc_cfg, "the encoder"),
        bind_arguments(DecoderKeys, dec_cfg, "the decoder", unread=FROM_DICTIONARY),
    )
