"""Accuracy and edit distance of recognised texts."""

import re
from typing import Literal

from rapidfuzz.distance import Levenshtein

from ppocr.metrics.base import EPSILON, Metric
from ppocr.registry import METRICS

_NOT_ALPHANUMERIC = re.compile("[^0-9A-Za-z]")


@METRICS.register()
class RecMetric(Metric):
    """Share of texts that are right, and one minus the mean normalised edit distance.

    Args:
        main_indicator: ``acc`` or ``norm_edit_dis``.
        is_filter: compares only ASCII letters and digits, in lower case.
        ignore_space: compares without spaces.
    """

    counts = ("correct", "distance", "samples")

    def __init__(
        self,
        main_indicator: Literal["acc", "norm_edit_dis"] = "acc",
        is_filter: bool = False,
        ignore_space: bool = True,
    ):
        super().__init__(main_indicator)
        self.is_filter = is_filter
        self.ignore_space = ignore_space

    def __call__(self, preds) -> dict:
        """Counts a batch and returns the values of this batch alone.

        Args:
            preds: (results, labels), two lists of tuples that begin with a text.
        """
        pairs = [(self.normalise(result[0]), self.normalise(label[0])) for result, label in zip(*preds)]
        return self._count([(a == b, Levenshtein.normalized_distance(a, b), 1) for a, b in pairs])

    def add_unreadable(self, labels):
        """Counts samples without a result: none of their characters is right."""
        self._count([(0, 1, 1)] * len(labels))

    def summarise(self, totals) -> dict:
        """Returns ``acc`` and ``norm_edit_dis``."""
        samples = totals["samples"] + EPSILON
        return {"acc": totals["correct"] / samples, "norm_edit_dis": 1 - totals["distance"] / samples}

    def normalise(self, text: str) -> str:
        """Returns what of a text is compared."""
        if self.ignore_space:
            text = text.replace(" ", "")
        return _NOT_ALPHANUMERIC.sub("", text).lower() if self.is_filter else text
