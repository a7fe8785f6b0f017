"""Loss of PREN."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES

PADDING = 0


@LOSSES.register()
class PRENLoss(nn.Layer):
    """Mean cross entropy of the characters and the end; padding does not count.

    Source: Primitive Representation Learning for Scene Text Recognition (https://arxiv.org/abs/2103.14845).
    """

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, L, classes]``.
            batch: has ``label`` ``[N, L]``: characters, end, padding (0).
        """
        (label,) = fields_of(batch, self.reads)
        target = label.astype("int64").unsqueeze(2)
        return {"loss": F.cross_entropy(preds.astype("float32"), target, ignore_index=PADDING)}
