"""Post-processing of models whose outputs are their results."""

from ppocr.postprocess.base import PostProcess
from ppocr.registry import POST_PROCESSES


@POST_PROCESSES.register(name="None")
class NoPostProcess(PostProcess):
    """Gives the predictions as they are, for metrics that compare them with the batch themselves."""

    reads = ()

    def __call__(self, preds, label=None):
        """Returns ``preds``."""
        return preds
