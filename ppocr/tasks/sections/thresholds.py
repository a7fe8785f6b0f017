"""What thresholds do: a detector's precision and recall over ``box_thresh``, errors over the score of readings."""

import numpy as np

from ppocr.drawing.charts import Line, line_chart
from ppocr.drawing.html import note, number, percent, table, tag
from ppocr.drawing.section import Section
from ppocr.metrics.detection_iou import match_detections

SWEPT = tuple(round(0.05 * i, 2) for i in range(2, 20))  # values of box_thresh: 0.1 to 0.95
_ACCEPTED_ERRORS = (0.0, 0.001, 0.01, 0.05)


def can_sweep(post_process) -> bool:
    """Tells whether one run of a post-processing serves every ``box_thresh``, as its own class has to say."""
    return vars(type(post_process)).get("keeps_by_score", False)


class AllBoxes:
    """A detector's post-processing whose boxes below ``box_thresh`` are kept beside those that count.

    Attributes:
        box_thresh: the score from which on boxes count.
        found: all boxes of the last batch, with their scores.

    Args:
        post_process: one that :func:`can_sweep`; gives boxes from the lowest of :data:`SWEPT` on from now on.
    """

    def __init__(self, post_process):
        self.box_thresh, self.found = post_process.box_thresh, []
        self._post_process = post_process
        post_process.box_thresh, post_process.return_scores = min(*SWEPT, self.box_thresh), True

    def process(self, predictions, batch) -> list:
        """Returns the boxes of each page that count."""
        self.found = self._post_process.process(predictions, batch)
        return [above(page, self.box_thresh) for page in self.found]


def above(found: dict, threshold: float) -> dict:
    """Returns the boxes of a page with at least that score: what a post-processing with that ``box_thresh`` gives.

    Args:
        found: ``points``, an array (boxes, points, 2) or a list of (points, 2), and ``scores`` (boxes).
        threshold: of the scores.
    """
    kept = np.flatnonzero(np.asarray(found["scores"], dtype=np.float64) >= threshold)
    points = found["points"]
    return {"points": points[kept] if isinstance(points, np.ndarray) else [points[i] for i in kept]}


def sweep(truths, ignored, found) -> list:
    """Returns the :class:`ppocr.metrics.detection_iou.Matching` of a page for each threshold in ``SWEPT``."""
    scores = np.asarray(found["scores"], dtype=np.float64)
    matchings, last = [], None
    for threshold in SWEPT:
        count = int((scores >= threshold).sum())
        if count != last:
            matching, last = match_detections(truths, ignored, above(found, threshold)["points"]), count
        matchings.append(matching)
    return matchings


def box_threshold_section(pages, box_thresh: float) -> Section:
    """Returns the section with precision, recall and hmean over ``box_thresh``.

    Args:
        pages: list of :class:`ppocr.tasks.compared.PageSample` that have a ``sweep``.
        box_thresh: the one of the configuration.
    """
    totals = np.array([page.sweep for page in pages], dtype=np.float64).sum(axis=0)  # (thresholds, 3)
    matched, truths, detections = totals.T
    precision, recall = _shares(matched, detections), _shares(matched, truths)
    hmean = _shares(2 * matched, truths + detections)
    curves = {"precision": precision, "recall": recall, "hmean": hmean}
    lines = [Line(name, dict(zip(SWEPT, values.tolist())), dots=True) for name, values in curves.items()]
    chart = line_chart(
        "Over box_thresh", lines, 1.0, (0, 1), {box_thresh: f"box_thresh: {number(box_thresh)}"}, "score"
    )
    best = int(np.argmax(hmean))
    words = (
        f"Measured on all pages of this evaluation; the upright line is the configuration's {number(box_thresh)}. "
        f"hmean is highest, {number(float(hmean[best]))}, at {number(SWEPT[best])}."
    )
    rows = [[number(t), *(number(float(values[i])) for values in curves.values())] for i, t in enumerate(SWEPT)]
    listing = tag("details", tag("summary", "As a table"), table(["box_thresh", *curves], rows))
    return Section(
        "box-thresh", "Precision and recall by score", [note(words), tag("div", chart, class_="charts"), listing]
    )


def _shares(part, whole):
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def score_section(samples):
    """Returns the section with coverage and error over the score of readings; None where there are no scores.

    Args:
        samples: list of :class:`ppocr.tasks.compared.TextSample`.
    """
    scored = [sample for sample in samples if sample.confidence is not None]
    if not scored:
        return None
    scores = np.array([sample.confidence for sample in scored])
    wrong = np.array([sample.truth != sample.prediction for sample in scored])
    coverage, error = {}, {}
    for score in np.linspace(0, 1, 101).round(2).tolist():
        kept = scores >= score
        coverage[score] = float(kept.mean())
        if kept.any():
            error[score] = float(wrong[kept].mean())
    lines = [Line("kept", coverage), Line("wrong among the kept", error)]
    chart = line_chart("If only readings with at least this score are kept", lines, 1.0, (0, 1), over="score")
    words = "How many readings are left, and how many of these are wrong, when those with a lower score are set aside."
    head = ["errors accepted", "score needed", "kept", "wrong among the kept"]
    rows = [[f"at most {percent(limit)}", *_needed(scores, wrong, limit)] for limit in _ACCEPTED_ERRORS]
    return Section("scores", "Errors by score", [note(words), tag("div", chart, class_="charts"), table(head, rows)])


def _needed(scores, wrong, limit):
    """The lowest score above which at most a share of the readings is wrong, the share kept, and how many are wrong."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # equal scores are kept together
    errors = np.cumsum(wrong[order])[ends] / (ends + 1)
    good = np.flatnonzero(errors <= limit)
    if not len(good):
        return ["none is high enough", percent(0.0), ""]
    last = ends[good[-1]]
    return [
        number(round(float(scores[order][last]), 4)),
        percent((last + 1) / len(order)),
        percent(float(errors[good[-1]])),
    ]
