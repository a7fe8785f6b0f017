"""Decoders of tables: the tokens of their structure, and a box for each cell."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ppocr.data.batch import named
from ppocr.postprocess.base import PostProcess, as_scores, best_classes, check_classes, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.text.codec import before_end
from ppocr.text.table_structure import StructureKeys, TableCodec, TableMasterCodec


@dataclass(eq=False)
class TableDecode(StructureKeys, PostProcess):
    """A decoder of tables: ``decode(preds, batch)``.

    Attributes:
        family: the class of the codec.

    Raises:
        DataError: the dictionary cannot be used.
    """

    reads = ("structure", "bboxes", "shape")
    needs = ("shape",)
    task = "table"
    family = TableCodec

    def __post_init__(self):
        self.codec = self.build_codec(self.family)
        self.character, self.writing = self.codec.vocabulary, self.codec.writing
        self._cells = self.codec.cells

    def __call__(self, preds, batch):
        """Decodes a batch.

        Args:
            preds: ``structure_probs`` (batch, places, classes) and ``loc_preds`` (batch, places, 4 or 8), shares of the
                padded image's size.
            batch: a list of ``shape`` alone; or of the image, ``structure``, ``bboxes``, maybe others, and ``shape``,
                which is last.  ``shape`` (batch, 4 or 6): height and width of the image, by how much each grew, height
                and width of the padded image.

        Returns:
            ``structure_batch_list``: (tokens, confidence) of each table, ``bbox_batch_list``: boxes (cells, 4 or 8) of
            each, pixels of the image; with labels a pair of these and the same of the labels, whose tokens stand alone
            and whose boxes are lists.

        Raises:
            ConfigError: the number of classes does not follow from the dictionary.
        """
        batch = list(batch)
        read = self._predicted(preds, to_numpy(batch[-1]))
        return read if len(batch) == 1 else (read, self._true(*map(to_numpy, (batch[1], batch[2], batch[-1]))))

    def process(self, preds, batch):
        """Returns what was read and the true tables, as :meth:`__call__` does."""
        structure, bboxes, shape = map(to_numpy, named(batch, ("image", *self.reads)).select(*self.reads))
        return self._predicted(preds, shape), self._true(structure, bboxes, shape)

    def results(self, preds, batch):
        """Returns ``{"structure": tokens, "score": confidence, "bboxes": boxes}`` of each image."""
        read = self._predicted(preds, to_numpy(batch["shape"]))
        return [
            {"structure": tokens, "score": score, "bboxes": boxes}
            for (tokens, score), boxes in zip(read["structure_batch_list"], read["bbox_batch_list"])
        ]

    def _predicted(self, preds, shapes):
        scores = as_scores(preds["structure_probs"])
        check_classes(self, scores.shape[-1])
        ids, best = best_classes(scores)
        kept = self._kept(ids)
        boxes, cells = to_numpy(preds["loc_preds"]), kept & np.isin(ids, self._cells)
        return {
            "structure_batch_list": [
                (self.codec.forms(row[shown]), float(score[shown].mean()) if shown.any() else 0.0)
                for row, score, shown in zip(ids, best, kept)
            ],
            "bbox_batch_list": [self.in_pixels(*one) for one in zip(map(_chosen, boxes, cells), shapes)],
        }

    def _true(self, structure, bboxes, shapes):
        kept = self._kept(structure)
        length = bboxes.shape[1]
        there = kept[:, :length] & (bboxes.sum(axis=2) != 0)
        return {
            "structure_batch_list": [self.codec.forms(row[shown]) for row, shown in zip(structure, kept)],
            "bbox_batch_list": [list(self.in_pixels(*one)) for one in zip(map(_chosen, bboxes, there), shapes)],
        }

    def _kept(self, ids):
        """Returns which places are tokens of the table: those before the end, which never stands first."""
        is_end = ids == self.codec.end
        is_end[:, 0] = False
        return before_end(is_end) & self.codec._shows(ids)

    def in_pixels(self, boxes, shape):
        """Returns boxes (cells, 4 or 8) in pixels of an image, whose ``shape`` is given."""
        return boxes * np.tile(padded_size(shape), boxes.shape[1] // 2).astype(boxes.dtype)


def padded_size(shape):
    """Returns width and height of the padded image in pixels of the image, those of the image where none was padded."""
    return np.array([shape[5] / shape[3], shape[4] / shape[2]] if len(shape) == 6 else [shape[1], shape[0]])


def _chosen(boxes, places):
    return boxes[places]


@POST_PROCESSES.register()
@dataclass(eq=False)
class TableLabelDecode(TableDecode):
    """Tables of SLANet (https://arxiv.org/abs/2210.05391) and of the attention decoder; see :class:`TableDecode`."""


@POST_PROCESSES.register()
@dataclass(eq=False)
class TableMasterLabelDecode(TableDecode):
    """Tables of TableMASTER (https://arxiv.org/abs/2105.01848); see :class:`TableDecode`.

    Boxes are given as centre, width and height, and become two corners, half a box to each side, in whole pixels.

    Args:
        box_shape: ``pad``: boxes are shares of the padded image's size; ``ori``: of the image's size before it was
            resized, in pixels after.
    """

    family = TableMasterCodec

    merge_no_span_structure: bool = True
    box_shape: Literal["ori", "pad"] = "ori"

    def in_pixels(self, boxes, shape):
        """See :class:`TableDecode`."""
        ratios = np.array([shape[3], shape[2]])
        size = padded_size(shape) if self.box_shape == "pad" else np.array([shape[1], shape[0]]) / ratios
        centre, sides = np.split(boxes * np.tile(size, 2), 2, axis=1)
        half = sides // 2
        return np.concatenate([centre - half, centre + half], axis=1)
