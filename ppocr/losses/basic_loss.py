"""Distances between the outputs of two networks, the parts of distillation losses."""

from typing import Literal, Optional

import paddle
import paddle.nn.functional as F
from paddle import nn

EPS = 1e-10
MAP_EPS = 1e-5  # maps come from a sigmoid and reach 0 and 1
MEAN_EPS = 1e-6  # means over steps leave most classes almost nothing
FAR = 1000.0  # what takes a class out of a softmax
ACTIVATIONS = {None: lambda x: x, "softmax": lambda x: F.softmax(x, axis=-1), "sigmoid": F.sigmoid}
DISTANCES = {"l1": F.l1_loss, "l2": F.mse_loss, "smooth_l1": F.smooth_l1_loss}


class DMLLoss(nn.Layer):
    """Symmetric Kullback-Leibler divergence of two outputs, for networks that learn from each other.

    Source: Deep Mutual Learning (https://arxiv.org/abs/1706.00384).

    Args:
        act: what turns the outputs into probabilities: ``softmax`` over the last axis, ``sigmoid``, or null if they
            are probabilities.
        use_log: give the mean over the batch of the divergence of a line (the sum over its positions), for sequences;
            else the mean of each image, for maps.
    """

    def __init__(self, act: Optional[Literal["softmax", "sigmoid"]] = None, use_log: bool = False):
        super().__init__()
        self.act = act
        self.use_log = use_log

    def forward(self, first, second):
        """Returns a 0-d tensor, or ``[N]`` without ``use_log``; both outputs have the same shape, the batch first."""
        activate = ACTIVATIONS[self.act]
        p, q = activate(first.astype("float32")), activate(second.astype("float32"))
        eps = EPS if self.use_log else MAP_EPS
        divergence = 0.5 * (p - q) * ((p + eps).log() - (q + eps).log())
        return divergence.sum() / first.shape[0] if self.use_log else divergence.flatten(1).mean(axis=1)


class DistanceLoss(nn.Layer):
    """Mean absolute (``l1``), squared (``l2``) or Huber (``smooth_l1``) difference of two outputs."""

    def __init__(self, mode: Literal["l1", "l2", "smooth_l1"] = "l2"):
        super().__init__()
        self.distance = DISTANCES[mode]

    def forward(self, first, second):
        """Returns a 0-d tensor; ``first`` and ``second`` have the same shape."""
        return self.distance(first.astype("float32"), second.astype("float32"))


class DKDLoss(nn.Layer):
    """Decoupled knowledge distillation of classes: the right one against the rest, and the rest among themselves.

    Source: Decoupled Knowledge Distillation (https://arxiv.org/abs/2203.08679).

    Args:
        temperature: of the softmax.
        alpha: weight of the right class against the rest.
        beta: weight of the rest.
    """

    def __init__(self, temperature: float = 1.0, alpha: float = 1.0, beta: float = 1.0):
        super().__init__()
        self.temperature = temperature
        self.alpha = alpha
        self.beta = beta

    def forward(self, student, teacher, target):
        """Returns the loss of every row, ``[rows]``.

        Args:
            student, teacher: logits ``[rows, classes]``.
            target: the right classes ``[rows]``.
        """
        right = F.one_hot(target.astype("int64"), student.shape[-1])
        p, q = (x.astype("float32") / self.temperature for x in (teacher, student))
        binary = (_right_and_rest(F.softmax(x, axis=-1), right).log() for x in (p, q))
        others = (F.log_softmax(x - FAR * right, axis=-1) for x in (p, q))
        return self.temperature**2 * (self.alpha * _divergence(*binary) + self.beta * _divergence(*others))


def _right_and_rest(probability, right):
    chosen = (probability * right).sum(axis=-1)
    return paddle.stack([chosen, 1.0 - chosen], axis=-1).clip(min=EPS)


def _divergence(log_reference, log_approximation):
    return (log_reference.exp() * (log_reference - log_approximation)).sum(axis=-1)


class KLCTCLogits(nn.Layer):
    """Divergence of two alignments, whatever their number of steps: the mean distribution over the steps is compared.

    Args:
        temperature: of the softmax.
    """

    def __init__(self, temperature: float = 0.5):
        super().__init__()
        self.temperature = temperature

    def forward(self, student, teacher):
        """Returns a 0-d tensor; ``student`` and ``teacher`` are logits ``[N, T, classes]``, blank first."""
        p, q = (F.softmax(x.astype("float32") / self.temperature, axis=-1).mean(axis=1) for x in (teacher, student))
        return (p * ((p + MEAN_EPS).log() - (q + MEAN_EPS).log())).sum(axis=-1).mean()
