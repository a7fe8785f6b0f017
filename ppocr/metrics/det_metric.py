"""Precision, recall and their harmonic mean of detected boxes."""

from typing import Literal

from ppocr.data.batch import fields_of
from ppocr.formats.boxes import count_boxes
from ppocr.metrics.base import Metric
from ppocr.metrics.detection_iou import match_detections
from ppocr.registry import METRICS


@METRICS.register()
class DetMetric(Metric):
    """Boxes found and missed at an IoU above 0.5, after the ICDAR 2015 evaluation.

    Args:
        main_indicator: ``hmean``, ``precision`` or ``recall``.
    """

    task = "det"
    reads = ("shape", "polys", "ignore_tags")
    on_training_batches = False  # they hold maps instead of boxes
    counts = ("matched", "truths", "detections")

    def __init__(self, main_indicator: Literal["hmean", "precision", "recall"] = "hmean"):
        super().__init__(main_indicator)

    def __call__(self, preds, batch):
        """Counts a batch.

        Args:
            preds: a dict per image with ``points``: list of (points, 2), or an array (boxes, points, 2).
            batch: has ``polys``, the true polygons of each image, and ``ignore_tags``, whether each is ignored.
        """
        images = zip(preds, *self.truth(batch))
        self._count([match_detections(truths, ignored, result["points"]) for result, truths, ignored in images])

    def truth(self, batch) -> tuple:
        """Returns the true polygons of each image, and whether each is ignored."""
        return fields_of(batch, self.reads)[1:]

    def update(self, result, batch):
        """Counts what post-processing made of ``batch``; the one call of evaluation."""
        return self(result, batch)

    def add_unreadable(self, labels):
        """Counts every box that is not to be ignored as missed; a label that cannot be parsed has none."""
        self._count([(0, count_boxes(label), 0) for label in labels])

    def all_right(self) -> bool:
        """See :meth:`ppocr.metrics.base.Metric.all_right`: an image without text on which nothing is found is right."""
        totals = self.totals
        return totals["matched"] == totals["truths"] == totals["detections"]

    def summarise(self, totals) -> dict:
        """Returns ``precision``, ``recall`` and ``hmean``; what has no denominator is 0."""
        return precision_recall(totals["matched"], totals["truths"], totals["detections"])


def precision_recall(matched, truths, detections) -> dict:
    """Returns ``precision``, ``recall`` and their harmonic mean ``hmean``; what has no denominator is 0."""
    precision, recall = share(matched, detections), share(matched, truths)
    return {"precision": precision, "recall": recall, "hmean": share(2 * precision * recall, precision + recall)}


def share(part, whole):
    """Returns a share, 0 of nothing."""
    return part / whole if whole else 0.0
