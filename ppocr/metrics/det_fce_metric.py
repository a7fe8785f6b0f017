"""Detection metrics at several thresholds of the score."""

from typing import Literal

import numpy as np

from ppocr.formats.boxes import count_boxes
from ppocr.metrics.det_metric import DetMetric, precision_recall
from ppocr.metrics.detection_iou import match_detections
from ppocr.registry import METRICS

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@METRICS.register()
class DetFCEMetric(DetMetric):
    """Polygons found and missed, as :class:`DetMetric` counts them, of those with a score of 0.3, 0.4, ... or 0.9.

    Args:
        main_indicator: the best harmonic mean of all thresholds.
    """

    counts = tuple(f"{name} {threshold}" for threshold in THRESHOLDS for name in DetMetric.counts)

    def __init__(self, main_indicator: Literal["hmean"] = "hmean"):
        super().__init__(main_indicator)

    def __call__(self, preds, batch):
        """Counts a batch.

        Args:
            preds: a dict per image with ``points``: list of (points, 2), or an array (polygons, points, 2), and
                ``scores`` (polygons).
            batch: has ``polys``, the true polygons of each image, and ``ignore_tags``, whether each is ignored.
        """
        self._count([_swept(truths, ignored, page) for page, truths, ignored in zip(preds, *self.truth(batch))])

    def add_unreadable(self, labels):
        """Counts every box that is not to be ignored as missed; a label that cannot be parsed has none."""
        self._count([(0, count_boxes(label), 0) * len(THRESHOLDS) for label in labels])

    def all_right(self) -> bool:
        """See :meth:`DetMetric.all_right`; one of the thresholds is enough."""
        return any(matched == truths == detections for matched, truths, detections in _by_threshold(self.totals))

    def summarise(self, totals) -> dict:
        """Returns ``hmean``."""
        return {"hmean": max(precision_recall(*sums)["hmean"] for sums in _by_threshold(totals))}

    def get_metric(self) -> dict:
        """Returns ``hmean`` and, as texts, the metrics at each threshold (``thr 0.3``, ...), and starts anew."""
        return {**self._texts(), **super().get_metric()}

    def remarks(self):
        """See :meth:`ppocr.metrics.base.Metric.remarks`: the metrics at each threshold."""
        return [f"{name}: {text}" for name, text in self._texts().items()]

    def _texts(self):
        rows = [precision_recall(*sums) for sums in _by_threshold(self.totals)]
        texts = [" ".join(f"{name}:{value:.5f}" for name, value in row.items()) for row in rows]
        return dict(zip([f"thr {threshold}" for threshold in THRESHOLDS], texts))


def _swept(truths, ignored, page):
    """Returns matched, true and found polygons for each threshold in turn."""
    scores, counts = np.asarray(page["scores"]).reshape(-1), []
    for threshold in THRESHOLDS:
        points = [page["points"][i] for i in np.flatnonzero(scores >= threshold)]
        counts += match_detections(truths, ignored, points)
    return tuple(counts)


def _by_threshold(totals):
    return np.reshape([*totals.values()], (len(THRESHOLDS), -1)).tolist()
