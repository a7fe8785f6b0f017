"""Classes and confidences from the scores of a classifier."""

from typing import Optional

from ppocr.errors import ConfigError
from ppocr.postprocess.base import PostProcess, as_scores, best_classes, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.values import Labels, Name


@POST_PROCESSES.register()
class ClsPostProcess(PostProcess):
    """Names the best class of each image.

    Args:
        label_list: names of the classes; None gives their numbers.
        key: takes this entry of the predictions, which then are a dict.
    """

    reads = ("label",)
    task = "cls"

    def __init__(self, label_list: Optional[Labels] = None, key: Optional[Name] = None):
        self.label_list = label_list
        self.key = key

    def __call__(self, preds, label=None):
        """Returns a list of (class, confidence); with ``label`` a pair of that list and the same of the labels.

        Args:
            preds: float (batch, classes).
            label: int (batch).

        Raises:
            ConfigError: the number of classes is not that of ``label_list``.
        """
        scores = as_scores(preds if self.key is None else preds[self.key])
        if self.label_list is not None and scores.shape[-1] != len(self.label_list):
            raise ConfigError(
                f"ClsPostProcess: the model gives {scores.shape[-1]} classes, label_list has {len(self.label_list)}; "
                "give the label_list that the model was trained with"
            )
        ids, confidences = best_classes(scores)
        results = list(zip(self._names(ids), confidences.tolist()))
        if label is None:
            return results
        return results, [(name, 1.0) for name in self._names(to_numpy(label).reshape(-1))]

    def _names(self, ids):
        return ids.tolist() if self.label_list is None else [self.label_list[i] for i in ids.tolist()]
