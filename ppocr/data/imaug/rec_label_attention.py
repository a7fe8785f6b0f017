"""Labels of recognisers that write one symbol after the other, framed by start and end marks."""

from typing import Optional

import numpy as np

from ppocr.data.imaug.rec_label import BaseRecLabelEncode
from ppocr.registry import OPERATORS


class _Encode(BaseRecLabelEncode):
    """The constructor that most encoders have in common."""

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char)

    def framed(self, indices, pad, start=None, end=None):
        """Returns ``label`` and ``length``, the number of characters."""
        return {"label": self.frame(indices, pad, start, end), "length": np.array(len(indices))}


@OPERATORS.register()
class AttnLabelEncode(_Encode):
    """Start (0), characters, end (the last index); padded with 0."""

    symbols_before = 1
    symbols_after = 1

    def encode(self, indices):
        return self.framed(indices, pad=0, start=0, end=self.first_after)


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

    symbols_before = 4

    def encode(self, indices):
        return self.framed(indices, pad=0, start=2, end=3)


@OPERATORS.register()
class SARLabelEncode(_Encode):
    """Unknown, start-and-end and padding come after the characters, in this order."""

    symbols_after = 3

    def encode(self, indices):
        mark = self.first_after + 1
        return self.framed(indices, pad=mark + 1, start=mark, end=mark)


@OPERATORS.register()
class SATRNLabelEncode(BaseRecLabelEncode):
    """As ``SARLabelEncode``, but unknown characters become the unknown symbol and a long text is cut.

    Texts are only lower-cased where ``lower`` says so.  ``length`` counts the characters before the cut.
    """

    symbols_after = 3
    reserved = None

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        lower: bool = False,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char, lower)
        self.lower = lower
        self.unknown = self.first_after

    def encode(self, indices):
        mark = self.first_after + 1
        label = ([mark, *indices, mark] + [mark + 1] * self.size)[: self.size]
        return {"label": np.array(label), "length": np.array(len(indices))}


@OPERATORS.register()
class SRNLabelEncode(_Encode):
    """No start mark; the end symbol, the last index, is the padding too."""

    symbols_after = 2

    def encode(self, indices):
        return self.framed(indices, pad=self.first_after + 1)


@OPERATORS.register()
class SEEDLabelEncode(_Encode):
    """End, padding and unknown come after the characters; ``length`` counts the end mark."""

    symbols_after = 3

    def encode(self, indices):
        end = self.first_after
        return {"label": self.frame(indices, pad=end + 1, end=end), "length": len(indices) + 1}


@OPERATORS.register()
class ViTSTRLabelEncode(BaseRecLabelEncode):
    """Start and end (1) come before the characters; ``max_text_length + 2`` entries.

    Args:
        ignore_index: stands in the place of the start mark and of the padding.
    """

    symbols_before = 2
    reserved = 1

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        ignore_index: int = 0,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char)
        self.size = max_text_length + 2
        self.ignore_index = ignore_index

    def encode(self, indices):
        label = self.frame(indices, pad=self.ignore_index, start=self.ignore_index, end=1)
        return {"label": label, "length": np.array(len(indices))}


@OPERATORS.register()
class ABINetLabelEncode(BaseRecLabelEncode):
    """End (0) comes before the characters; no start mark; ``max_text_length + 1`` entries.

    Args:
        ignore_index: the padding.
    """

    symbols_before = 1
    reserved = 1

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        ignore_index: int = 100,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char)
        self.size = max_text_length + 1
        self.ignore_index = ignore_index

    def encode(self, indices):
        return {"label": self.frame(indices, pad=self.ignore_index, end=0), "length": np.array(len(indices))}


@OPERATORS.register()
class ParseQLabelEncode(_Encode):
    """End (0) comes before the characters, start and padding after them."""

    symbols_before = 1
    symbols_after = 2
    reserved = 3

    def encode(self, indices):
        start = self.first_after
        return self.framed(indices, pad=start + 1, start=start, end=0)


@OPERATORS.register()
class SPINLabelEncode(BaseRecLabelEncode):
    """Start (0, also the padding) and end (1) come before the characters; ``max_text_length + 2`` entries."""

    symbols_before = 2

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        lower: bool = True,
    ):
        super().__init__(max_text_length, character_dict_path, use_space_char, lower)
        self.size = max_text_length + 2

    def encode(self, indices):
        return {"label": self.frame(indices, pad=0, start=0, end=1), "length": np.array(len(indices))}


@OPERATORS.register()
class PRENLabelEncode(_Encode):
    """Padding (0), end (1) and unknown (2) come before the characters; no ``length``."""

    writes = ("label",)
    symbols_before = 3
    unknown = 2

    def encode(self, indices):
        return {"label": self.frame(indices, pad=0, end=1)}


@OPERATORS.register()
class MultiLabelEncode(BaseRecLabelEncode):
    """Labels of a CTC branch and of an attention branch for the same text.

    Args:
        gtc_encode: ``NRTRLabelEncode`` or another encoder by name, which sets ``label_gtc``; without it the attention
            branch is SAR's and its labels are ``label_sar``.

    Sets ``label_ctc``, ``label_sar`` or ``label_gtc``, ``length``, and ``img_path`` (None where the sample has none).
    """

    writes = ("label_ctc", "label_sar", "label_gtc", "length", "img_path")

    def __init__(
        self,
        max_text_length: int,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        gtc_encode: Optional[str] = None,
    ):
        settings = {
            "max_text_length": max_text_length,
            "character_dict_path": character_dict_path,
            "use_space_char": use_space_char,
        }
        self.ctc = OPERATORS.build({"name": "CTCLabelEncode", **settings})
        self.gtc = OPERATORS.build({"name": gtc_encode or "SARLabelEncode", **settings})
        self.gtc_key = "label_gtc" if gtc_encode else "label_sar"

    def __call__(self, data):
        ctc = self.ctc.encode(self.ctc.indices(data))
        gtc = self.gtc.encode(self.gtc.indices({"label": data["label"]}))
        data.setdefault("img_path", None)
        data.update({"label_ctc": ctc["label"], self.gtc_key: gtc["label"], "length": ctc["length"]})
        return data
