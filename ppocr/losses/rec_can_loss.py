"""Loss of CAN."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES

# Classes of the published dictionary that are structure, not symbols on the image; the counts leave them out.
NOT_COUNTED = (0, 1, 107, 108, 109, 110)


@LOSSES.register()
class CANLoss(nn.Layer):
    """Mean cross entropy of the symbols, and how far the counts are from the true ones.

    Source: https://arxiv.org/abs/2207.11463, section 3.5.
    """

    reads = ("image_mask", "label")

    def forward(self, preds, batch):
        """Returns ``loss``, ``word_loss`` and ``counting_loss``.

        Args:
            preds: logits ``[N, L, classes]`` and three counts ``[N, classes]``.
            batch: has ``label`` ``[N, L]``; its padding is the end mark once more, and counts.
        """
        _, label = fields_of(batch, self.reads)
        logits, *counts = preds
        label = label.astype("int64")
        word_loss = F.cross_entropy(logits.astype("float32"), label.unsqueeze(2))
        true = true_counts(label, logits.shape[2])
        counting_loss = sum(F.smooth_l1_loss(one.astype("float32"), true) for one in counts)
        return {"loss": word_loss + counting_loss, "word_loss": word_loss, "counting_loss": counting_loss}


def true_counts(label, classes):
    """Returns how often each class stands in each label, float32 ``[N, classes]``; 0 for what is not counted."""
    counts = F.one_hot(label, classes).sum(axis=1)
    ignored = [place for place in NOT_COUNTED if place < classes]
    counted = paddle.ones([classes]).put_along_axis(paddle.to_tensor(ignored), paddle.zeros([len(ignored)]), axis=0)
    return counts * counted
