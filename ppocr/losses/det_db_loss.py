"""Loss of differentiable binarization."""

from typing import Literal

import paddle
from paddle import nn

from ppocr.losses.det_basic_loss import bce_map, count_hard_negatives, dice_loss, masked_l1_loss, ohem_mean
from ppocr.registry import LOSSES


@LOSSES.register()
class DBLoss(nn.Layer):
    """Probability map, threshold map and binary map, each against its target.

    Source: Differentiable Binarization (https://arxiv.org/abs/1911.08947), section 3.5.

    Args:
        balance_loss: balance text and background in the loss of the probability map.
        main_loss_type: that loss: ``DiceLoss``, or ``BCELoss`` with hard negatives as in the paper.
        alpha: weight of the probability map.
        beta: weight of the threshold map.
        ohem_ratio: background pixels for each text pixel when balancing.
        eps: keeps divisions finite.
    """

    def __init__(
        self,
        balance_loss: bool = True,
        main_loss_type: Literal["DiceLoss", "BCELoss"] = "DiceLoss",
        alpha: float = 5,
        beta: float = 10,
        ohem_ratio: float = 3,
        eps: float = 1e-6,
    ):
        super().__init__()
        self.balance_loss = balance_loss
        self.main_loss = self._dice if main_loss_type == "DiceLoss" else self._cross_entropy
        self.alpha = alpha
        self.beta = beta
        self.ohem_ratio = ohem_ratio
        self.eps = eps

    def forward(self, preds, batch):
        """Returns ``loss`` and its four terms.

        Args:
            preds: ``maps`` ``[N, 3, H, W]`` (probability, threshold, binary), values in (0, 1); optionally
                ``cbn_maps`` ``[N, 1, H, W]``, a refined probability map.
            batch: image, threshold map and its mask, shrink map and its mask; the maps ``[N, H, W]``.
        """
        probability, threshold, binary = preds["maps"].astype("float32").unbind(axis=1)
        threshold_map, threshold_mask, shrink_map, shrink_mask = (t.astype("float32") for t in batch[1:5])
        losses = {
            "loss_shrink_maps": self.alpha * self.main_loss(probability, shrink_map, shrink_mask),
            "loss_threshold_maps": self.beta * masked_l1_loss(threshold, threshold_map, threshold_mask, self.eps),
            "loss_binary_maps": dice_loss(binary, shrink_map, shrink_mask, self.eps),
            "loss_cbn": paddle.zeros([]),
        }
        if "cbn_maps" in preds:
            refined = preds["cbn_maps"][:, 0].astype("float32")
            losses["loss_cbn"] = self.main_loss(refined, shrink_map, shrink_mask)
        return {"loss": sum(losses.values()), **losses}

    def _dice(self, pred, target, mask):
        loss = dice_loss(pred, target, mask, self.eps)
        if not self.balance_loss:
            return loss
        # balancing changes nothing but this: without any text the loss is 0, not 1
        positive = target * mask
        kept = positive.sum() + count_hard_negatives(positive, (1.0 - target) * mask, self.ohem_ratio)
        return loss * kept / (kept + self.eps)

    def _cross_entropy(self, pred, target, mask):
        loss = bce_map(pred, target)
        if not self.balance_loss:
            return (loss * mask).sum() / (mask.sum() + self.eps)
        return ohem_mean(loss, target * mask, (1.0 - target) * mask, self.ohem_ratio, self.eps)
