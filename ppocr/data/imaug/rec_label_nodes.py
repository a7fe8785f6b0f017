"""Labels of recognisers that also count characters (CPPD) or take one out (VisionLAN)."""

from dataclasses import dataclass

import numpy as np

from ppocr.data.imaug.rec_label import BaseRecLabelEncode
from ppocr.data.imaug.rec_label_attention import PaddedLabelEncode
from ppocr.registry import OPERATORS
from ppocr.text.codecs import AbinetCodec, VlCodec

SAMPLED_CLASSES = 37


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class CPPDLabelEncode(PaddedLabelEncode):
    """Labels as ABINet's, with the counts of the characters and the filled positions (``label_node``).

    Du et al., Context Perception Parallel Decoder for Scene Text Recognition, 2023.

    Args:
        ch: for large vocabularies: ``label_node`` counts only the end mark, the characters of the text and further
            ones drawn at random, 37 in all, which ``label_index`` lists.

    Sets ``label`` (``max_text_length + 1``: characters, end 0), ``length``, ``label_node`` (counts of the classes, the
    end mark counting 1, then ``max_text_length + 1`` positions that are 1 up to the end mark's), ``label_order`` (the
    text's indices, each once, in ascending order) and, with ``ch``, ``label_index``.
    """

    writes = ("label", "length", "label_node", "label_order")
    family = AbinetCodec
    marks = 1

    ch: bool = False

    def __post_init__(self):
        super().__post_init__()
        self.random = self.ch
        self.writes += ("label_index",) if self.ch else ()
        self.reserved = 0 if self.ch else 1

    def __call__(self, data, rng=None):
        indices = self.indices(data)
        data.update(self.fields(indices))
        counts = np.bincount([0, *indices], minlength=self.codec.label_classes)
        if self.random:
            data["label_index"] = self._draw_classes(indices, rng)
            counts = counts[data["label_index"]]
        filled = (np.arange(self.size) <= len(indices)).astype(np.int64)
        data["label_node"] = np.concatenate([counts, filled])
        return data

    def fields(self, indices):
        """See :class:`BaseRecLabelEncode`."""
        return {**super().fields(indices), "label_order": np.unique(indices)}

    def _draw_classes(self, indices, rng):
        wanted = min(SAMPLED_CLASSES, self.codec.label_classes)
        chosen = np.unique([0, *indices])[:wanted]
        others = rng.permutation(np.setdiff1d(np.arange(self.codec.label_classes), chosen))
        return np.sort(np.concatenate([chosen, others[: wanted - len(chosen)]]))


@OPERATORS.register()
class VLLabelEncode(BaseRecLabelEncode):
    """Labels of a text, of the text without one character drawn at random, and of that character; 0 is the padding.

    Wang et al., From Two to One: A New Scene Text Recognizer with Visual Language Modeling Network, 2021.

    Sets ``label``, ``label_res``, ``label_sub`` (``max_text_length`` each), ``label_id`` (the position) and ``length``,
    ``length_res``, ``length_sub``.
    """

    writes = ("label", "label_res", "label_sub", "label_id", "length", "length_res", "length_sub")
    family = VlCodec
    random = True

    def __call__(self, data, rng):
        indices = self.indices(data)
        position = int(rng.integers(len(indices) or 1))
        data.update(self.fields(indices))
        data.update(_suffixed("_res", self.fields(indices[:position] + indices[position + 1 :])))
        data.update(_suffixed("_sub", self.fields(indices[position : position + 1])))
        data["label_id"] = position
        return data


def _suffixed(suffix, fields):
    return {key + suffix: value for key, value in fields.items()}
