"""Exact matches, edit distance and BLEU of formulas."""

import math
from collections import Counter
from typing import Literal

from rapidfuzz.distance import Levenshtein

from ppocr.metrics.base import Metric
from ppocr.registry import METRICS

NEAR = (1, 2, 3)  # edits up to which a formula counts as nearly right
ORDER = 4  # longest n-gram of BLEU
GRAMS = tuple(f"{what}_{n}" for n in range(1, ORDER + 1) for what in ("matched", "grams"))

Indicator = Literal["exp_rate", "edit distance", "bleu_score"]


@METRICS.register()
class LaTeXOCRMetric(Metric):
    """Share of formulas that are right, and right up to one, two or three edits; mean edit distance; BLEU.

    Args:
        main_indicator: ``exp_rate``, ``edit distance`` or ``bleu_score``.
        cal_bleu_score: compute BLEU-4 of the words of all formulas (https://aclanthology.org/P02-1040), which takes a
            moment.
    """

    task = "formula"
    counts = ("distance", "samples", "right", *(f"right_{edits}" for edits in NEAR), "read", "true", *GRAMS)

    def __init__(self, main_indicator: Indicator = "exp_rate", cal_bleu_score: bool = False):
        super().__init__(main_indicator)
        self.cal_bleu_score = cal_bleu_score

    @property
    def higher_is_better(self) -> bool:
        """Whether more of the main indicator is better."""
        return self.main_indicator != "edit distance"

    @staticmethod
    def check_arguments(main_indicator, cal_bleu_score):
        """Yields an indicator that is not computed."""
        if main_indicator == "bleu_score" and not cal_bleu_score:
            yield "main_indicator", "'bleu_score' needs cal_bleu_score: true"

    def __call__(self, preds, labels, epoch_reset: bool = False) -> dict:
        """Counts a batch and returns the values of this batch alone.

        Args:
            preds: formulas that were read, a list of texts.
            labels: the true ones.
            epoch_reset: forget what was counted before.
        """
        if epoch_reset:
            self.reset()
        return self._count([self._record(text, label) for text, label in zip(preds, labels)])

    def update(self, result, batch):
        """Counts what post-processing made of ``batch``."""
        return self(*result)

    def add_unreadable(self, labels):
        """Counts samples without a result: nothing of them is right."""
        self._count([self._record(None, label) for label in labels])

    def summarise(self, totals) -> dict:
        """Returns ``exp_rate``, the same up to some edits, ``edit distance`` and, if asked for, ``bleu_score``."""
        samples = max(totals["samples"], 1)
        values = {"edit distance": totals["distance"] / samples, "exp_rate": totals["right"] / samples}
        values.update({f"exp_rate<={edits} ": totals[f"right_{edits}"] / samples for edits in NEAR})
        return {**values, "bleu_score": _bleu(totals)} if self.cal_bleu_score else values

    def _record(self, text, label):
        """Returns the record of a formula that was read, None for none, and the true one."""
        edits = math.inf if text is None else Levenshtein.distance(text, label)
        distance = 1.0 if text is None else edits / max(len(text), len(label), 1)
        read, true = (text or "").split(), label.split()
        grams = _matches(read, true) if self.cal_bleu_score else [0] * len(GRAMS)
        return distance, 1, edits == 0, *(edits <= most for most in NEAR), len(read), len(true), *grams


def _matches(read, true):
    """Returns for each n how many n-grams of the words that were read are true, and how many there are."""
    counted = []
    for n in range(1, ORDER + 1):
        found, expected = (Counter(zip(*(words[i:] for i in range(n)))) for words in (read, true))
        counted += [sum((found & expected).values()), sum(found.values())]
    return counted


def _bleu(totals):
    """Returns BLEU of all formulas by the sums of their records."""
    shares = [totals[f"matched_{n}"] / max(totals[f"grams_{n}"], 1) for n in range(1, ORDER + 1)]
    if not min(shares):
        return 0.0
    brevity = min(0.0, 1 - totals["true"] / totals["read"])
    return math.exp(brevity + sum(map(math.log, shares)) / ORDER)
