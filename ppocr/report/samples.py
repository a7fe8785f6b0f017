"""Evaluates a run once more and keeps what the model made of every sample."""

from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np
from rapidfuzz.distance import Levenshtein

from ppocr.config import override
from ppocr.data import build_dataloader
from ppocr.data.batch import count_samples, fields_of
from ppocr.engine.build import build_evaluator
from ppocr.engine.preparation import prepare
from ppocr.engine.trained_model import load_trained
from ppocr.errors import ConfigError
from ppocr.inference.in_use import differs_in_use, remark
from ppocr.metrics import build_metric
from ppocr.metrics.cls_metric import ClsMetric
from ppocr.metrics.det_metric import DetMetric
from ppocr.metrics.detection_iou import Pairs, pair_detections
from ppocr.metrics.rec_metric import RecMetric
from ppocr.options import global_options
from ppocr.postprocess import build_post_process
from ppocr.report.thresholds import AllBoxes, above, can_sweep, sweep

TEXTS, CLASSES, BOXES = "texts", "classes", "boxes"


@dataclass(frozen=True)
class Reading:
    """A text or a class as the model read it, as the metric compares it.

    Attributes:
        key: what the data set finds the sample by, or None.
        confidence: of the model, 0 to 1; None where it gives none.
        distance: how far the reading is from the truth, 0 to 1: the normalised edit distance of texts.
    """

    key: Any
    truth: str
    prediction: str
    confidence: Optional[float]
    distance: float


@dataclass(frozen=True)
class Page:
    """An image with the polygons that are there and those that were found, in its own pixels.

    Attributes:
        key: what the data set finds the sample by, or None.
        truths, detections: lists of (points, 2), or arrays (polygons, points, 2).
        pairs: which of them belong together and which count.
        sweep: :class:`ppocr.metrics.detection_iou.Matching` for each of :data:`ppocr.report.thresholds.SWEPT`; empty
            where boxes have no scores.
    """

    key: Any
    truths: list
    detections: list
    pairs: Pairs
    sweep: tuple = ()

    @property
    def hits(self) -> int:
        """True polygons that were found."""
        return len(self.pairs.matches)

    @property
    def misses(self) -> int:
        """True polygons that were not found."""
        return int(self.pairs.truths.sum()) - self.hits

    @property
    def false_alarms(self) -> int:
        """Detections where nothing is."""
        return int(self.pairs.detections.sum()) - self.hits

    @property
    def recall(self) -> float:
        """Share of the true polygons that were found; 1 where there are none."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 1.0

    @property
    def precision(self) -> float:
        """Share of the detections that are right; 1 where there are none."""
        return self.hits / (self.hits + self.false_alarms) if self.hits + self.false_alarms else 1.0

    @property
    def hmean(self) -> float:
        """Harmonic mean of precision and recall."""
        errors = self.misses + self.false_alarms
        return 2 * self.hits / (2 * self.hits + errors) if self.hits + errors else 1.0


@dataclass
class Evaluated:
    """What an evaluation gave.

    Attributes:
        kind: ``TEXTS``, ``CLASSES`` or ``BOXES``; None where the results are none of these.
        weights: prefix of the weights.
        metrics: values of the metric.
        dataset: the evaluation set.
        samples: list of :class:`Reading` or :class:`Page`; empty without a kind.
        unused: what could not be read, in one line; empty where all could.
        lost: how many samples these are; they count as wrong.
        box_thresh: of the configuration, for boxes that have scores.
        remarks: sentences that belong beside the metrics.
    """

    kind: Optional[str]
    weights: str
    metrics: dict
    dataset: Any
    samples: list = field(default_factory=list)
    unused: str = ""
    lost: int = 0
    box_thresh: Optional[float] = None
    remarks: list = field(default_factory=list)


def kind_of(metric) -> Optional[str]:
    """Returns what the results of a network are that a metric compares."""
    kinds = ((RecMetric, TEXTS), (ClsMetric, CLASSES), (DetMetric, BOXES))
    return next((kind for parent, kind in kinds if isinstance(metric.single, parent)), None)


def evaluate(config, path, weights) -> Evaluated:
    """Evaluates weights on the ``Eval`` set of a configuration.

    Args:
        config: the merged configuration; sets that are only watched are left out.
        path: where it comes from, for messages.
        weights: prefix of the weights.

    Raises:
        UserError: the device, the weights or the data cannot be used.
    """
    alone = override(config, ["Global.cal_loss_during_eval=false", "GuardEval=null"])
    alone["Global"]["checkpoints"] = weights
    resolved, device, logger, _ = prepare(alone, path)
    if not resolved.get("Eval"):
        raise ConfigError("Eval: this section is missing, so there is nothing to evaluate on")
    options = global_options(resolved)
    model, amp = load_trained(resolved, options, device, logger, "evaluate")
    loader = build_dataloader({key: resolved[key] for key in ("Global", "Eval")}, "Eval", device, logger, options.seed)
    keeper = SampleKeeper(resolved)
    evaluator = build_evaluator(resolved, loader, amp, on_batch=keeper, post_process=keeper.post_process)
    metrics = evaluator(model)
    lost, remarks = sum(loader.report.counts.values()), list(evaluator.remarks)
    if evaluator.wider and differs_in_use(resolved, model):
        remarks.append(remark(evaluator.wider, evaluator.samples))
    unused, threshold = loader.report.summary(), keeper.box_thresh
    return Evaluated(keeper.kind, weights, metrics, loader.dataset, keeper.samples, unused, lost, threshold, remarks)


class SampleKeeper:
    """Keeps what an evaluation compares: an observer of its batches.

    Of several networks the one is kept by which the best model is chosen.

    Attributes:
        kind: see :class:`Evaluated`.
        post_process: of the evaluation.
        samples: the list that fills up during the evaluation.

    Args:
        config: the resolved configuration.
    """

    def __init__(self, config):
        self._metric = build_metric(config["Metric"], config["Global"].get("model_type"))
        self.kind, self.samples = kind_of(self._metric), []
        self.post_process = build_post_process(config["PostProcess"], config["Global"])
        if self.kind == BOXES and can_sweep(self.post_process):
            self.post_process = AllBoxes(self.post_process)

    @property
    def box_thresh(self) -> Optional[float]:
        """The score from which on boxes count; None where they have none."""
        return self.post_process.box_thresh if isinstance(self.post_process, AllBoxes) else None

    def __call__(self, result, batch):
        """Takes what a batch gave."""
        read = {TEXTS: read_texts, CLASSES: read_classes, BOXES: self._read_pages}.get(self.kind)
        if read is not None:
            keys = batch.sample_keys or [None] * count_samples(batch)
            self.samples += read(self._metric.main_result(result), batch, self._metric.single, keys)

    def _read_pages(self, result, batch, metric, keys):
        if self.box_thresh is None:
            return read_pages(result, batch, metric, keys)
        return read_pages(self.post_process.found, batch, metric, keys, self.box_thresh)


def read_texts(result, batch, metric, keys) -> list:
    """Returns the :class:`Reading` list of a recogniser's batch, without samples that do not count."""
    readings = []
    for key, found, label in zip(keys, *result):
        if not metric.counts_with(found[0], label[0]):
            continue
        truth, text = metric.normalise(label[0]), metric.normalise(found[0])
        readings.append(Reading(key, truth, text, _confidence(found), Levenshtein.normalized_distance(truth, text)))
    return readings


def read_classes(result, batch, metric, keys) -> list:
    """Returns the :class:`Reading` list of a classifier's batch."""
    return [
        Reading(key, str(label[0]), str(found[0]), _confidence(found), float(label[0] != found[0]))
        for key, found, label in zip(keys, *result)
    ]


def read_pages(result, batch, metric, keys, box_thresh=None) -> list:
    """Returns the :class:`Page` list of a detector's batch; ``box_thresh``: see :class:`Evaluated`."""
    pages = []
    _, polys, ignore_tags = fields_of(batch, DetMetric.reads)
    for key, found, truths, ignored in zip(keys, result, polys, ignore_tags):
        swept = () if box_thresh is None else sweep(truths, ignored, found)
        points = (found if box_thresh is None else above(found, box_thresh))["points"]
        pairs = pair_detections(truths, ignored, points)
        pages.append(Page(key, _polygons(truths), _polygons(points), pairs, swept))
    return pages


def _polygons(points):
    """Returns polygons to keep: in one array where they are alike, which takes a tenth of the memory."""
    if len({len(polygon) for polygon in points}) == 1:
        return np.array(points, dtype=np.float32).reshape(len(points), -1, 2)
    return [np.array(polygon, dtype=np.float32).reshape(-1, 2) for polygon in points]


def _confidence(result):
    return float(np.mean(result[1])) if len(result) > 1 else None
