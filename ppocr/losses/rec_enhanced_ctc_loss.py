"""CTC together with aggregation cross entropy and center loss."""

from typing import Optional

from paddle import nn

from ppocr.losses.rec_ace_loss import ACELoss
from ppocr.losses.rec_center_loss import CenterLoss
from ppocr.losses.rec_ctc_loss import CTCLoss
from ppocr.registry import LOSSES
from ppocr.values import Classes, Name, Weight, Width


@LOSSES.register()
class EnhancedCTCLoss(nn.Layer):
    """CTC loss plus further terms.

    Source: PP-OCRv2 (https://arxiv.org/abs/2109.03144), section 2.2.

    Args:
        use_focal_loss: weigh hard lines more; see :class:`CTCLoss`.
        use_ace_loss: add :class:`ACELoss`.
        ace_loss_weight: its weight.
        use_center_loss: add :class:`CenterLoss`, for which the head must give its features.
        center_loss_weight: its weight.
        num_classes, feat_dim, center_file_path: see :class:`CenterLoss`.
    """

    reads = CTCLoss.reads

    def __init__(
        self,
        use_focal_loss: bool = False,
        use_ace_loss: bool = False,
        ace_loss_weight: Weight = 0.1,
        use_center_loss: bool = False,
        center_loss_weight: Weight = 0.05,
        num_classes: Classes = 6625,
        feat_dim: Width = 96,
        center_file_path: Optional[Name] = None,
    ):
        super().__init__()
        self.ctc = CTCLoss(use_focal_loss)
        self.extra = nn.LayerList()
        self.weights = []
        if use_ace_loss:
            self.extra.append(ACELoss())
            self.weights.append(ace_loss_weight)
        if use_center_loss:
            self.extra.append(CenterLoss(num_classes, feat_dim, center_file_path))
            self.weights.append(center_loss_weight)

    def forward(self, preds, batch):
        """Returns ``loss``, ``loss_ctc`` and the weighted further terms; see the parts for ``preds`` and ``batch``."""
        terms = {"loss_ctc": self.ctc(preds, batch)["loss"]}
        for weight, loss in zip(self.weights, self.extra):
            terms.update({name: weight * value for name, value in loss(preds, batch).items()})
        return {"loss": sum(terms.values()), **terms}

    def time_steps(self, preds) -> int:
        """Returns the time steps of ``preds``; see :meth:`forward`."""
        return self.ctc.time_steps(preds)
