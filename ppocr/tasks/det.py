"""Text detection."""

import numpy as np

from ppocr.data.batch import fields_of
from ppocr.drawing.boxes import with_boxes
from ppocr.drawing.samples import draw_boxes, pages_beside
from ppocr.errors import ConfigError
from ppocr.formats.labels import BoxLabels
from ppocr.registry import TASKS
from ppocr.tasks.base import Task
from ppocr.tasks.compared import read_pages
from ppocr.tasks.results import Boxes, by_network, shown_score
from ppocr.tasks.sections.pages import page_sections
from ppocr.tasks.sections.side_by_side import pages_section
from ppocr.tasks.sections.thresholds import AllBoxes, can_sweep
from ppocr.wording import counted


@TASKS.register(name="det")
class Detection(Task):
    """Finds the boxes of texts on pages of any size."""

    labels = BoxLabels
    free_axes = (2, 3)
    draws_pages = True
    batch_size = 4

    def result(self, raw):
        """See :class:`Task`."""
        if not isinstance(raw, dict) or "points" not in raw:
            raise ConfigError("this model finds no boxes")
        return Boxes(raw["points"], raw.get("scores"))

    def row(self, result):
        """See :class:`Task`."""
        networks = by_network(result)
        column = {name: [{"transcription": "", "points": p} for p in _points(one)] for name, one in networks.items()}
        row = {name: _with_scores(one) for name, one in networks.items()}
        if "" in networks:
            column, row = column[""], row[""]
        return [column], {"boxes": row}

    def summary(self, result):
        """See :class:`Task`."""
        return counted(sum(len(one.points) for one in by_network(result).values()), "box")

    def draw(self, image, result):
        """See :class:`Task`."""
        return with_boxes(image, [points for one in by_network(result).values() for points in one.points])

    def draw_samples(self, samples, metric):
        """See :class:`Task`."""
        pages = []
        for image, (found,), batch in samples:
            (truths,), _ = metric.truth(batch)
            pages.append(draw_boxes(image, in_network(found["points"], batch), in_network(truths, batch)))
        return pages_beside(pages)

    def watched(self, post_process):
        """See :class:`Task`: boxes with low scores are kept beside those that count."""
        return AllBoxes(post_process) if can_sweep(post_process) else post_process

    def compare(self, result, batch, metric, keys, post_process):
        """See :class:`Task`."""
        if isinstance(post_process, AllBoxes):
            return read_pages(post_process.found, metric.truth(batch), keys, post_process.box_thresh)
        return read_pages(result, metric.truth(batch), keys)

    def same_truth(self, samples):
        """See :class:`Task`."""
        return all(sample.has_truth_of(samples[0]) for sample in samples)

    def report_sections(self, evaluated, thumbnails):
        """See :class:`Task`."""
        return page_sections(evaluated, thumbnails)

    def comparison_section(self, names, rows, intro, thumbnails):
        """See :class:`Task`."""
        return pages_section(names, rows, intro)


def _points(boxes):
    return [np.asarray(points) for points in boxes.points]


def _with_scores(boxes):
    if boxes.scores is None:
        return [{"points": points} for points in _points(boxes)]
    return [{"points": points, "score": shown_score(score)} for points, score in zip(_points(boxes), boxes.scores)]


def in_network(polygons, batch) -> list:
    """Returns polygons of an image in pixels of what the model gets.

    Args:
        polygons: list of (points, 2).
        batch: of that image alone, with its ``shape``.
    """
    ((shape,),) = fields_of(batch, ("shape",))
    ratios = _ratios(np.asarray(shape, dtype=np.float64))
    return [np.asarray(points) * ratios for points in polygons]


def _ratios(shape):
    """Returns by how much x and y grew: of height, width and two ratios, or of two sizes with channels."""
    return shape[[3, 2]] if len(shape) == 4 else shape[[4, 3]] / shape[[1, 0]]
