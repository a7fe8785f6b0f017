"""Loss of PARSeq."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES

END = 0
ENDING_ORDERS = 2  # orders, from the first on, in which the end counts: those from left to right and back


@LOSSES.register()
class ParseQLoss(nn.Layer):
    """Mean cross entropy of the characters over all orders of reading; padding does not count.

    Source: Scene Text Recognition with Permuted Autoregressive Sequence Models (https://arxiv.org/abs/2207.06966).
    """

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: ``logits``, for each order ``[N, L', classes]`` of what follows the start.
            batch: has ``label`` ``[N, L]``: start, characters, end (0), padding, which is no class of the logits.
        """
        (label,) = fields_of(batch, self.reads)
        logits = paddle.stack(preds["logits"]).astype("float32")
        orders, lines, places, classes = logits.shape
        target = label.astype("int64")[:, 1 : 1 + places].unsqueeze(0).expand([orders, lines, places])
        counted = (target < classes) & ((target != END) | (paddle.arange(orders) < ENDING_ORDERS).reshape([-1, 1, 1]))
        target = paddle.where(counted, target, paddle.full([1], classes, "int64"))
        return {"loss": F.cross_entropy(logits, target.unsqueeze(3), ignore_index=classes)}
