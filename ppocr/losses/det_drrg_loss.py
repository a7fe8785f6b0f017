"""Loss of DRRG."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.losses.det_basic_loss import balanced_mean, bce_map, masked_mean
from ppocr.registry import LOSSES
from ppocr.values import Range

OUTSIDE = 0.5  # weight of centre regions outside of texts
LEAST_HEIGHT = 0.01  # pixels, added so that none is divided by 0


@LOSSES.register()
class DRRGLoss(nn.Layer):
    """Text regions, their centre regions, heights and directions in these, and links between components.

    Source: Deep Relational Reasoning Graph Network (https://arxiv.org/abs/2003.07493), sections 3.2 and 3.5.

    Args:
        ohem_ratio: background pixels for each text pixel.
    """

    reads = (
        "gt_text_mask",
        "gt_center_region_mask",
        "gt_mask",
        "gt_top_height_map",
        "gt_bot_height_map",
        "gt_sin_map",
        "gt_cos_map",
    )

    def __init__(self, ohem_ratio: Annotated[float, Range(above=0, most=10_000)] = 3.0):
        super().__init__()
        self.ohem_ratio = ohem_ratio

    def forward(self, preds, batch):
        """Returns ``loss`` and its terms.

        Args:
            preds: ``maps``, ``links`` and ``link_labels``, see :class:`ppocr.modeling.heads.det_drrg_head.DRRGHead`.
            batch: has the maps of :class:`ppocr.data.imaug.drrg_targets.DRRGTargets`.
        """
        text, center, mask, *geometry = (field.astype("float32") for field in fields_of(batch, self.reads))
        maps = preds["maps"].astype("float32")
        found_text, found_center = F.sigmoid(maps[:, 0]), F.sigmoid(maps[:, 1])
        losses = {
            "loss_text": balanced_mean(bce_map(found_text, text), text * mask, (1 - text) * mask, self.ohem_ratio),
            "loss_center": _center(bce_map(found_center, center), text, mask),
            **_geometry(maps[:, 2:], geometry, center * mask),
            "loss_gcn": _links(preds["links"], preds["link_labels"]),
        }
        return {"loss": sum(losses.values()), **losses}


def _center(loss, text, mask):
    return masked_mean(loss, text * mask) + OUTSIDE * masked_mean(loss, (1 - text) * mask)


def _geometry(maps, targets, mask):
    """Returns the terms of heights and directions, means where ``mask`` is 1."""
    sin, cos, *heights = maps.unbind(axis=1)
    *true_heights, true_sin, true_cos = targets
    length = (sin * sin + cos * cos + 1e-8).sqrt()
    weight = (sum(true_heights) + 1).log()
    loss = sum(
        _apart(found / (true + LEAST_HEIGHT), paddle.ones_like(true)) for found, true in zip(heights, true_heights)
    )
    return {
        "loss_height": masked_mean(weight * loss, mask),
        "loss_sin": masked_mean(_apart(sin / length, true_sin), mask),
        "loss_cos": masked_mean(_apart(cos / length, true_cos), mask),
    }


def _apart(found, true):
    return F.smooth_l1_loss(found, true, reduction="none")


def _links(logits, labels):
    logits = logits.astype("float32")
    return F.cross_entropy(logits, labels) if logits.shape[0] else logits.sum()  # of none: 0, with gradients
