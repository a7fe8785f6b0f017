"""Labels of recognisers that write one symbol after the other, framed by start and end marks."""

from typing import Optional

import numpy as np

from ppocr.data.imaug.rec_label import BaseRecLabelEncode
from ppocr.registry import OPERATORS, Nested
from ppocr.text import special_symbols
from ppocr.text.direction import TextDirection
from ppocr.values import Index, Name, TextLength


class _Encode(BaseRecLabelEncode):
    """What most encoders have in common: start, characters, end, padding; ``length`` counts the characters."""

    def encode(self, indices):
        label = self.frame(indices, self.padding, self.start, self.end)
        return {"label": label, "length": np.array(len(indices))}


@OPERATORS.register()
class AttnLabelEncode(_Encode):
    """Start (0), characters, end (the last index); padded with 0."""

    symbols = special_symbols.ATTENTION


@OPERATORS.register()
class RFLLabelEncode(AttnLabelEncode):
    """As ``AttnLabelEncode``, with ``cnt_label``: how often each index stands in the text (``float64``)."""

    writes = ("label", "length", "cnt_label")

    def encode(self, indices):
        counts = np.bincount(indices, minlength=self.vocabulary_size).astype(np.float64)
        return {**super().encode(indices), "cnt_label": counts}


@OPERATORS.register()
class NRTRLabelEncode(_Encode):
    """Padding (0), unknown (1), start (2) and end (3) come before the characters."""

    symbols = special_symbols.NRTR


@OPERATORS.register()
class SARLabelEncode(_Encode):
    """Unknown, start-and-end and padding come after the characters, in this order."""

    symbols = special_symbols.SAR


@OPERATORS.register()
class SATRNLabelEncode(BaseRecLabelEncode):
    """As ``SARLabelEncode``, but unknown characters become the unknown symbol and a long text is cut.

    ``length`` counts the characters before the cut.

    Args:
        lower: lower-case every text; otherwise none, whatever the dictionary.
    """

    symbols = special_symbols.SAR
    keeps_unknown = True
    reserved = None

    def __init__(
        self,
        max_text_length: TextLength,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        lower: bool = False,
        text_direction: Optional[TextDirection] = None,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char, text_direction)
        self.lower = lower

    def encode(self, indices):
        label = ([self.start, *indices, self.end] + [self.padding] * self.size)[: self.size]
        return {"label": np.array(label), "length": np.array(len(indices))}


@OPERATORS.register()
class SRNLabelEncode(_Encode):
    """No start mark; the end symbol, the last index, is the padding too."""

    symbols = special_symbols.SRN

    def encode(self, indices):
        return {"label": self.frame(indices, self.padding), "length": np.array(len(indices))}


@OPERATORS.register()
class SEEDLabelEncode(_Encode):
    """End, padding and unknown come after the characters; ``length`` counts the end mark."""

    symbols = special_symbols.SEED

    def encode(self, indices):
        return {**super().encode(indices), "length": len(indices) + 1}


@OPERATORS.register()
class ViTSTRLabelEncode(_Encode):
    """Start and end (1) come before the characters; ``max_text_length + 2`` entries.

    Args:
        ignore_index: stands in the place of the start mark and of the padding.
    """

    symbols = special_symbols.VITSTR
    reserved = 1
    marks = 2

    def __init__(
        self,
        max_text_length: TextLength,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        ignore_index: Index = 0,
        text_direction: Optional[TextDirection] = None,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char, text_direction)
        self.start = self.padding = ignore_index


@OPERATORS.register()
class ABINetLabelEncode(_Encode):
    """End (0) comes before the characters; no start mark; ``max_text_length + 1`` entries.

    Args:
        ignore_index: the padding.
    """

    symbols = special_symbols.ABINET
    reserved = 1
    marks = 1

    def __init__(
        self,
        max_text_length: TextLength,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        ignore_index: Index = 100,
        text_direction: Optional[TextDirection] = None,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char, text_direction)
        self.padding = ignore_index


@OPERATORS.register()
class ParseQLabelEncode(_Encode):
    """End (0) comes before the characters, start and padding after them."""

    symbols = special_symbols.PARSEQ
    reserved = 3


@OPERATORS.register()
class SPINLabelEncode(_Encode):
    """Start (0, also the padding) and end (1) come before the characters; ``max_text_length + 2`` entries.

    Args:
        lower: lower-case every text.
    """

    symbols = special_symbols.SPIN
    marks = 2

    def __init__(
        self,
        max_text_length: TextLength,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        lower: bool = True,
        text_direction: Optional[TextDirection] = None,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char, text_direction)
        self.lower = self.lower or lower


@OPERATORS.register()
class PRENLabelEncode(_Encode):
    """Padding (0), end (1) and unknown (2) come before the characters; no ``length``."""

    writes = ("label",)
    symbols = special_symbols.PREN
    keeps_unknown = True

    def encode(self, indices):
        return {"label": self.frame(indices, self.padding, end=self.end)}


@OPERATORS.register()
class MultiLabelEncode(BaseRecLabelEncode):
    """Labels of a CTC branch and of an attention branch for the same text.

    Args:
        gtc_encode: ``NRTRLabelEncode`` or another encoder by name, which sets ``label_gtc``; without it the attention
            branch is SAR's and its labels are ``label_sar``.

    Sets ``label_ctc``, ``label_sar`` or ``label_gtc``, ``length``, and ``img_path`` (None where the sample has none).
    """

    def __init__(
        self,
        max_text_length: TextLength,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        gtc_encode: Optional[Name] = None,
        text_direction: Optional[TextDirection] = None,
        model_type: Optional[str] = None,
    ):
        settings = {
            "max_text_length": max_text_length,
            "character_dict_path": character_dict_path,
            "use_space_char": use_space_char,
            "text_direction": text_direction,
        }
        self.ctc = OPERATORS.build({"name": "CTCLabelEncode", **settings}, model_type)
        self.gtc = OPERATORS.build({"name": gtc_encode or "SARLabelEncode", **settings}, model_type)
        self.gtc_key = "label_gtc" if gtc_encode else "label_sar"
        self.writes = ("label_ctc", self.gtc_key, "length", "img_path")

    @staticmethod
    def nested_components(arguments):
        """Yields the encoder of the attention branch."""
        settings = {key: value for key, value in arguments.items() if key not in ("gtc_encode", "model_type")}
        yield Nested(OPERATORS, ("gtc_encode",), {"name": arguments.get("gtc_encode") or "SARLabelEncode", **settings})

    def __call__(self, data):
        ctc = self.ctc.encode(self.ctc.indices(data))
        gtc = self.gtc.encode(self.gtc.indices({"label": data["label"], "facts": {}}))
        data.setdefault("img_path", None)
        data.update({"label_ctc": ctc["label"], self.gtc_key: gtc["label"], "length": ctc["length"]})
        return data
