"""Loss of SAST."""

from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.losses.det_basic_loss import dice_loss, offset_loss
from ppocr.registry import LOSSES
from ppocr.values import Epsilon

WEIGHTS = {"score_loss": 1.0, "border_loss": 1.0, "tvo_loss": 1.5, "tco_loss": 1.5}


@LOSSES.register()
class SASTLoss(nn.Layer):
    """Centre lines by their Dice coefficient, ways by a smooth L1, as parts of the text's size.

    Source: SAST (https://arxiv.org/abs/1908.05498), section 3.5, with the weights 1, 1, 1.5 and 1.5.

    Args:
        eps: keeps divisions finite.
    """

    reads = ("score_map", "border_map", "training_mask", "tvo_map", "tco_map")

    def __init__(self, eps: Epsilon = 1e-5):
        super().__init__()
        self.eps = eps

    def forward(self, preds, batch):
        """Returns ``loss`` and its terms, without their weights: of score, borders, corners (tvo) and centres (tco).

        Args:
            preds: ``f_score``, ``f_border``, ``f_tvo`` and ``f_tco``, ``[N, 1, 4, 8 and 2, h, w]``.
            batch: has ``score_map`` and ``training_mask`` ``[N, 1, h, w]``, and ``border_map``, ``tvo_map`` and
                ``tco_map`` with one channel more than what is predicted: one over the size.
        """
        score, border, mask, corners, centers = [field.astype("float32") for field in fields_of(batch, SASTLoss.reads)]
        inside = score * mask
        ways = {"border": border, "tvo": corners, "tco": centers}
        losses = {"score_loss": dice_loss(preds["f_score"].astype("float32"), score, mask, self.eps)}
        for name, target in ways.items():
            losses[f"{name}_loss"] = offset_loss(preds[f"f_{name}"].astype("float32"), target, inside, self.eps)
        return {"loss": sum(WEIGHTS[name] * loss for name, loss in losses.items()), **losses}
