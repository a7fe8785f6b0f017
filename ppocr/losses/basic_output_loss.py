"""The loss that a model computes itself."""

from typing import Literal, Optional

from paddle import nn

from ppocr.registry import LOSSES
from ppocr.values import Name


@LOSSES.register()
class LossFromOutput(nn.Layer):
    """Takes the loss from what the model gives.

    Args:
        key: of the loss; null where the model gives nothing else.
        reduction: of its values.
    """

    reads = ()

    def __init__(self, key: Optional[Name] = "loss", reduction: Literal["none", "mean", "sum"] = "none"):
        super().__init__()
        self.key, self.reduction = key, reduction

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``."""
        loss = preds if self.key is None else preds[self.key]
        return {"loss": loss if self.reduction == "none" else getattr(loss, self.reduction)()}
