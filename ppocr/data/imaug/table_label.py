"""Labels of tables: the tokens of their structure and the boxes of their cells."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.errors import DataError, Dropped
from ppocr.registry import OPERATORS
from ppocr.text.table_structure import (
    CELL_STARTS,
    EMPTY_CELLS,
    StructureKeys,
    TableCodec,
    TableMasterCodec,
    merged_tokens,
    sound_tokens,
)
from ppocr.values import BoxNumbers, Range
from ppocr.wording import counted

BoxFormat = Literal["xyxy", "xywh", "xyxyxyxy"]
StructureLength = Annotated[int, Range(3, 10_000)]


@dataclass(eq=False, repr=False)
class TableOperator(Operator):
    """An operator that reads the structure of a table.

    Args:
        max_text_length: most tokens.
    """

    max_text_length: StructureLength


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class TableLabelEncode(StructureKeys, TableOperator):  # the keys of the base that stands last come first
    """Turns the structure of a table and the boxes of its cells into arrays with a row for each token.

    Args:
        replace_empty_cell_token: the token that opens a cell without text says which kind of nothing stands there
            (``<eb></eb>`` and so on, as the dictionary of TableMASTER has them).
        learn_empty_box: cells without a box count in ``bbox_masks``, with a box of nothing.
        loc_reg_num: numbers of a box: 4 for two corners, 8 for four.

    Reads ``structure``, a list of HTML tokens, and ``cells``, a list of ``{"tokens": [...], "bbox": [...]}`` in the
    order in which the structure opens them; cells without text have no ``bbox``.

    Sets ``structure`` (``max_text_length + 2``, ``int64``: start, tokens, end, padding), ``bboxes`` (as many x
    ``loc_reg_num``, ``float32``, pixels: at the tokens that open a cell), ``bbox_masks`` (as many x 1, ``float32``: 1
    at these) and ``length``, the number of tokens.

    A sample is dropped where its structure is longer (``too_long``) or has tokens that the dictionary lacks
    (``unknown_tokens``): without them it would be another table.

    Raises:
        DataError: structure and cells do not belong together, or a box has another number of numbers.
    """

    reads = ("structure", "cells")
    writes = ("structure", "bboxes", "bbox_masks", "length")
    family = TableCodec
    marks = 2

    replace_empty_cell_token: bool = False
    learn_empty_box: bool = False
    loc_reg_num: BoxNumbers = 4

    def __post_init__(self):
        self.codec = self.build_codec(self.family)

    def __call__(self, data):
        tokens, cells = sound_tokens(data["structure"]), data["cells"]
        tokens = merged_tokens(tokens) if self.merge_no_span_structure else tokens
        places = [place for place, token in enumerate(tokens) if token in CELL_STARTS]
        if len(places) != len(cells):
            raise DataError(f"the structure opens {counted(len(places), 'cell')}, the label has {len(cells)}")
        if self.replace_empty_cell_token:
            tokens = _with_empty_cells(tokens, places, cells)
        label = self._label(tokens)
        data.update(self._boxes(places, cells, len(label)), structure=label, length=np.array(len(tokens)))
        return data

    def _label(self, tokens):
        room = self.max_text_length + self.marks - 2
        if len(tokens) > room:
            raise Dropped("too_long", f"{counted(len(tokens), 'token')}, more than {room}")
        classes, missing = self.codec.encode_tokens(tokens)
        if missing:
            raise Dropped("unknown_tokens", f"not in the dictionary: {' '.join(missing)}")
        return self.codec.label(classes, self.max_text_length + self.marks)

    def _boxes(self, places, cells, size):
        """Returns boxes and masks; the start mark stands before the tokens."""
        bboxes, masks = np.zeros((size, self.loc_reg_num), np.float32), np.zeros((size, 1), np.float32)
        for place, cell in zip(places, cells):
            if "bbox" in cell:
                bboxes[place + 1] = self._box(cell["bbox"])
            masks[place + 1] = self.learn_empty_box or "bbox" in cell
        return {"bboxes": bboxes, "bbox_masks": masks}

    def _box(self, bbox):
        try:
            box = np.asarray(bbox, np.float32).reshape(-1)
        except (TypeError, ValueError):
            raise DataError(f"the box {bbox!r:.60} is no list of numbers") from None
        if len(box) != self.loc_reg_num or not np.isfinite(box).all():
            raise DataError(f"the box {bbox!r:.60} is not {self.loc_reg_num} numbers, as loc_reg_num says")
        return box


@OPERATORS.register()
class TableMasterLabelEncode(TableLabelEncode):
    """Labels of TableMASTER: see :class:`TableLabelEncode`; start and end lie within ``max_text_length``."""

    family = TableMasterCodec
    marks = 0


def _with_empty_cells(tokens, places, cells):
    tokens = list(tokens)
    for place, cell in zip(places, cells):
        if "bbox" not in cell:
            tokens[place] = EMPTY_CELLS.get(tuple(cell.get("tokens", ())), tokens[place])
    return tokens


@OPERATORS.register()
class TableBoxEncode(Operator):
    """Turns boxes of pixels into shares of the image's size, in the form that the network gives.

    Args:
        in_box_format: form of the label's boxes; ``xyxy`` two corners, ``xyxyxyxy`` four.  Where it is the same as
            ``out_box_format``, boxes stay as they are but for their unit; PubTabNet's are ``xyxy``.
        out_box_format: form of the result; ``xywh``: centre, width and height of each box.

    Sets ``bboxes`` (rows x 4 or 8, ``float32``).
    """

    reads = ("image", "bboxes")
    writes = ("bboxes",)

    def __init__(self, in_box_format: BoxFormat = "xyxy", out_box_format: BoxFormat = "xyxy"):
        self.in_box_format, self.out_box_format = in_box_format, out_box_format

    @staticmethod
    def check_arguments(in_box_format, out_box_format):
        """Yields forms that boxes cannot be turned into."""
        if in_box_format != out_box_format and out_box_format != "xywh":
            yield "out_box_format", f"boxes of the form {in_box_format} can become xywh, not {out_box_format}"

    def __call__(self, data):
        height, width = data["image"].shape[:2]
        bboxes = np.array(data["bboxes"], np.float32)
        if self.in_box_format != self.out_box_format:
            bboxes = centred(bboxes)
        bboxes[:, 0::2] /= width
        bboxes[:, 1::2] /= height
        data["bboxes"] = bboxes
        return data


def centred(boxes):
    """Returns centre, width and height (N x 4) of boxes with two corners or more (N x 4, N x 8)."""
    if boxes.shape[1] == 4:
        x1, y1, x2, y2 = boxes.T
    else:
        x1, x2 = boxes[:, 0::2].min(axis=1), boxes[:, 0::2].max(axis=1)
        y1, y2 = boxes[:, 1::2].min(axis=1), boxes[:, 1::2].max(axis=1)
    return np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], axis=1)
