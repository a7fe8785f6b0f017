"""What all metrics have in common."""

EPSILON = 1e-5  # in the denominator of shares, so that nothing seen gives 0


class Metric:
    """Counts over an evaluation and sums them up.

    A metric that is a function of sums names them in ``counts`` and gives ``summarise``; the sums lie in ``totals``,
    where those of several processes may be added up.

    Args:
        main_indicator: the value of :meth:`get_metric` by which the best model is chosen.
    """

    counts = ()
    higher_is_better = True
    on_training_batches = True  # False: training batches lack what this metric compares with

    def __init__(self, main_indicator: str):
        self.main_indicator = main_indicator
        self.reset()

    def update_from(self, result, batch):
        """Counts what post-processing made of ``batch``; the one call of evaluation."""
        return self(result)

    def add_unreadable(self, labels):
        """Counts samples that could not be read as wrong.

        Args:
            labels: their labels as they stand in the label file.
        """
        raise NotImplementedError

    def reset(self):
        """Forgets everything that was counted."""
        self.totals = dict.fromkeys(self.counts, 0)

    def get_metric(self) -> dict:
        """Returns the values of all that was counted since the last call, and starts anew."""
        values = self.summarise(self.totals)
        self.reset()
        return values

    def summarise(self, totals) -> dict:
        """Returns ``{name: value}`` for a dict of sums."""
        raise NotImplementedError

    def _add(self, sums):
        for name in self.counts:
            self.totals[name] += sums[name]
