"""Decoders of recognisers that have several outputs, of which one is the text."""

from dataclasses import dataclass

from ppocr.postprocess.base import TextDecode
from ppocr.registry import POST_PROCESSES
from ppocr.text.codecs import ParseqCodec


@POST_PROCESSES.register()
@dataclass(eq=False)
class ParseQLabelDecode(TextDecode):
    """Decodes PARSeq (https://arxiv.org/abs/2207.06966), whose head never gives start and padding.

    The predictions are probabilities (batch, places, classes), or a mapping that has these as ``predict``.
    """

    family = ParseqCodec

    def best(self, preds):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        return super().best(preds["predict"] if isinstance(preds, dict) else preds)
