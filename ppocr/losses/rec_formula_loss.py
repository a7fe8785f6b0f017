"""Losses of decoders that give the sub-words of a formula."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES
from ppocr.text.subword import PADDING
from ppocr.values import Range

SHARE_OF_COUNTS = 0.5  # of the loss of counts in the whole


def loss_of_subwords(logits, label):
    """Returns the cross entropy of what follows each entry of the labels.

    The padding adds nothing, but the sum is divided by the number of all entries, as the published models train.

    Args:
        logits: ``[N, L - 1, classes]``.
        label: ``[N, L]``.
    """
    target = label[:, 1:].astype("int64")
    return F.cross_entropy(logits.astype("float32"), target, ignore_index=PADDING, reduction="none").mean()


def counts_of(label, classes):
    """Returns how often each class stands in each label behind its start, padding left out: float32 ``[N, classes]``.

    Args:
        label: ``[N, L]``.
        classes: their number.
    """
    subwords = label[:, 1:].astype("int64")
    rows = paddle.arange(label.shape[0]).unsqueeze(1).expand(subwords.shape)
    places = paddle.stack([rows, subwords], axis=2)
    present = subwords.not_equal(paddle.full([1], PADDING, "int64")).astype("float32")
    return paddle.scatter_nd_add(paddle.zeros([label.shape[0], classes]), places, present)


@LOSSES.register()
class PPFormulaNet_L_Loss(nn.Layer):  # noqa: N801  (published name)
    """Cross entropy of the sub-words of a formula.

    Source: PP-FormulaNet (https://arxiv.org/abs/2503.18382).
    """

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``loss``, and the same as ``word_loss``.

        Args:
            preds: logits ``[N, L - 1, classes]`` of what follows each entry of the labels.
            batch: has ``label`` ``[N, L]``: start, sub-words, end, padding.
        """
        (label,) = fields_of(batch, self.reads)
        loss = loss_of_subwords(preds, label)
        return {"loss": loss, "word_loss": loss}


@LOSSES.register()
class PPFormulaNet_S_Loss(PPFormulaNet_L_Loss):  # noqa: N801  (published name)
    """The same where several sub-words are given at a time.

    Args:
        parallel_step: how many these are; the logits are in their order, so that the loss is the same for any number.
    """

    def __init__(self, parallel_step: Annotated[int, Range(1, 100)] = 1):
        super().__init__()
        self.parallel_step = parallel_step


@LOSSES.register()
class UniMERNetLoss(nn.Layer):
    """Cross entropy of the sub-words of a formula, and how far their counts are off.

    Source: UniMERNet (https://arxiv.org/abs/2404.15254).
    """

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``loss``, its parts ``word_loss`` and, where sub-words are counted, ``count_loss``.

        Args:
            preds: ``logits`` ``[N, L - 1, classes]`` of what follows each entry of the labels, and ``counts``
                ``[N, classes]`` where they are counted.
            batch: has ``label`` ``[N, L]``: start, sub-words, end, padding.
        """
        (label,) = fields_of(batch, self.reads)
        word_loss = loss_of_subwords(preds["logits"], label)
        if "counts" not in preds:
            return {"loss": word_loss, "word_loss": word_loss}
        counts = preds["counts"].astype("float32")
        count_loss = F.smooth_l1_loss(counts, counts_of(label, counts.shape[1]))
        return {"loss": word_loss + SHARE_OF_COUNTS * count_loss, "word_loss": word_loss, "count_loss": count_loss}
