"""Loss of EAST."""

from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.losses.det_basic_loss import dice_loss
from ppocr.registry import LOSSES
from ppocr.values import Epsilon

DICE_WEIGHT = 0.01
COORDINATES = 8


@LOSSES.register()
class EASTLoss(nn.Layer):
    """Text by its Dice coefficient, the ways from the corners by a smooth L1, as parts of the text's shorter side.

    Source: EAST (https://arxiv.org/abs/1704.03155), section 3.4, with Dice in place of balanced cross entropy.

    Args:
        eps: keeps the division finite.
    """

    reads = ("score_map", "geo_map", "training_mask")

    def __init__(self, eps: Epsilon = 1e-6):
        super().__init__()
        self.eps = eps

    def forward(self, preds, batch):
        """Returns ``loss`` and its terms, ``dice_loss`` and ``smooth_l1_loss``.

        Args:
            preds: ``f_score`` ``[N, 1, h, w]`` and ``f_geo`` ``[N, 8, h, w]``.
            batch: has ``score_map`` ``[N, 1, h, w]``, ``geo_map`` ``[N, 9, h, w]``, its last channel one over the
                shorter side, and ``training_mask`` ``[N, 1, h, w]``.
        """
        score, geometry, mask = [target.astype("float32") for target in fields_of(batch, EASTLoss.reads)]
        dice = DICE_WEIGHT * dice_loss(preds["f_score"].astype("float32"), score, mask, self.eps)
        apart = (preds["f_geo"].astype("float32") - geometry[:, :COORDINATES]).abs()
        near = (apart < 1).astype("float32")
        smooth = (near * apart * apart + (1 - near) * (apart - 0.5)).mean(axis=1, keepdim=True)
        smooth = (smooth * geometry[:, COORDINATES:] * score).mean()
        return {"loss": dice + smooth, "dice_loss": dice, "smooth_l1_loss": smooth}
