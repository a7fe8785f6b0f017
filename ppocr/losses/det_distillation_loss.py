"""Losses on the maps of several detectors that learn from the labels or from one of them.

``preds`` maps the name of a network to its outputs, whose ``maps`` are those of
:class:`ppocr.losses.det_db_loss.DBLoss`; each loss gives a dictionary of its terms.
"""

from dataclasses import dataclass

import paddle.nn.functional as F

from ppocr.data.batch import fields_of
from ppocr.data.branches import output_of
from ppocr.losses.det_basic_loss import dice_loss
from ppocr.losses.det_db_loss import DBLoss, DbLossOptions
from ppocr.losses.distillation_loss import EachModel, EachPair
from ppocr.registry import LOSSES
from ppocr.text.codec import values_of_keys
from ppocr.values import Name

TEXT = 0.3  # probability from which a pixel of the teacher's map counts as text


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationDBLoss(DbLossOptions, EachModel):  # the keys of the base that stands last come first
    """The loss of differentiable binarization of each of several networks.

    Args:
        key: the output that holds ``maps``; null if the network's output itself does.
    """

    of = DBLoss
    reads = DBLoss.reads

    label: Name = "db"

    def build_inner(self):
        return DBLoss(**values_of_keys(DbLossOptions, self))

    def forward(self, preds, batch):
        """Returns the terms of every network, ``<label>_<network>_<term>``; for ``batch`` see ``DBLoss``."""
        terms = {}
        for model in self.model_name_list:
            for name, value in self.inner(output_of(preds, model, self.key), batch).items():
                if name != "loss":
                    terms[f"{self.label}_{model}_{name}"] = value
        return terms


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationDilaDBLoss(DbLossOptions, EachPair):
    """Probability and binary map of a student against the text of its teacher's, dilated.

    Source: PP-OCRv2 (https://arxiv.org/abs/2109.03144), section 2.1.

    Args:
        model_name_pairs: pairs of names, student first, or one pair.
        key: the output of a network that is its maps.
        beta: without effect: there is no threshold map here.
    """

    reads = DBLoss.reads

    key: Name = "maps"
    label: Name = "dila_dbloss"

    def build_inner(self):
        return DBLoss(**values_of_keys(DbLossOptions, self))

    def term_name(self, pair, i):
        return "_".join([self.label, *pair])

    def compare(self, student, teacher, batch):
        """Compares ``maps``; the shrink map's mask says which pixels count."""
        *_, mask = fields_of(batch, DBLoss.reads)
        student, teacher, mask = (tensor.astype("float32") for tensor in (student, teacher, mask))
        target = dilate((teacher[:, 0] > TEXT).astype("float32"))
        loss = self.alpha * self.inner.main_loss(student[:, 0], target, mask)
        return loss + dice_loss(student[:, 2], target, mask, self.eps)


def dilate(maps):
    """Returns the maximum over every pixel of ``[N, H, W]``, its left, its upper and its upper left neighbour."""
    return F.max_pool2d(F.pad(maps.unsqueeze(1), [1, 0, 1, 0], mode="replicate"), 2, 1)[:, 0]
