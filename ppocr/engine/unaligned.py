"""Names the samples that CTC cannot learn, because the model has too few time steps for their texts."""

from ppocr.data.bad_samples import BadSample
from ppocr.data.batch import facts_of


class Unaligned:
    """Reports the samples of training batches that the loss leaves out of its mean.

    How many steps a text needs and how many the model gives is known on the host: nothing waits for the device.

    Args:
        loss: of the run; see :func:`time_steps`.
        loader: :class:`ppocr.data.loader.BatchLoader` of the training set, whose report counts them.
    """

    def __init__(self, loss, loader):
        self._loss, self._loader = loss, loader

    def __call__(self, predictions, batch):
        """Looks at one forward pass in training mode."""
        steps, left_out = unaligned(self._loss, predictions, batch)
        self._loader.report.add([self._event(facts, steps) for facts in left_out])

    def _event(self, facts, steps):
        detail = f"needs {facts.steps} time steps, the model has {steps} in training"
        where = self._loader.dataset.describe(facts.index)
        return BadSample(facts.index, "too_long_for_the_model", where, detail, facts.text)


def unaligned(loss, predictions, batch):
    """Returns the number of time steps and the :class:`ppocr.data.batch.SampleFacts` of samples that need more."""
    steps = time_steps(loss, predictions)
    return steps, [] if steps is None else [facts for facts in facts_of(batch) if facts.steps > steps]


def time_steps(loss, predictions):
    """Returns the fewest time steps with which a loss aligns a text by CTC; None for a loss that aligns none.

    Args:
        loss: its method ``time_steps(predictions)``, if it has one, says so.
        predictions: of the model in training mode.
    """
    own = getattr(loss, "time_steps", None)
    return None if own is None else own(predictions)
