"""Loss of the Show, Attend and Read decoder."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES
from ppocr.text.codecs import SarCodec
from ppocr.values import Index


@LOSSES.register()
class SARLoss(nn.Layer):
    """Mean cross entropy of the characters; padding does not count.

    Source: Show, Attend and Read (https://arxiv.org/abs/1811.00751).

    Args:
        ignore_index: class of the padding; follows from the dictionary.
    """

    reads = ("label",)

    padding_of = SarCodec
    reduction = "mean"

    def __init__(self, ignore_index: Index = 92):
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, L, classes]``; the last step has no target.
            batch: has ``label`` ``[N, L]``: start, characters, end, padding.
        """
        (label,) = fields_of(batch, SARLoss.reads)
        logits = preds[:, :-1].astype("float32")
        target = label.astype("int64")[:, 1:]
        logits, target = logits.reshape([-1, logits.shape[2]]), target.flatten()
        loss = F.cross_entropy(logits, target, ignore_index=self.ignore_index, reduction=self.reduction)
        return {"loss": loss}
