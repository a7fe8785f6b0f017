"""Decoders of recognisers whose outputs have names, and of PREN."""

from ppocr.postprocess.base import TextDecode, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.text.codecs import AbinetCodec, ParseqCodec, PrenCodec, SeedCodec


@POST_PROCESSES.register()
class ABINetLabelDecode(TextDecode):
    """Decodes ABINet (https://arxiv.org/abs/2103.06495).

    The predictions are probabilities (batch, places, classes), or a mapping: the last of those that it has as
    ``align``, without these ``vision``.
    """

    family = AbinetCodec

    def best(self, preds):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        if isinstance(preds, dict):
            preds = preds["align"][-1] if "align" in preds else preds["vision"]
        return super().best(preds)


@POST_PROCESSES.register()
class CPPDLabelDecode(ABINetLabelDecode):
    """Decodes CPPD (https://arxiv.org/abs/2307.12270): the last of its outputs, as :class:`ABINetLabelDecode`."""

    def best(self, preds):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        return super().best(preds[-1] if isinstance(preds, (list, tuple)) else preds)


@POST_PROCESSES.register()
class ParseQLabelDecode(TextDecode):
    """Decodes PARSeq (https://arxiv.org/abs/2207.06966), whose head never gives start and padding.

    The predictions are probabilities (batch, places, classes), or a mapping that has these as ``predict``.
    """

    family = ParseqCodec

    def best(self, preds):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        return super().best(preds["predict"] if isinstance(preds, dict) else preds)


@POST_PROCESSES.register()
class PRENLabelDecode(TextDecode):
    """Decodes PREN (https://arxiv.org/abs/2103.14845): probabilities (batch, places, classes)."""

    family = PrenCodec


@POST_PROCESSES.register()
class SEEDLabelDecode(TextDecode):
    """Decodes SEED (https://arxiv.org/abs/2005.10977).

    The predictions have ``rec_pred``, which are classes (batch, places) with ``rec_pred_scores`` of these, or without
    them scores (batch, places, classes).
    """

    family = SeedCodec

    def best(self, preds):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        if "rec_pred_scores" in preds:
            return to_numpy(preds["rec_pred"]), to_numpy(preds["rec_pred_scores"])
        return super().best(preds["rec_pred"])
