"""Losses of counting and reading characters."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES


@LOSSES.register()
class RFLLoss(nn.Layer):
    """Mean squared error of the counts, and mean cross entropy of characters, end and padding.

    Source: Reciprocal Feature Learning (https://arxiv.org/abs/2105.06229).
    """

    reads = ("label", "length", "cnt_label")

    def forward(self, preds, batch):
        """Returns ``loss`` and its parts ``cnt_loss`` and, where characters are read, ``seq_loss``.

        Args:
            preds: counts ``[N, classes]``; or a list of these and logits ``[N, L, classes]`` of what follows each entry
                of the label.
            batch: has ``label`` ``[N, L]`` and ``cnt_label`` ``[N, classes]``.
        """
        label, _, counts = fields_of(batch, self.reads)
        several = isinstance(preds, (list, tuple))
        counted = (preds[0] if several else preds).astype("float32")
        losses = {"cnt_loss": F.mse_loss(counted, counts.astype("float32"))}
        if several:
            logits = preds[1][:, :-1].astype("float32").flatten(0, 1)
            target = label.astype("int64")[:, 1:].flatten()
            losses["seq_loss"] = F.cross_entropy(logits, target)
        return {"loss": sum(losses.values()), **losses}
