"""Losses on the maps of several detectors that learn from the labels or from one of them.

``preds`` maps the name of a network to its outputs, whose ``maps`` are those of
:class:`ppocr.losses.det_db_loss.DBLoss`; each loss gives a dictionary of its terms.
"""

from typing import Literal, Optional

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.data.branches import output_of
from ppocr.losses.det_basic_loss import dice_loss
from ppocr.losses.det_db_loss import DBLoss, OhemRatio
from ppocr.losses.distillation_loss import Pairs, as_pairs
from ppocr.registry import LOSSES
from ppocr.values import Epsilon, Name, SomeNames, Weight

TEXT = 0.3  # probability from which a pixel of the teacher's map counts as text


@LOSSES.register()
class DistillationDBLoss(nn.Layer):
    """The loss of differentiable binarization of each of several networks.

    Args:
        model_name_list: names of the networks.
        key: the output that holds ``maps``; null where the network's output does itself.
        label: begins the names of the terms.
        balance_loss, main_loss_type, alpha, beta, ohem_ratio, eps: see :class:`ppocr.losses.det_db_loss.DBLoss`.
    """

    reads = DBLoss.reads

    def __init__(
        self,
        model_name_list: SomeNames,
        key: Optional[Name] = None,
        label: Name = "db",
        balance_loss: bool = True,
        main_loss_type: Literal["DiceLoss", "BCELoss", "DiceFocalLoss"] = "DiceLoss",
        alpha: Weight = 5,
        beta: Weight = 10,
        ohem_ratio: OhemRatio = 3,
        eps: Epsilon = 1e-6,
    ):
        super().__init__()
        self.inner = DBLoss(balance_loss, main_loss_type, alpha, beta, ohem_ratio, eps)
        self.models = model_name_list
        self.key = key
        self.label = label

    def forward(self, preds, batch):
        """Returns the terms of every network, ``<label>_<network>_<term>``; for ``batch`` see ``DBLoss``."""
        terms = {}
        for model in self.models:
            for name, value in self.inner(output_of(preds, model, self.key), batch).items():
                if name != "loss":
                    terms[f"{self.label}_{model}_{name}"] = value
        return terms


@LOSSES.register()
class DistillationDilaDBLoss(nn.Layer):
    """Probability and binary map of a student against the text of its teacher's, dilated.

    Source: PP-OCRv2 (https://arxiv.org/abs/2109.03144), section 2.1.

    Args:
        model_name_pairs: pairs of names, student first, or one pair.
        key: the output of a network that is its maps.
        label: begins the names of the terms.
        balance_loss, main_loss_type, alpha, beta, ohem_ratio, eps: see :class:`ppocr.losses.det_db_loss.DBLoss`; there
            is no threshold map here.
    """

    reads = DBLoss.reads

    def __init__(
        self,
        model_name_pairs: Pairs,
        key: Name = "maps",
        label: Name = "dila_dbloss",
        balance_loss: bool = True,
        main_loss_type: Literal["DiceLoss", "BCELoss", "DiceFocalLoss"] = "DiceLoss",
        alpha: Weight = 5,
        beta: Weight = 10,
        ohem_ratio: OhemRatio = 3,
        eps: Epsilon = 1e-6,
    ):
        super().__init__()
        self.inner = DBLoss(balance_loss, main_loss_type, alpha, beta, ohem_ratio, eps)
        self.pairs = as_pairs(model_name_pairs)
        self.key = key
        self.label = label

    def forward(self, preds, batch):
        """Returns one term for each pair; the shrink map's mask says which pixels count."""
        *_, mask = fields_of(batch, DBLoss.reads)
        mask = mask.astype("float32")
        terms = {}
        for student, teacher in self.pairs:
            maps, reference = (output_of(preds, model, self.key).astype("float32") for model in (student, teacher))
            target = dilate((reference[:, 0] > TEXT).astype("float32"))
            loss = self.inner.alpha * self.inner.main_loss(maps[:, 0], target, mask)
            terms[f"{self.label}_{student}_{teacher}"] = loss + dice_loss(maps[:, 2], target, mask, self.inner.eps)
        return terms


def dilate(maps):
    """Returns the maximum over every pixel of ``[N, H, W]``, its left, its upper and its upper left neighbour."""
    return F.max_pool2d(F.pad(maps.unsqueeze(1), [1, 0, 1, 0], mode="replicate"), 2, 1)[:, 0]
