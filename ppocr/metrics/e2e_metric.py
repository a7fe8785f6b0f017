"""Precision and recall of pages that are read from end to end: of boxes alone, and of boxes with their texts."""

import os
from typing import Literal, NamedTuple, Optional

import numpy as np

from ppocr.data.batch import fields_of, true_texts_of_boxes
from ppocr.errors import DataError
from ppocr.formats.boxes import count_boxes
from ppocr.formats.matlab import read_matlab
from ppocr.metrics.base import Metric
from ppocr.metrics.coverage import group_by_coverage
from ppocr.metrics.det_metric import share
from ppocr.registry import METRICS
from ppocr.text.codecs import PgCodec
from ppocr.text.dictionary import character_list
from ppocr.values import Name

NO_TEXT = "#"  # the orientation of what does not count, in Total-Text
_COLUMNS = (1, 3, 4, 5)  # of x, y, text and orientation in its files


class TrueTexts(NamedTuple):
    """The true texts of an image.

    Attributes:
        polygons: list of (points, 2), in pixels of the image.
        texts: of each.
        ignored: whether each does not count.
    """

    polygons: list
    texts: list
    ignored: list


@METRICS.register()
class E2EMetric(Metric):
    """Boxes found and missed by coverage, and those whose texts were read right, whatever the case of letters.

    Boxes match as :func:`ppocr.metrics.coverage.group_by_coverage` has it, after the evaluation of Total-Text
    (https://arxiv.org/abs/1710.10400).  Of texts that are found in parts or together, one has to be right.

    Args:
        mode: ``A``: the true boxes are those of the labels; ``B``: those of Total-Text's own files.
        gt_mat_dir: folder of these, ``poly_gt_img1.mat`` and so on, for the mode ``B``.
        character_dict_path: dictionary of the labels; where the texts themselves are known, these are compared.
        main_indicator: one of the shares.

    Raises:
        DataError: the dictionary cannot be used, or the folder is not there.
    """

    task = "e2e"
    on_training_batches = False  # they hold maps instead of boxes
    counts = ("recalled", "precise", "truths", "detections", "read")

    def __init__(
        self,
        mode: Literal["A", "B"] = "A",
        gt_mat_dir: Optional[Name] = None,
        character_dict_path: Optional[str] = None,
        main_indicator: Literal[
            "f_score_e2e", "precision_e2e", "recall_e2e", "f_score", "precision", "recall"
        ] = "f_score_e2e",
    ):
        super().__init__(main_indicator)
        if mode == "B" and not os.path.isdir(gt_mat_dir):
            raise DataError(f"E2EMetric: gt_mat_dir {gt_mat_dir!r} is not a folder; mode B needs its files")
        self.mode, self.gt_mat_dir = mode, gt_mat_dir
        self.reads = self.reads_of({"mode": mode})
        self.codec = PgCodec(character_list(character_dict_path))

    @staticmethod
    def check_arguments(mode, gt_mat_dir):
        """Yields a missing folder."""
        if mode == "B" and gt_mat_dir is None:
            yield "gt_mat_dir", "mode B needs 'gt_mat_dir', the folder with poly_gt_img1.mat and so on"

    @staticmethod
    def reads_of(arguments) -> tuple:
        """Returns what is read of a batch: the truth, or the number of an image whose file has it."""
        return ("img_id",) if arguments.get("mode") == "B" else ("shape", "polys", "texts", "ignore_tags")

    def __call__(self, preds, batch):
        """Counts a batch.

        Args:
            preds: a dict per image with ``points``, a list of (points, 2), and ``texts``; of one image the dict alone.
            batch: has ``polys``, the true polygons of each image, ``texts``, the classes of their characters (N,
                length) padded with the blank, and ``ignore_tags``, whether each is ignored; in mode B ``img_id`` alone.
                Where texts themselves are not known, those without a character that the dictionary has do not count.

        Raises:
            DataError: a file of true polygons cannot be read.
        """
        pages = [preds] if isinstance(preds, dict) else preds
        self._count([count_texts(truth, page)[0] for truth, page in zip(self.true_texts(batch), pages)])

    def true_texts(self, batch) -> list:
        """Returns the :class:`TrueTexts` of each image of a batch.

        Raises:
            DataError: a file of true polygons cannot be read.
        """
        if self.mode == "B":
            (numbers,) = fields_of(batch, self.reads)
            return [self._of_file(int(number)) for number in numbers]
        _, polys, rows, ignored = fields_of(batch, self.reads)
        texts = true_texts_of_boxes(batch)
        if texts is not None:
            return [TrueTexts(*page) for page in zip(polys, texts, ignored)]
        texts = [self._texts(page) for page in rows]
        return [TrueTexts(found, page, [not text for text in page]) for found, page in zip(polys, texts)]

    def _texts(self, rows):
        rows = np.asarray(rows)
        return [text for text, _ in self.codec.decode_labels(rows)] if len(rows) else []

    def _of_file(self, number: int) -> TrueTexts:
        path = os.path.join(self.gt_mat_dir, f"poly_gt_img{number}.mat")
        texts = read_matlab(path).get("polygt")
        if np.ndim(texts) != 2 or np.shape(texts)[1] < 6:
            raise DataError(f"{path}: has no cells 'polygt' of six columns, as Total-Text's true polygons")
        xs, ys, words, orientations = (texts[:, i].tolist() for i in _COLUMNS)
        polygons = [_outline(x, y, f"{path}, text {place}") for place, (x, y) in enumerate(zip(xs, ys), 1)]
        missing = [place for place, word in enumerate(words, 1) if not isinstance(word, str)]
        if missing:
            raise DataError(f"{path}, text {missing[0]}: its fifth cell is no text")
        return TrueTexts(polygons, words, [str(orientation) == NO_TEXT for orientation in orientations])

    def truth(self, batch) -> tuple:
        """Returns the true polygons of each image, and whether each is ignored."""
        pages = self.true_texts(batch)
        return [page.polygons for page in pages], [page.ignored for page in pages]

    def normalise(self, text):
        """See :meth:`ppocr.metrics.base.Metric.normalise`: the case of letters does not count."""
        return text.lower()

    def update(self, result, batch):
        """Counts what post-processing made of ``batch``; the one call of evaluation."""
        return self(result, batch)

    def add_unreadable(self, labels):
        """Counts every box that is not to be ignored as missed; a label that cannot be parsed has none."""
        self._count([(0, 0, count_boxes(label), 0, 0) for label in labels])
        self._unreadable += len(labels)

    def reset(self):
        """See :meth:`ppocr.metrics.base.Metric.reset`."""
        super().reset()
        self._unreadable = 0

    def remarks(self):
        """See :meth:`ppocr.metrics.base.Metric.remarks`: whose boxes were counted of images that could not be read."""
        if self.mode == "A" or not self._unreadable:
            return []
        count = self._unreadable
        return [f"of {count} images that could not be read the boxes of the labels count as missed, not gt_mat_dir's"]

    def all_right(self) -> bool:
        """See :meth:`ppocr.metrics.base.Metric.all_right`: an image without text on which nothing is found is right."""
        totals = self.totals
        return totals["read"] == totals["recalled"] == totals["truths"] == totals["detections"]

    def summarise(self, totals) -> dict:
        """Returns sums and shares under the published names; what has no denominator is 0, but ``seqerr`` is 1."""
        recalled, precise, truths, detections, read = (totals[name] for name in self.counts)
        found, with_texts = _shares(recalled, precise, truths, detections), _shares(read, read, truths, detections)
        return {
            "total_num_gt": int(truths),
            "total_num_det": int(detections),
            "global_accumulative_recall": recalled,
            "hit_str_count": int(read),
            **found,
            "seqerr": 1 - share(read, recalled),
            **{f"{name}_e2e": value for name, value in with_texts.items()},
        }


def _outline(xs, ys, where):
    """Returns a polygon, float64 (points, 2), of what a file has as its coordinates."""
    xs, ys = np.ravel(xs), np.ravel(ys)
    if xs.dtype.kind not in "iuf" or ys.dtype.kind not in "iuf" or not 3 <= len(xs) == len(ys):
        raise DataError(f"{where}: its second and fourth cell are not x and y of the same points, three or more")
    outline = np.stack([xs, ys], axis=1).astype(np.float64)
    if not np.isfinite(outline).all():
        raise DataError(f"{where}: a coordinate is not a finite number")
    return outline


def _shares(recalled, precise, truths, detections) -> dict:
    recall, precision = share(recalled, truths), share(precise, detections)
    return {"recall": recall, "precision": precision, "f_score": share(2 * recall * precision, recall + precision)}


def count_texts(truth: TrueTexts, page: dict):
    """Compares what was found on an image with what is there.

    Args:
        truth: of the image.
        page: ``points``, a list of (points, 2), and ``texts``.

    Returns:
        The counts of :class:`E2EMetric`, and the list of :class:`ppocr.metrics.coverage.Group` that match.
    """
    counts, groups = group_by_coverage(truth.polygons, truth.ignored, page["points"])
    read = 0
    for group in groups:
        words = {truth.texts[i].lower() for i in group.truths}
        read += not words.isdisjoint(page["texts"][i].lower() for i in group.detections)
    return (*counts, read), groups
