"""Right structures of tables, and boxes of their cells."""

from typing import Literal

import numpy as np

from ppocr.geometry.quads import corners_of_boxes
from ppocr.metrics.base import Metric
from ppocr.metrics.det_metric import precision_recall
from ppocr.metrics.detection_iou import match_detections
from ppocr.registry import METRICS
from ppocr.text.table_structure import without_groups

SMALL = 1e-6  # in the denominator of the accuracy, as published


@METRICS.register()
class TableMetric(Metric):
    """Share of the tables whose structure is right as a whole, and precision and recall of the boxes of cells.

    A box is found by one with an IoU above 0.5, as those of detectors are.

    Args:
        main_indicator: ``acc``, or of the boxes ``hmean``, ``precision`` or ``recall``, with ``compute_bbox_metric``.
        compute_bbox_metric: compare boxes, too.
        box_format: of the configuration; post-processing gives corners whatever it is.
        del_thead_tbody: leave out the tokens that group rows into head and body.
        loc_reg_num: of the configuration; as ``box_format``.
    """

    task = "table"
    counts = ("right", "tables", "matched", "truths", "detections")

    def __init__(
        self,
        main_indicator: Literal["acc", "hmean", "precision", "recall"] = "acc",
        compute_bbox_metric: bool = False,
        box_format: Literal["xyxy", "xywh", "xyxyxyxy"] = "xyxy",
        del_thead_tbody: bool = False,
        loc_reg_num: Literal[4, 8] = 4,
    ):
        super().__init__(main_indicator)
        self.compute_bbox_metric = compute_bbox_metric
        self.box_format, self.loc_reg_num = box_format, loc_reg_num
        self.del_thead_tbody = del_thead_tbody

    @staticmethod
    def check_arguments(main_indicator, compute_bbox_metric):
        """Yields a main indicator that is not computed."""
        if main_indicator != "acc" and not compute_bbox_metric:
            yield "main_indicator", f"{main_indicator!r} is about boxes, which compute_bbox_metric: true compares"

    def __call__(self, preds):
        """Counts a batch.

        Args:
            preds: what was read and what is true, see
                :class:`ppocr.postprocess.table_label_decode.TableLabelDecode`.
        """
        read, true = preds
        tables = zip(*(part[name] for name in ("structure_batch_list", "bbox_batch_list") for part in (read, true)))
        self._count([self._record(tokens, truth, *boxes) for (tokens, *_), truth, *boxes in tables])

    def _record(self, tokens, truth, boxes, true_boxes):
        right = self.normalise(tokens) == self.normalise(truth)
        if not self.compute_bbox_metric:
            return right, 1, 0, 0, 0
        truths, found = (corners_of_boxes(np.asarray(part, np.float64)) for part in (true_boxes, boxes))
        return right, 1, *match_detections(truths, [False] * len(truths), found)

    def normalise(self, tokens) -> str:
        """Returns what of a structure is compared, as one text."""
        return "".join(without_groups(tokens) if self.del_thead_tbody else tokens)

    def add_unreadable(self, labels):
        """Counts tables that could not be read as wrong; their boxes are not known."""
        self._count([(0, 1, 0, 0, 0)] * len(labels))

    def summarise(self, totals):
        """Returns ``acc``, and with ``compute_bbox_metric`` precision, recall and hmean of the boxes."""
        acc = totals["right"] / (totals["tables"] + SMALL)
        if not self.compute_bbox_metric:
            return {"acc": acc}
        boxes = precision_recall(totals["matched"], totals["truths"], totals["detections"])
        if self.main_indicator == "acc":
            return {"acc": acc, **{f"bbox_metric_{name}": value for name, value in boxes.items()}}
        return {**boxes, "structure_metric_acc": acc}
