"""PP-FormulaNet: the decoder of mBART on the map of an image, which may give several sub-words at a time."""

from typing import Annotated, Literal, Union

from paddle import nn

from ppocr.modeling.layers.generation import EXPORT_OBSTACLE, greedy_decode, taught_scores
from ppocr.modeling.layers.mbart import (
    FOLLOWS_THE_TOKENIZER,
    HEADS_OF_ATTENTION,
    PUBLISHED_CLASSES,
    MBartDecoder,
    MBartForCausalLM,
    mbart_linear,
    misfit,
)
from ppocr.registry import HEADS
from ppocr.text.subword import END, PADDING
from ppocr.values import Classes, Depth, Index, Range, Tokens, Width


@HEADS.register()
class PPFormulaNet_Head(nn.Layer):  # noqa: N801  (published name)
    """Gives the sub-words of a formula.

    Source: PP-FormulaNet (https://arxiv.org/abs/2503.18382).

    Args:
        in_channels: width of the sequence that is read.
        out_channels: number of sub-words; follows from the tokenizer.
        max_new_tokens: sub-words given in evaluation.
        decoder_start_token_id: sub-word that stands before the first.
        decoder_ffn_dim: hidden width of the blocks' linear layers.
        decoder_hidden_size: width of the blocks.
        decoder_layers: their number.
        encoder_hidden_size: as ``in_channels``.
        use_parallel: give ``parallel_step`` sub-words at a time.
        parallel_step: how many these are.
    """

    feed = ("label", "attention_mask")
    label_places = "max_new_tokens"
    export_obstacle = EXPORT_OBSTACLE
    vocabulary_parameters = FOLLOWS_THE_TOKENIZER

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes = PUBLISHED_CLASSES,
        max_new_tokens: Tokens = 1536,
        decoder_start_token_id: Index = 0,
        decoder_ffn_dim: Width = 4096,
        decoder_hidden_size: Annotated[int, Range(HEADS_OF_ATTENTION, 16_384, step=HEADS_OF_ATTENTION)] = 1024,
        decoder_layers: Depth = 8,
        encoder_hidden_size: Width = 1024,
        use_parallel: Union[bool, Literal["True,"]] = False,  # the text stands in a published configuration
        parallel_step: Annotated[int, Range(0, 100)] = 3,
    ):
        super().__init__()
        self._step = parallel_step if use_parallel else 1
        positions = max_new_tokens + (parallel_step if use_parallel else 0)
        decoder = MBartDecoder(
            out_channels, decoder_hidden_size, decoder_layers, HEADS_OF_ATTENTION, decoder_ffn_dim, positions
        )
        self.decoder = MBartForCausalLM(decoder, out_channels, decoder_hidden_size)
        self.enc_to_dec_proj = mbart_linear(encoder_hidden_size, decoder_hidden_size)
        self._start, self._longest = decoder_start_token_id, max_new_tokens
        self.out_channels = out_channels

    @staticmethod
    def check_arguments(in_channels, encoder_hidden_size, use_parallel, parallel_step):
        """Yields a width that does not fit, or a step of nothing."""
        yield from misfit(in_channels, encoder_hidden_size)
        if use_parallel and not parallel_step:
            yield "parallel_step", "'parallel_step' must be 1 or more where 'use_parallel' is set"

    def forward(self, x, targets=None):
        """Reads a sequence ``[N, S, in_channels]``.

        Args:
            x: the sequence.
            targets: label ``[N, L]``, the start included, and the mask of its entries that are no padding.

        Returns:
            In training logits ``[N, L - 1, out_channels]`` of what follows each entry of the label but the last; with
            several at a time of the entry that many places later.
            In evaluation sub-words ``[N, T]`` from the start on, padding behind the end.
        """
        memories = self.decoder.model.decoder.memories(self.enc_to_dec_proj(x))
        if self.training:
            return taught_scores(self.decoder, memories, *targets, self._start, self._step)
        return greedy_decode(self.decoder, memories, self._longest, self._start, END, PADDING, self._step)
