"""Right formulas and right symbols of CAN."""

from difflib import SequenceMatcher
from typing import Literal

import numpy as np

from ppocr.data.batch import fields_of
from ppocr.metrics.base import Metric
from ppocr.registry import METRICS

END = ""  # no symbol of a formula, since blanks stand between these


@METRICS.register()
class CANMetric(Metric):
    """Share of formulas whose symbols are all right, and share of the true symbols that were read in their order.

    The end mark is one of the symbols.  It ends what was read, and what goes beyond the length of the true formula is
    not compared.

    Args:
        main_indicator: ``exp_rate`` or ``word_rate``.
    """

    task = "formula"
    counts = ("matched", "symbols", "right", "samples")

    def __init__(self, main_indicator: Literal["exp_rate", "word_rate"] = "exp_rate"):
        super().__init__(main_indicator)

    def __call__(self, preds, batch, epoch_reset: bool = False) -> dict:
        """Counts a batch and returns the values of this batch alone.

        Each formula weighs as much as the longest of its batch in ``word_rate``; by :meth:`update` each weighs as many
        symbols as it has, as in the published evaluation, whose batches have one sample.

        Args:
            preds: scores (batch, places, classes).
            batch: labels (batch, length), the end mark (class 0) behind each, and masks (batch, length) of what is no
                padding.
            epoch_reset: forget what was counted before.
        """
        if epoch_reset:
            self.reset()
        label, mask = map(np.asarray, fields_of(batch, ("label", "label_mask"), inputs=()))
        lengths, read = mask.sum(axis=1).tolist(), np.asarray(preds).argmax(axis=2)
        pairs = [(_ended(row), true[:length]) for row, true, length in zip(read.tolist(), label.tolist(), lengths)]
        return self._count([_record(*pair, label.shape[1]) for pair in pairs])

    def update(self, result, batch):
        """Counts what post-processing made of ``batch``: the formulas that were read and the true ones, as texts."""
        pairs = [([*text.split(), END], [*label.split(), END]) for text, label in zip(*result)]
        return self._count([_record(read, true, len(true)) for read, true in pairs])

    def add_unreadable(self, labels):
        """Counts samples without a result: nothing of them is right."""
        self._count([(0, len(label.split()) + 1, 0, 1) for label in labels])

    def get_metric(self) -> dict:
        """Returns the values of all that was counted; only ``epoch_reset`` and :meth:`reset` forget it."""
        return self.compute()

    def summarise(self, totals) -> dict:
        """Returns ``word_rate`` and ``exp_rate``."""
        word_rate = totals["matched"] / max(totals["symbols"], 1)
        return {"word_rate": word_rate, "exp_rate": totals["right"] / max(totals["samples"], 1)}


def _ended(classes):
    """Returns a list of classes up to the first end mark."""
    return classes[: classes.index(0) + 1] if 0 in classes else classes


def _record(read, true, weight):
    """Returns the record of a formula, two lists of symbols, in which it weighs as so many symbols."""
    read = read[: len(true)]
    matches = SequenceMatcher(None, true, read, autojunk=False).get_matching_blocks()
    return weight * sum(match.size for match in matches) / len(true), weight, read == true, 1
