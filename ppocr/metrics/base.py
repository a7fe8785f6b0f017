"""What all metrics have in common."""

import math
from typing import Optional

from ppocr.data.batch import fields_of

EPSILON = 1e-5  # in the denominator of shares, so that nothing seen gives 0


class Metric:
    """Compares results with labels, sample by sample, and sums up.

    Each sample becomes a record, a tuple of numbers in the order of ``counts``; the values are a function of the sums
    of these.  Sums are exact: the values depend neither on the order of the samples nor on which process counted them.
    A metric that is no function of sums has its own ``records``, ``merge`` and ``compute``.

    Attributes:
        records: all that was counted, in a form that can be pickled.
        reads: names of the fields of a batch that it needs; in this order they stand behind the image of a plain list.
        task: name of the task whose results it compares, which can be shown sample by sample then.

    Args:
        main_indicator: the value of :meth:`get_metric` by which the best model is chosen.
    """

    counts = ()
    reads = ()
    task: Optional[str] = None
    higher_is_better = True
    on_training_batches = True  # False: training batches lack what this metric compares with

    def __init__(self, main_indicator: str):
        self.main_indicator = main_indicator
        self.reset()

    @property
    def single(self) -> "Metric":
        """The metric of one network: itself, unless it measures several."""
        return self

    def main_result(self, result):
        """Returns of what post-processing gives the part by which the best model is chosen: all of it."""
        return result

    def update(self, result, batch):
        """Counts what post-processing made of ``batch``; the one call of evaluation."""
        return self(result)

    def normalise(self, text: str) -> str:
        """Returns what of a text is compared; a report shows texts so."""
        return text

    def counts_with(self, text, label) -> bool:
        """Tells whether a text that was read, None for none, counts with its label; a report shows those that do."""
        return True

    def truth(self, batch) -> tuple:
        """Returns what results are compared with: of detectors the polygons of each image, and which are ignored."""
        return fields_of(batch, self.reads)

    def add_unreadable(self, labels):
        """Counts samples that could not be read as wrong.

        Args:
            labels: their labels as they stand in the label file.
        """
        raise NotImplementedError

    def remarks(self) -> list:
        """Returns sentences about what was counted since the last :meth:`get_metric` that belong beside its values."""
        return []

    def reset(self):
        """Forgets everything that was counted."""
        self.records = []

    def merge(self, parts):
        """Puts the ``records`` of all processes in the place of one's own."""
        self.records = [record for part in parts for record in part]

    @property
    def totals(self) -> dict:
        """The sums of all that was counted."""
        return self._sums(self.records)

    def compute(self) -> dict:
        """Returns the values of all that was counted."""
        return self.summarise(self.totals)

    def get_metric(self) -> dict:
        """Returns the values of all that was counted since the last call, and starts anew: the documented call."""
        values = self.compute()
        self.reset()
        return values

    def all_right(self) -> bool:
        """Tells whether nothing of what was counted since the last :meth:`get_metric` is wrong."""
        best = 1 if self.higher_is_better else 0
        return abs(self.compute()[self.main_indicator] - best) < 1e-3  # EPSILON keeps shares below 1

    def summarise(self, totals) -> dict:
        """Returns ``{name: value}`` for a dict of sums."""
        raise NotImplementedError

    def _count(self, records) -> dict:
        """Takes in a list of records and returns the values of these alone."""
        self.records += records
        return self.summarise(self._sums(records))

    def _sums(self, records):
        columns = zip(*records) if records else [()] * len(self.counts)
        return {name: math.fsum(column) for name, column in zip(self.counts, columns)}
