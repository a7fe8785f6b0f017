"""Post-processing of models whose outputs are their results."""

from ppocr.postprocess.base import PostProcess, to_numpy
from ppocr.registry import POST_PROCESSES


@POST_PROCESSES.register(name="None")
class NoPostProcess(PostProcess):
    """Gives the predictions as they are, for metrics that compare them with the batch themselves."""

    reads = ()

    def __call__(self, preds, label=None):
        """Returns ``preds``."""
        return preds

    def results(self, preds, batch) -> list:
        """Returns of named predictions those of each image, ``[{name: array}]``; others as they are."""
        if not isinstance(preds, dict):
            return self(preds)
        columns = {name: to_numpy(value) for name, value in preds.items()}
        return [dict(zip(columns, values)) for values in zip(*columns.values())]
