"""Loss of the NRTR decoder."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import LOSSES

SMOOTHING = 0.1


@LOSSES.register()
class NRTRLoss(nn.Layer):
    """Mean cross entropy of the characters, with smoothed targets; padding counts nothing.

    Source: NRTR (https://arxiv.org/abs/1806.00926); label smoothing as in https://arxiv.org/abs/1512.00567.

    Args:
        smoothing: share a tenth of each target's weight among the other classes.
        ignore_index: class of the padding.
    """

    def __init__(self, smoothing: bool = True, ignore_index: int = 0):
        super().__init__()
        self.smoothing = smoothing
        self.ignore_index = ignore_index

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, T, classes]`` of what follows the first, second, ... entry of the labels.
            batch: image and labels ``[N, L]``: start, characters, end, padding.
        """
        target = batch[1].astype("int64")[:, 1 : 1 + preds.shape[1]].flatten()
        log_probability = F.log_softmax(preds.astype("float32").reshape([-1, preds.shape[2]]), axis=1)
        loss = -paddle.take_along_axis(log_probability, target.unsqueeze(1), axis=1).squeeze(1)
        if self.smoothing:
            others = SMOOTHING / (preds.shape[2] - 1)
            loss = (1.0 - SMOOTHING - others) * loss - others * log_probability.sum(axis=1)
        counted = (target != self.ignore_index).astype("float32")
        return {"loss": (loss * counted).sum() / counted.sum().clip(min=1.0)}
