"""Detection metrics of CentripetalText, which count split and merged texts too."""

from typing import Literal

from ppocr.data.batch import fields_of
from ppocr.formats.boxes import count_boxes
from ppocr.metrics.coverage import Coverage, match_by_coverage
from ppocr.metrics.det_metric import DetMetric, share
from ppocr.registry import METRICS

UNREADABLE = ("###", "???")


@METRICS.register()
class CTMetric(DetMetric):
    """Polygons found and missed, alone, in parts or together, see :func:`ppocr.metrics.coverage.match_by_coverage`.

    Args:
        main_indicator: ``f_score``, ``precision`` or ``recall``.
    """

    reads = ("shape", "polys", "texts")
    counts = Coverage._fields

    def __init__(self, main_indicator: Literal["f_score", "precision", "recall"] = "f_score"):
        super().__init__(main_indicator)

    def __call__(self, preds, batch):
        """Counts a batch.

        Args:
            preds: a dict per image with ``points``: list of (points, 2).
            batch: has ``polys``, the true polygons of each image, and their ``texts``; ``###`` and ``???``
                do not count.
        """
        images = zip(preds, *self.truth(batch))
        self._count([match_by_coverage(truths, ignored, result["points"]) for result, truths, ignored in images])

    def truth(self, batch) -> tuple:
        """Returns the true polygons of each image, and whether each is ignored."""
        _, polys, texts = fields_of(batch, CTMetric.reads)
        return polys, [[text in UNREADABLE for text in page] for page in texts]

    def add_unreadable(self, labels):
        """Counts every box that is not to be ignored as missed; a label that cannot be parsed has none."""
        self._count([(0, 0, count_boxes(label, UNREADABLE), 0) for label in labels])

    def all_right(self) -> bool:
        """See :meth:`DetMetric.all_right`."""
        totals = self.totals
        return totals["recalled"] == totals["truths"] and totals["precise"] == totals["detections"]

    def summarise(self, totals) -> dict:
        """Returns ``recall``, ``precision`` and ``f_score``; what has no denominator is 0."""
        recall, precision = share(totals["recalled"], totals["truths"]), share(totals["precise"], totals["detections"])
        return {"recall": recall, "precision": precision, "f_score": share(2 * precision * recall, precision + recall)}
