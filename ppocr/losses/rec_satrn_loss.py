"""Loss of SATRN."""

from ppocr.losses.rec_sar_loss import SARLoss
from ppocr.registry import LOSSES
from ppocr.text.codecs import SatrnCodec


@LOSSES.register()
class SATRNLoss(SARLoss):
    """Cross entropy of the characters, shared among all places of the label: those of padding lower the mean.

    Source: SATRN (https://arxiv.org/abs/1910.04396).

    Args:
        ignore_index: class of the padding; follows from the dictionary.
    """

    padding_of = SatrnCodec
    reduction = "none"

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``; see :class:`ppocr.losses.rec_sar_loss.SARLoss`."""
        return {"loss": super().forward(preds, batch)["loss"].mean()}
