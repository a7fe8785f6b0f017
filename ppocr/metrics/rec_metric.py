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
        is_filter: compares only ASCII letters and digits, in lower case.  A label without any does not count, unless it
            was read to the letter.
        ignore_space: compares without spaces.

    What these two leave out of labels is said by :meth:`remarks`.
    """

    task = "rec"
    counts = ("correct", "distance", "samples", "filtered", "spaced")

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
        return self._count([self._record(result[0], label[0]) for result, label in zip(*preds)])

    def add_unreadable(self, labels):
        """Counts samples without a result: none of their characters is right."""
        self._count([self._record(None, label) for label in labels])

    def summarise(self, totals) -> dict:
        """Returns ``acc`` and ``norm_edit_dis``."""
        samples = totals["samples"] + EPSILON
        return {"acc": totals["correct"] / samples, "norm_edit_dis": 1 - totals["distance"] / samples}

    def remarks(self):
        """Returns how many labels were compared in part or not at all."""
        totals = self.totals
        filtered, spaced = int(totals["filtered"]), int(totals["spaced"])
        labels = f"of {int(totals['samples']) + filtered} labels"
        found = [
            (filtered, f"{filtered} {labels} hold no ASCII letter or digit and do not count (is_filter)"),
            (spaced, f"{spaced} {labels} hold spaces, which are not compared (ignore_space)"),
        ]
        return [text for number, text in found if number]

    def _record(self, text, label):
        """Returns the record of a text that was read, None for none, and its label."""
        if not self.counts_with(text, label):
            return 0, 0, 0, 1, 0
        truth = self.normalise(label)
        spaced = self.ignore_space and " " in label
        if text is None:
            return 0, 1, 1, 0, spaced
        text = self.normalise(text)
        return text == truth, Levenshtein.normalized_distance(text, truth), 1, 0, spaced

    def counts_with(self, text, label: str) -> bool:
        """Tells whether a text that was read, None for none, counts with its label: see ``is_filter``."""
        return not (self.is_filter and label and not self.normalise(label)) or text == label

    def normalise(self, text: str) -> str:
        """Returns what of a text is compared."""
        if self.ignore_space:
            text = text.replace(" ", "")
        return _NOT_ALPHANUMERIC.sub("", text).lower() if self.is_filter else text
