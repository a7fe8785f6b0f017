"""Loss of image classifiers."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import LOSSES


@LOSSES.register()
class ClsLoss(nn.Layer):
    """Mean cross entropy over the batch."""

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, classes]``.
            batch: image and class numbers ``[N]``.
        """
        return {"loss": F.cross_entropy(preds.astype("float32"), batch[1].astype("int64"))}
