"""Cross entropy of recognisers that give a class for each place of a text."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.losses.rec_nrtr_loss import loss_of_next
from ppocr.registry import LOSSES
from ppocr.values import Range


@LOSSES.register()
class CELoss(nn.Layer):
    """Mean cross entropy of the characters: of what follows each entry of a label, or of all its entries.

    Source: NRTR (https://arxiv.org/abs/1806.00926), ViTSTR (https://arxiv.org/abs/2105.08582) and ABINet
    (https://arxiv.org/abs/2103.06495).

    Args:
        smoothing: as in :class:`ppocr.losses.rec_nrtr_loss.NRTRLoss`.
        with_all: every entry of the label has its place; so it is, too, where the model gives logits by their names.
        ignore_index: class of the entries of such a label that do not count.
    """

    def __init__(
        self,
        smoothing: bool = False,
        with_all: bool = False,
        ignore_index: Annotated[int, Range(-1, 1_000_000)] = -1,
    ):
        super().__init__()
        self.smoothing, self.with_all, self.ignore_index = smoothing, with_all, ignore_index

    @staticmethod
    def check_arguments(smoothing, with_all):
        """Yields two keys that exclude each other."""
        if smoothing and with_all:
            yield "smoothing", "'smoothing' is for labels that are read one entry after the other, not for 'with_all'"

    @staticmethod
    def reads_of(arguments):
        """Returns the names of the fields that the loss reads."""
        return ("label",) if arguments.get("with_all") else ("label", "length")

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``, and ``<name>_loss`` for each name of the predictions.

        Args:
            preds: logits ``[N, T, classes]`` of what follows the first, second, ... entry of the labels, or with
                ``with_all`` of all entries; or ``{name: logits of all entries, or a list of these}``.
            batch: has ``label`` ``[N, L]`` and, without ``with_all``, ``length`` ``[N]``.
        """
        label, *length = fields_of(batch, self.reads_of({"with_all": self.with_all}))
        if isinstance(preds, dict):
            terms = {f"{name}_loss": self._loss_of_all(logits, label) for name, logits in preds.items()}
            return {"loss": sum(terms.values()), **terms}
        if self.with_all:
            return {"loss": self._loss_of_all(preds, label)}
        return {"loss": loss_of_next(preds, label, *length, self.smoothing)}

    def _loss_of_all(self, logits, label):
        logits = paddle.stack(logits) if isinstance(logits, (list, tuple)) else logits.unsqueeze(0)
        target = label.astype("int64").unsqueeze(0).expand(logits.shape[:-1])
        return F.cross_entropy(logits.astype("float32"), target.unsqueeze(3), ignore_index=self.ignore_index)
