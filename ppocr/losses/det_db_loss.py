"""Loss of differentiable binarization."""

from dataclasses import dataclass
from typing import Annotated, Literal

import paddle
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.losses.det_basic_loss import (
    bce_map,
    count_hard_negatives,
    dice_loss,
    focal_map,
    masked_l1_loss,
    masked_mean,
    ohem_mean,
)
from ppocr.registry import LOSSES
from ppocr.values import Epsilon, Probability, Range, Weight

OhemRatio = Annotated[float, Range(above=0, most=10_000)]


@dataclass(eq=False, repr=False)
class DbLossOptions:
    """The keys of every loss on the maps of differentiable binarization.

    Args:
        balance_loss: balance text and background in the loss of the probability map.
        main_loss_type: that loss: ``DiceLoss``, ``BCELoss`` with hard negatives as in the paper, or ``DiceFocalLoss``,
            the sum of Dice and focal loss, which the binary map gets too.
        alpha: weight of the probability map.
        beta: weight of the threshold map.
        ohem_ratio: background pixels for each text pixel when balancing.
        eps: keeps divisions finite.
    """

    balance_loss: bool = True
    main_loss_type: Literal["DiceLoss", "BCELoss", "DiceFocalLoss"] = "DiceLoss"
    alpha: Weight = 5
    beta: Weight = 10
    ohem_ratio: OhemRatio = 3
    eps: Epsilon = 1e-6


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DBLoss(DbLossOptions, nn.Layer):
    """Probability map, threshold map and binary map, each against its target.

    Source: Differentiable Binarization (https://arxiv.org/abs/1911.08947), section 3.5.

    Args:
        focal_alpha, focal_gamma: weight of text and fall of the focal loss; see
            :func:`ppocr.losses.det_basic_loss.focal_map`.
        aux_weight_p2, aux_weight_p3, aux_weight_p4: weights of the same loss on the further maps of a head that gives
            them.
    """

    reads = ("threshold_map", "threshold_mask", "shrink_map", "shrink_mask")

    focal_alpha: Probability = 0.25
    focal_gamma: Annotated[float, Range(0, 100)] = 2.0
    aux_weight_p2: Weight = 0.4
    aux_weight_p3: Weight = 0.3
    aux_weight_p4: Weight = 0.2

    def __post_init__(self):
        nn.Layer.__init__(self)
        self.main_loss = {"DiceLoss": self._dice, "BCELoss": self._cross_entropy, "DiceFocalLoss": self._dice_focal}[
            self.main_loss_type
        ]
        self.aux_weights = {"p4": self.aux_weight_p4, "p3": self.aux_weight_p3, "p2": self.aux_weight_p2}

    def forward(self, preds, batch):
        """Returns ``loss`` and its terms; those of further maps, ``loss_aux_maps_*``, without their weight.

        Args:
            preds: ``maps`` ``[N, 3, H, W]`` (probability, threshold, binary), values in (0, 1); optionally
                ``cbn_maps`` ``[N, 1, H, W]``, another map for the targets of the probability map, and
                ``aux_maps_p2``, ``aux_maps_p3``, ``aux_maps_p4`` like ``maps``.
            batch: has ``threshold_map`` and ``shrink_map`` with their masks, each ``[N, H, W]``.
        """
        targets = [target.astype("float32") for target in fields_of(batch, DBLoss.reads)]
        *_, shrink_map, shrink_mask = targets
        losses = {**self._map_losses(preds["maps"], *targets), "loss_cbn": paddle.zeros([])}
        if "cbn_maps" in preds:
            losses["loss_cbn"] = self.main_loss(preds["cbn_maps"][:, 0].astype("float32"), shrink_map, shrink_mask)
        total = sum(losses.values())
        for level, weight in self.aux_weights.items():
            if f"aux_maps_{level}" in preds:
                loss = sum(self._map_losses(preds[f"aux_maps_{level}"], *targets).values())
                losses[f"loss_aux_maps_{level}"] = loss
                total = total + weight * loss
        return {"loss": total, **losses}

    def _map_losses(self, maps, threshold_map, threshold_mask, shrink_map, shrink_mask):
        probability, threshold, binary = maps.astype("float32").unbind(axis=1)
        binary_loss = dice_loss(binary, shrink_map, shrink_mask, self.eps)
        if self.main_loss_type == "DiceFocalLoss":
            binary_loss = binary_loss + self._focal(binary, shrink_map, shrink_mask)
        return {
            "loss_shrink_maps": self.alpha * self.main_loss(probability, shrink_map, shrink_mask),
            "loss_threshold_maps": self.beta * masked_l1_loss(threshold, threshold_map, threshold_mask, self.eps),
            "loss_binary_maps": binary_loss,
        }

    def _dice_focal(self, pred, target, mask):
        return self._dice(pred, target, mask) + self._focal(pred, target, mask)

    def _focal(self, pred, target, mask):
        return masked_mean(focal_map(pred, target, self.focal_alpha, self.focal_gamma, self.eps), mask, self.eps)

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
            return masked_mean(loss, mask, self.eps)
        return ohem_mean(loss, target * mask, (1.0 - target) * mask, self.ohem_ratio, self.eps)
