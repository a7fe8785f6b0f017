"""Loss of the NRTR decoder."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES
from ppocr.text.codecs import NrtrCodec

PADDING = NrtrCodec([]).padding  # stands before the characters, whatever they are
SMOOTHING = 0.1


def within_longest(lengths, steps):
    """Returns a mask ``[steps]``, 1 for the characters and the end of the longest text of the batch."""
    return (paddle.arange(steps) <= lengths.astype("int64").max()).astype("float32")


def loss_of_next(logits, label, length, smoothing):
    """Returns the mean cross entropy of what follows each entry of the labels; see :class:`NRTRLoss`."""
    steps, classes = logits.shape[1:]
    target = label.astype("int64")[:, 1 : 1 + steps]
    log_probability = F.log_softmax(logits.astype("float32"), axis=2)
    loss = -paddle.take_along_axis(log_probability, target.unsqueeze(2), axis=2).squeeze(2)
    if smoothing:
        others = SMOOTHING / (classes - 1)
        loss = (1.0 - SMOOTHING - others) * loss - others * log_probability.sum(axis=2)
        counted = (target != PADDING).astype("float32")
    else:
        counted = within_longest(length, steps).expand(target.shape)
    return (loss * counted).sum() / counted.sum()


@LOSSES.register()
class NRTRLoss(nn.Layer):
    """Mean cross entropy of the characters.

    Source: NRTR (https://arxiv.org/abs/1806.00926); label smoothing as in https://arxiv.org/abs/1512.00567.

    Args:
        smoothing: share a tenth of each target's weight among the other classes, and count no padding. Without it the
            padding counts up to the end of the longest text of the batch, as the published models train.
    """

    reads = ("label", "length")

    def __init__(self, smoothing: bool = True):
        super().__init__()
        self.smoothing = smoothing

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, T, classes]`` of what follows the first, second, ... entry of the labels.
            batch: has ``label`` ``[N, L]`` (start, characters, end, padding) and ``length`` ``[N]``, without these.
        """
        label, length = fields_of(batch, NRTRLoss.reads)
        return {"loss": loss_of_next(preds, label, length, self.smoothing)}
