"""Labels of pages that are read from end to end: polygons with their texts."""

from dataclasses import dataclass

import numpy as np

from ppocr.data.imaug.det_label import DetLabelEncode, sound_boxes
from ppocr.data.imaug.operator import Operator, note, tell
from ppocr.formats.boxes import IGNORED_TEXTS
from ppocr.formats.labels import ReadBoxLabels
from ppocr.registry import OPERATORS
from ppocr.text.codec import DictionaryKeys
from ppocr.text.codecs import PgCodec
from ppocr.values import TextLength


@OPERATORS.register()
class E2ELabelEncodeTrain(DetLabelEncode):
    """Reads boxes and their texts, as ``DetLabelEncode`` does."""


@dataclass(eq=False, repr=False)
class RowOperator(Operator):
    """An operator that makes a row of each text.

    Args:
        max_text_length: characters that a row has room for.
    """

    max_text_length: TextLength


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class E2ELabelEncodeTest(DictionaryKeys, RowOperator):  # the keys of the base that stands last come first
    """Reads boxes as ``DetLabelEncode`` does, and gives their texts as classes.

    Sets ``polys`` and ``ignore_tags`` as there, and ``texts`` (N x ``max_text_length``, ``int64``): the classes of the
    characters in lower case that the dictionary has, up to that number, padded with the class behind all of them.
    Evaluation compares with the texts themselves.

    Raises:
        DataError: the label is no list of boxes, or a polygon has more than 1,000 points.
    """

    reads = ("label",)
    writes = ("polys", "texts", "ignore_tags")
    optional = ("image",)

    def __post_init__(self):
        self.codec = self.build_codec(PgCodec)

    def labels(self):
        """See :class:`ppocr.data.imaug.operator.Operator`."""
        return ReadBoxLabels(
            frozenset(IGNORED_TEXTS), characters=frozenset(self.codec.index), writing=self.codec.writing
        )

    def __call__(self, data):
        texts, outlines, ignored = sound_boxes(data, IGNORED_TEXTS, keep_empty=True)
        tell(data, texts=tuple(texts))
        rows = np.full((len(texts), self.max_text_length), self.codec.padding, np.int64)
        unknown = set()
        for row, text, left_out in zip(rows, texts, ignored):
            known, _, missing = self.codec.encode(text.lower())
            row[: len(known)] = known[: self.max_text_length]
            unknown.update(() if left_out else missing)
        note(data, "unknown_characters", "".join(sorted(unknown)), len(unknown) > 0)
        data.update(polys=outlines.polys.astype(np.float32), texts=rows, ignore_tags=ignored)
        return data
