"""Samples of an evaluation with truth and result, as the metric compares them, for reports."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

import numpy as np
from rapidfuzz.distance import Levenshtein

from ppocr.metrics.detection_iou import Pairs, pair_detections
from ppocr.tasks.results import score_of
from ppocr.tasks.sections.thresholds import above, sweep


@dataclass(frozen=True)
class TextSample:
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
class PageSample:
    """An image with the polygons that are there and those that were found, in its own pixels.

    Attributes:
        key: what the data set finds the sample by, or None.
        truths, detections: lists of (points, 2), or arrays (polygons, points, 2).
        pairs: which of them belong together and which count.
        sweep: :class:`ppocr.metrics.detection_iou.Matching` for each of :data:`ppocr.tasks.sections.thresholds.SWEPT`;
            empty where boxes have no scores.
    """

    key: Any
    truths: list
    detections: list
    pairs: Pairs
    sweep: tuple = ()

    def has_truth_of(self, other) -> bool:
        """Tells whether another sample has the same true polygons, of which the same count."""
        alike = len(self.truths) == len(other.truths) and np.array_equal(self.pairs.truths, other.pairs.truths)
        return alike and all(map(np.array_equal, self.truths, other.truths))

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


@dataclass(frozen=True)
class ReadPage(PageSample):
    """A page with what was read in the boxes that were found.

    Attributes:
        readings: :class:`TextSample` of each of these, whose ``key`` is a :class:`BoxKey`.
    """

    readings: tuple = ()


class BoxKey(NamedTuple):
    """What a box is found by.

    Attributes:
        page: what the data set finds its page by, or None.
        points: of the true polygon, (points, 2).
    """

    page: Any
    points: np.ndarray


def read_texts(result, metric, keys) -> list:
    """Returns the :class:`TextSample` list of a recogniser's batch, without samples that do not count."""
    samples = []
    for key, found, label in zip(keys, *result):
        if not metric.counts_with(found[0], label[0]):
            continue
        truth, text = metric.normalise(label[0]), metric.normalise(found[0])
        samples.append(TextSample(key, truth, text, _confidence(found), Levenshtein.normalized_distance(truth, text)))
    return samples


def read_classes(result, keys) -> list:
    """Returns the :class:`TextSample` list of a classifier's batch."""
    return [
        TextSample(key, str(label[0]), str(found[0]), _confidence(found), float(label[0] != found[0]))
        for key, found, label in zip(keys, *result)
    ]


def read_pages(result, truth, keys, box_thresh=None) -> list:
    """Returns the :class:`PageSample` list of a detector's batch.

    Args:
        result: a dict of ``points`` for each page, with ``scores`` where ``box_thresh`` is given.
        truth: of the metric: true polygons of each page, and whether each is ignored.
        keys: of the samples.
        box_thresh: the score from which on boxes count, for samples with a ``sweep``.
    """
    pages = []
    for key, found, truths, ignored in zip(keys, result, *truth):
        swept = () if box_thresh is None else sweep(truths, ignored, found)
        points = (found if box_thresh is None else above(found, box_thresh))["points"]
        pairs = pair_detections(truths, ignored, points)
        pages.append(PageSample(key, _polygons(truths), _polygons(points), pairs, swept))
    return pages


def read_boxes(result, truths, metric, keys) -> list:
    """Returns the :class:`ReadPage` list of a batch that was read from end to end.

    Args:
        result: a dict of ``points`` and ``texts`` for each page, maybe with ``scores``.
        truths: :class:`ppocr.metrics.e2e_metric.TrueTexts` of each page.
        metric: says what of a text is compared.
        keys: of the samples.
    """
    polygons, ignored = [truth.polygons for truth in truths], [truth.ignored for truth in truths]
    pages = read_pages(result, (polygons, ignored), keys)
    return [
        ReadPage(**vars(page), readings=tuple(_readings(page, found, truth, metric)))
        for page, found, truth in zip(pages, result, truths)
    ]


def _readings(page, found, truth, metric):
    for there, place in page.pairs.matches:
        texts = metric.normalise(truth.texts[there]), metric.normalise(found["texts"][place])
        confidence = float(found["scores"][place]) if "scores" in found else None
        key = BoxKey(page.key, np.asarray(truth.polygons[there], np.float32))
        yield TextSample(key, *texts, confidence, Levenshtein.normalized_distance(*texts))


def _polygons(points):
    """Returns polygons to keep: in one array where they are alike, which takes a tenth of the memory."""
    if len({len(polygon) for polygon in points}) == 1:
        return np.array(points, dtype=np.float32).reshape(len(points), -1, 2)
    return [np.array(polygon, dtype=np.float32).reshape(-1, 2) for polygon in points]


def _confidence(result):
    score = score_of(result)
    return None if score is None else float(np.mean(score))
