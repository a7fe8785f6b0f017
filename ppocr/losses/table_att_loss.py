"""Losses of the recurrent heads of tables: the tokens of their structure, and the boxes of their cells."""

from typing import Literal

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES
from ppocr.values import Weight

SMALL = 1e-12


def masked_boxes(preds, bboxes, masks):
    """Returns boxes that were found and true ones, both 0 where there is no cell; all ``[N, steps, numbers]``."""
    preds = preds.astype("float32")
    masks = masks.astype("float32")
    return preds * masks, bboxes.astype("float32") * masks


@LOSSES.register()
class SLALoss(nn.Layer):
    """Cross entropy of tokens and distance of boxes of SLANet.

    Source: PP-StructureV2 (https://arxiv.org/abs/2210.05391).

    Args:
        structure_weight: of the tokens.
        loc_weight: of the boxes.
        loc_loss: ``mse`` or ``smooth_l1``: how distances count.
    """

    reads = ("structure", "bboxes", "bbox_masks")

    def __init__(
        self,
        structure_weight: Weight = 1.0,
        loc_weight: Weight = 2.0,
        loc_loss: Literal["mse", "smooth_l1"] = "mse",
    ):
        super().__init__()
        self.structure_weight, self.loc_weight = structure_weight, loc_weight
        self._distance = {"mse": F.mse_loss, "smooth_l1": F.smooth_l1_loss}[loc_loss]

    def forward(self, preds, batch):
        """Returns ``loss``, ``structure_loss`` and ``loc_loss``, both weighed.

        Args:
            preds: ``structure_probs``, logits ``[N, steps, classes]``, and ``loc_preds`` ``[N, steps, numbers]``.
            batch: has ``structure`` ``[N, L]``, of which the first entry is the start, ``bboxes`` ``[N, L, numbers]``
                and ``bbox_masks`` ``[N, L, 1]``.
        """
        logits, steps = preds["structure_probs"].astype("float32"), preds["structure_probs"].shape[1]
        structure, bboxes, masks = (field[:, 1 : steps + 1] for field in fields_of(batch, self.reads))
        structure_loss = F.cross_entropy(logits, structure.astype("int64")) * self.structure_weight
        distance = self._distance(*masked_boxes(preds["loc_preds"], bboxes, masks), reduction="sum")
        loc_loss = self.loc_weight * distance / (masks.astype("float32").sum() + SMALL)
        return {"loss": structure_loss + loc_loss, "structure_loss": structure_loss, "loc_loss": loc_loss}


@LOSSES.register()
class TableAttentionLoss(nn.Layer):
    """Cross entropy of tokens and squared distance of boxes.

    Source: Image-based table recognition (https://arxiv.org/abs/1911.10683).

    Args:
        structure_weight: of the tokens.
        loc_weight: of the boxes.
    """

    reads = ("structure", "bboxes", "bbox_masks")

    def __init__(self, structure_weight: Weight, loc_weight: Weight):
        super().__init__()
        self.structure_weight, self.loc_weight = structure_weight, loc_weight

    def forward(self, preds, batch):
        """Returns ``loss``, ``structure_loss`` and ``loc_loss``; see :class:`SLALoss`."""
        structure, bboxes, masks = (field[:, 1:] for field in fields_of(batch, self.reads))
        logits = preds["structure_probs"].astype("float32")
        structure_loss = F.cross_entropy(logits, structure.astype("int64")) * self.structure_weight
        loc_loss = F.mse_loss(*masked_boxes(preds["loc_preds"], bboxes, masks)) * self.loc_weight
        return {"loss": structure_loss + loc_loss, "structure_loss": structure_loss, "loc_loss": loc_loss}
