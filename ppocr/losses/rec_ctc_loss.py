"""Connectionist temporal classification for text lines."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES


def alignable(labels, lengths, steps):
    """Returns which lines can be aligned: a step for each character and a blank between equal neighbours.

    Args:
        labels: class numbers ``[N, L]``, padded.
        lengths: int64 ``[N]``.
        steps: time steps of the model, or int64 ``[N]``: those of each line.

    Returns:
        bool ``[N]``.
    """
    if labels.shape[1] == 1:  # Paddle 2.6 does not compare empty tensors
        return lengths <= steps
    repeats = (labels[:, 1:] == labels[:, :-1]).astype("int64")
    inside = (paddle.arange(1, labels.shape[1]).unsqueeze(0) < lengths.unsqueeze(1)).astype("int64")
    return lengths + (repeats * inside).sum(axis=1) <= steps


def line_losses(logits, labels, lengths):
    """Returns the negative log-probability of each line ``[N]``; an empty text is all blanks.

    Paddle divides by zero, which ends the process, where all texts of a batch are empty; so the first line has one
    character here, and what it gives is replaced where it is empty.

    Args:
        logits: float32 ``[T, N, classes]``.
        labels: int32 ``[N, L]``.
        lengths: int64 ``[N]``.
    """
    first = paddle.arange(lengths.shape[0]) == 0
    steps = paddle.full([logits.shape[1]], logits.shape[0], dtype="int64")
    filled = paddle.where(first, lengths.clip(min=1), lengths)
    losses = F.ctc_loss(logits, labels.clip(min=1), steps, filled, blank=0, reduction="none").flatten()
    blanks = -F.log_softmax(logits[:, :1], axis=2)[:, :, 0].sum(axis=0)
    return paddle.where(first & (lengths == 0), blanks.expand_as(losses), losses)


def mean_over(losses, counted):
    """Returns the mean of those ``losses [N]`` that ``counted [N]`` (bool) selects; 0 if there are none."""
    weights = counted.astype(losses.dtype)
    return (losses * weights).sum() / weights.sum().clip(min=1.0)


@LOSSES.register()
class CTCLoss(nn.Layer):
    """Mean over the batch of the negative log-probability of the label; the blank is class 0.

    A line that cannot be aligned with the time steps of the model teaches nothing and is left out of the mean.

    Source: Connectionist Temporal Classification (Graves et al., 2006); for the weight of hard lines
    Focal Loss (https://arxiv.org/abs/1708.02002).

    Args:
        use_focal_loss: weigh every line by ``(1 - exp(-loss)) ** 2``.
    """

    reads = ("label", "length")

    def __init__(self, use_focal_loss: bool = False):
        super().__init__()
        self.use_focal_loss = use_focal_loss

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, T, classes]``, or a list or tuple that ends with them.
            batch: has ``label`` ``[N, L]`` of class numbers, padded, and its ``length`` ``[N]``.
        """
        logits = _scores(preds).astype("float32").transpose([1, 0, 2])
        labels, lengths = fields_of(batch, CTCLoss.reads)
        labels, lengths = labels.astype("int32"), lengths.astype("int64").flatten()
        counted = alignable(labels, lengths, logits.shape[0])
        # What Paddle makes of an impossible line depends on the device; an empty text in its place is always possible.
        loss = line_losses(logits, labels, lengths * counted.astype("int64"))
        if self.use_focal_loss:
            loss = loss * (1.0 - paddle.exp(-loss)) ** 2
        return {"loss": mean_over(loss, counted)}

    def time_steps(self, preds) -> int:
        """Returns the time steps of ``preds``; see :meth:`forward`."""
        return _scores(preds).shape[1]


def _scores(preds):
    return preds[-1] if isinstance(preds, (list, tuple)) else preds
