"""UniMERNet: the decoder of mBART, which is told how often each sub-word stands in a formula."""

from functools import partial
from typing import Annotated

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.modeling.layers.generation import EXPORT_OBSTACLE, greedy_decode, taught_scores
from ppocr.modeling.layers.mbart import (
    FOLLOWS_THE_TOKENIZER,
    HEADS_OF_ATTENTION,
    PUBLISHED_CLASSES,
    MBartDecoder,
    MBartForCausalLM,
    misfit,
)
from ppocr.registry import HEADS
from ppocr.text.subword import END, PADDING
from ppocr.values import Classes, Depth, Index, Range, Tokens, Width

HEADS_OF_COUNTING, BLOCKS_OF_COUNTING = 8, 4
SHARE_OF_COUNTS = 0.5  # of what counts add to an embedding
FOLLOWS_IT_IN_COUNTING = {
    "decoder.model.decoder.counting_context_weight.0.weight": (0, 0),
    "decoder.counting_decoder.fc2.weight": (1, 0),
    "decoder.counting_decoder.fc2.bias": (0, 0),
}


class CountingAttention(nn.Layer):
    """Attention of the entries at one place of all sequences of a batch to each other, as the published model trains.

    In evaluation each sequence is read as in a batch of its own, so that no result depends on the others.  The names
    and the layout of weights are those of checkpoints.
    """

    def __init__(self, width):
        super().__init__()
        self.in_proj_weight = self.create_parameter([3 * width, width])
        self.in_proj_bias = self.create_parameter([3 * width], is_bias=True)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        joined = F.linear(x, self.in_proj_weight.transpose([1, 0]), self.in_proj_bias)
        if not self.training:  # the only entry that is seen has all of the weight
            return self.out_proj(joined[:, :, -x.shape[2] :])
        parts = split_heads(joined.transpose([1, 0, 2]), 3, HEADS_OF_COUNTING)
        return self.out_proj(attend(*parts).transpose([1, 0, 2]))


class CountingBlock(nn.Layer):
    """:class:`CountingAttention` with a shortcut, and the sum is normalised."""

    def __init__(self, width):
        super().__init__()
        self.self_attention = CountingAttention(width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        return self.norm(x + self.self_attention(x))


class SubwordCounter(nn.Layer):
    """How often each sub-word stands in a formula: ``[N, S, width]`` to ``[N, classes]``."""

    def __init__(self, width, classes):
        super().__init__()
        self.attention_blocks = nn.LayerList([CountingBlock(width) for _ in range(BLOCKS_OF_COUNTING)])
        self.fc1, self.fc2 = nn.Linear(width, width // 2), nn.Linear(width // 2, classes)

    def forward(self, x):
        for block in self.attention_blocks:
            x = block(x)
        return self.fc2(F.relu(self.fc1(x)).mean(axis=1))


@HEADS.register()
class UniMERNetHead(nn.Layer):
    """Gives the sub-words of a formula, one after the other.

    Source: UniMERNet (https://arxiv.org/abs/2404.15254).

    Args:
        in_channels: width of the sequence that is read.
        out_channels: number of sub-words; follows from the tokenizer.
        max_new_tokens: sub-words given in evaluation.
        decoder_start_token_id: sub-word that stands before the first.
        encoder_hidden_size: as ``in_channels``, and the width of the blocks.
        decoder_layers: number of blocks.
        decoder_ffn_dim: hidden width of the blocks' linear layers.
        length_aware: count the sub-words first.
    """

    feed = ("label", "attention_mask")
    label_places = "max_new_tokens"
    export_obstacle = EXPORT_OBSTACLE

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes = PUBLISHED_CLASSES,
        max_new_tokens: Tokens = 1536,
        decoder_start_token_id: Index = 0,
        encoder_hidden_size: Annotated[int, Range(HEADS_OF_ATTENTION, 16_384, step=HEADS_OF_ATTENTION)] = 1024,
        decoder_layers: Depth = 8,
        decoder_ffn_dim: Width = 4096,
        length_aware: bool = True,
    ):
        super().__init__()
        width = encoder_hidden_size
        decoder = MBartDecoder(out_channels, width, decoder_layers, HEADS_OF_ATTENTION, decoder_ffn_dim, max_new_tokens)
        self.decoder = MBartForCausalLM(decoder, out_channels, width)
        self.vocabulary_parameters = dict(FOLLOWS_THE_TOKENIZER)
        if length_aware:
            decoder.counting_context_weight = nn.Sequential(
                nn.Linear(out_channels, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)
            )
            self.decoder.counting_decoder = SubwordCounter(width, out_channels)
            self.vocabulary_parameters.update(FOLLOWS_IT_IN_COUNTING)
        self._counts, self._start, self._longest = length_aware, decoder_start_token_id, max_new_tokens
        self.out_channels = out_channels

    @staticmethod
    def check_arguments(in_channels, encoder_hidden_size):
        """Yields a width that does not fit."""
        yield from misfit(in_channels, encoder_hidden_size)

    def forward(self, x, targets=None):
        """Reads a sequence ``[N, S, in_channels]``.

        Args:
            x: the sequence.
            targets: label ``[N, L]``, the start included, and the mask of its entries that are no padding.

        Returns:
            In training ``logits`` ``[N, L - 1, out_channels]`` of what follows each entry of the label but the last,
            and with ``length_aware`` ``counts`` ``[N, out_channels]``, how often each sub-word stands in the formula.
            In evaluation sub-words ``[N, T]`` from the start on, padding behind the end.
        """
        memories, more, found = self.decoder.model.decoder.memories(x), None, {}
        if self._counts:
            found["counts"] = self.decoder.counting_decoder(x)
            more = SHARE_OF_COUNTS * self.decoder.model.decoder.counting_context_weight(found["counts"]).unsqueeze(1)
        read = partial(self.decoder, more=more)
        if not self.training:
            return greedy_decode(read, memories, self._longest, self._start, END, PADDING)
        return {"logits": taught_scores(read, memories, *targets, self._start), **found}
