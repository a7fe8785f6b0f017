"""Metric of SDMGR."""

from typing import Literal, Optional

import numpy as np

from ppocr.data.batch import BEFORE_GRAPH_LABELS, fields_of, graph_sizes
from ppocr.metrics.base import Metric
from ppocr.registry import METRICS
from ppocr.values import Index
from ppocr.wording import counted

# of WildReceipt: what is ignored, the keys, and all others; values count
WILDRECEIPT_IGNORED = (*range(0, 26, 2), 25)


@METRICS.register()
class KIEMetric(Metric):
    """Mean of the F1 scores of the classes of boxes.

    Args:
        main_indicator: ``hmean``.
        ignore_classes: classes without a part in the mean; by default those of WildReceipt that are no values.
    """

    reads = ("labels", "tag")

    def __init__(self, main_indicator: Literal["hmean"] = "hmean", ignore_classes: Optional[list[Index]] = None):
        self.ignored = WILDRECEIPT_IGNORED if ignore_classes is None else tuple(ignore_classes)
        super().__init__(main_indicator)

    def __call__(self, preds, batch) -> dict:
        """Counts a batch and returns the values of this batch alone.

        Args:
            preds: (logits ``[M, classes]`` of the boxes of all pages, logits of pairs).
            batch: has ``labels`` ``[N, B, 1 + B]``, the class of each box first, and ``tag`` ``[N, 2]``.
        """
        labels, tag = fields_of(batch, self.reads, BEFORE_GRAPH_LABELS)
        true = np.concatenate([page[:count, 0] for page, (count, _) in zip(np.asarray(labels), graph_sizes(tag))])
        scores = np.asarray(preds[0])
        confusion = np.zeros([scores.shape[1]] * 2, np.int64)
        np.add.at(confusion, (true.astype(np.int64), scores.argmax(axis=1)), 1)
        self.records.append(confusion)
        return _values(confusion, self.ignored)

    update = __call__

    def add_unreadable(self, labels):
        """Notes pages that could not be read: nobody knows the classes of their boxes here."""
        self.lost += len(labels)

    def reset(self):
        """See :class:`Metric`."""
        super().reset()
        self.lost = 0

    def remarks(self):
        """See :class:`Metric`."""
        return (
            [f"{counted(self.lost, 'page')} could not be read: their boxes have no part in hmean"] if self.lost else []
        )

    def compute(self):
        """Returns ``hmean``."""
        return _values(sum(self.records), self.ignored) if self.records else {"hmean": 0.0}


def _values(confusion, ignored):
    right, found, there = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    f1 = 2 * right / np.maximum(found + there, 1)
    places = np.setdiff1d(np.arange(len(f1)), ignored)
    return {"hmean": float(f1[places].mean()) if places.size else 0.0}
