"""Aggregation cross entropy: how often each character occurs in a line, whatever the order."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.losses.rec_ctc_loss import mean_over
from ppocr.registry import LOSSES


@LOSSES.register()
class ACELoss(nn.Layer):
    """Cross entropy of how often each class is predicted and how often it occurs in the text; the blank is class 0.

    A text of more characters than time steps is left out.

    Source: Aggregation Cross-Entropy for Sequence Recognition (https://arxiv.org/abs/1904.08364).
    """

    reads = ("label", "length")

    def forward(self, preds, batch):
        """Returns ``{"loss_ace": ...}``, the mean over the batch.

        Args:
            preds: logits ``[N, T, classes]``, or a list or tuple that ends with them.
            batch: has ``label`` ``[N, L]`` of class numbers, padded, and its ``length`` ``[N]``.
        """
        if isinstance(preds, (list, tuple)):
            preds = preds[-1]
        steps, classes = preds.shape[1:]
        told = F.softmax(preds.astype("float32"), axis=2).mean(axis=1)
        label, lengths = fields_of(batch, ACELoss.reads)
        label, lengths = label.astype("int64"), lengths.astype("int64").flatten()
        inside = paddle.arange(label.shape[1]).unsqueeze(0) < lengths.unsqueeze(1)
        counts = (F.one_hot(label, classes) * inside.astype("float32").unsqueeze(2)).sum(axis=1)
        blanks = F.one_hot(paddle.zeros_like(lengths), classes) * (steps - lengths).astype("float32").unsqueeze(1)
        wanted = (counts + blanks) / steps
        losses = -(wanted * (told + 1e-10).log()).sum(axis=1)
        return {"loss_ace": mean_over(losses, lengths <= steps)}
