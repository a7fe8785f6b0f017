"""Accuracy of counted characters."""

from typing import Literal

from ppocr.metrics.base import EPSILON, Metric
from ppocr.registry import METRICS


@METRICS.register()
class CNTMetric(Metric):
    """Share of text lines whose number of characters is right.

    Args:
        main_indicator: ``acc``.
    """

    counts = ("correct", "samples")

    def __init__(self, main_indicator: Literal["acc"] = "acc"):
        super().__init__(main_indicator)

    def __call__(self, preds) -> dict:
        """Counts a batch and returns the values of this batch alone.

        Args:
            preds: (numbers that were found, true numbers), two lists.
        """
        return self._count([(found == true, 1) for found, true in zip(*preds)])

    def add_unreadable(self, labels):
        """Counts samples without a result as wrong."""
        self._count([(0, 1)] * len(labels))

    def summarise(self, totals) -> dict:
        """Returns ``acc``."""
        return {"acc": totals["correct"] / (totals["samples"] + EPSILON)}
