"""Accuracy of a classifier."""

from typing import Literal

from ppocr.metrics.base import EPSILON, Metric
from ppocr.registry import METRICS


@METRICS.register()
class ClsMetric(Metric):
    """Share of images whose class is right.

    Args:
        main_indicator: ``acc``.
    """

    task = "cls"
    counts = ("correct", "samples")

    def __init__(self, main_indicator: Literal["acc"] = "acc"):
        super().__init__(main_indicator)

    def __call__(self, preds) -> dict:
        """Counts a batch and returns the values of this batch alone.

        Args:
            preds: (results, labels), two lists of tuples that begin with a class.
        """
        results, labels = preds
        return self._count([(result[0] == label[0], 1) for result, label in zip(results, labels)])

    def add_unreadable(self, labels):
        """Counts samples without a result as wrong."""
        self._count([(0, 1)] * len(labels))

    def summarise(self, totals) -> dict:
        """Returns ``acc``."""
        return {"acc": totals["correct"] / (totals["samples"] + EPSILON)}
