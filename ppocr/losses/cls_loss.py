"""Loss of image classifiers."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES


@LOSSES.register()
class ClsLoss(nn.Layer):
    """Mean cross entropy over the batch."""

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, classes]``.
            batch: has the class numbers ``label`` ``[N]``.
        """
        (label,) = fields_of(batch, ClsLoss.reads)
        return {"loss": F.cross_entropy(preds.astype("float32"), label.astype("int64"))}
