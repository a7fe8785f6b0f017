"""LaTeX-OCR: a decoder with gates, which gives the sub-words of a formula one after the other."""

from dataclasses import dataclass
from typing import Annotated, Optional

from paddle import nn

from ppocr.modeling.layers.gated_decoder import GatedDecoder
from ppocr.modeling.layers.generation import EXPORT_OBSTACLE, greedy_decode, taught_scores
from ppocr.registry import HEADS, bind_arguments
from ppocr.text.subword import LatexOcrCodec
from ppocr.values import Classes, Depth, Heads, LabelTokens, Range, Width

PUBLISHED_CLASSES = 8_000


@dataclass(frozen=True)
class DecoderArgs:
    """The keys of ``decoder_args``.

    Attributes:
        attn_on_attn: a linear layer weighs what attention gives (https://arxiv.org/abs/1908.06954).
        ff_glu: half of the first linear layer of a block weighs the other half (https://arxiv.org/abs/2002.05202).
        cross_attend: attend to the image; always.
        rel_pos_bias, use_scalenorm: variants of the decoder that no published model has.
    """

    attn_on_attn: bool = True
    ff_glu: bool = True
    cross_attend: bool = True
    rel_pos_bias: bool = False
    use_scalenorm: bool = False

    @staticmethod
    def check_arguments(cross_attend, rel_pos_bias, use_scalenorm):
        """Yields what this decoder cannot be."""
        if not cross_attend:
            yield "cross_attend", "'cross_attend' must be true: a decoder that reads no image reads no formula"
        if rel_pos_bias:
            yield "rel_pos_bias", "'rel_pos_bias' must be false: positions are embedded"
        if use_scalenorm:
            yield "use_scalenorm", "'use_scalenorm' must be false: layers are normalised by mean and variance"


@HEADS.register()
class LaTeXOCRHead(nn.Layer):
    """Gives the sub-words of a formula.

    In use the likeliest sub-words are taken, where LaTeX-OCR draws them at a low temperature.

    Source: LaTeX-OCR, https://github.com/lukas-blecher/LaTeX-OCR.

    Args:
        in_channels: width of the sequence that is read.
        out_channels: number of sub-words; follows from the tokenizer.
        pad_value: sub-word that means nothing.
        decoder_args: keys of :class:`DecoderArgs`.
        max_seq_len: the longest formula, in sub-words, the start or the end included.
        embed_dim: width of the blocks.
        depth: their number.
        num_heads: of attention.
    """

    feed = ("label", "attention_mask")
    label_places = "max_seq_len"
    export_obstacle = EXPORT_OBSTACLE
    vocabulary_parameters = {
        "net.token_emb.weight": (0, 0),
        "net.to_logits.weight": (1, 0),
        "net.to_logits.bias": (0, 0),
    }

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes = PUBLISHED_CLASSES,
        pad_value: Annotated[int, Range(LatexOcrCodec.padding, LatexOcrCodec.padding)] = LatexOcrCodec.padding,
        decoder_args: Optional[dict] = None,
        max_seq_len: LabelTokens = 512,
        embed_dim: Width = 256,
        depth: Depth = 4,
        num_heads: Heads = 8,
    ):
        super().__init__()
        keys = DecoderArgs(**_binding(decoder_args).arguments)
        self.net = GatedDecoder(
            out_channels, embed_dim, in_channels, depth, num_heads, max_seq_len, keys.attn_on_attn, keys.ff_glu
        )
        self._longest, self._padding = max_seq_len, pad_value
        self.out_channels = out_channels

    @staticmethod
    def check_arguments(decoder_args):
        """Yields what the decoder does not take."""
        for problem in _binding(decoder_args).problems:
            yield "decoder_args", f"decoder_args: {problem.message}"

    def forward(self, x, targets=None):
        """Reads a sequence ``[N, S, in_channels]``.

        Args:
            x: the sequence.
            targets: label ``[N, L]``, the start included, and the mask of its entries that are no padding.

        Returns:
            In training logits ``[N, L - 1, out_channels]`` of what follows each entry of the label but the last.
            In evaluation sub-words ``[N, T]`` from the start on, padding behind the end.
        """
        memories = self.net.memories(x)
        start, end = LatexOcrCodec.start, LatexOcrCodec.end
        if self.training:
            return taught_scores(self.net, memories, *targets, start)
        return greedy_decode(self.net, memories, self._longest, start, end, self._padding)


def _binding(decoder_args):
    return bind_arguments(DecoderArgs, decoder_args or {}, "the decoder")
