"""Connectionist temporal classification for text lines."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import LOSSES


@LOSSES.register()
class CTCLoss(nn.Layer):
    """Mean over the batch of the negative log-probability of the label; the blank is class 0.

    Source: Connectionist Temporal Classification (Graves et al., 2006); for the weight of hard lines
    Focal Loss (https://arxiv.org/abs/1708.02002).

    Args:
        use_focal_loss: weigh every line by ``(1 - exp(-loss)) ** 2``.
    """

    def __init__(self, use_focal_loss: bool = False):
        super().__init__()
        self.use_focal_loss = use_focal_loss

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, T, classes]``, or a list or tuple that ends with them.
            batch: image, label ``[N, L]`` of class numbers, padded, and its lengths ``[N]``.
        """
        if isinstance(preds, (list, tuple)):
            preds = preds[-1]
        logits = preds.astype("float32").transpose([1, 0, 2])
        steps = paddle.full([logits.shape[1]], logits.shape[0], dtype="int64")
        labels, lengths = batch[1].astype("int32"), batch[2].astype("int64")
        loss = F.ctc_loss(logits, labels, steps, lengths, blank=0, reduction="none")
        if self.use_focal_loss:
            loss = loss * (1.0 - paddle.exp(-loss)) ** 2
        return {"loss": loss.mean()}
