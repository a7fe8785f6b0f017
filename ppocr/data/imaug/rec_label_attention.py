"""Labels of recognisers that write one symbol after the other, framed by start and end marks."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ppocr.data.imaug.rec_label import BaseRecLabelEncode, CTCLabelEncode
from ppocr.registry import OPERATORS, Nested
from ppocr.text import codecs
from ppocr.text.codec import values_of_keys
from ppocr.values import Index, Name


@OPERATORS.register()
class AttnLabelEncode(BaseRecLabelEncode):
    """Start (0), characters, end (the last index); padded with 0."""

    family = codecs.AttnCodec


@OPERATORS.register()
class RFLLabelEncode(AttnLabelEncode):
    """As ``AttnLabelEncode``, with ``cnt_label``: how often each index stands in the text (``float64``)."""

    writes = ("label", "length", "cnt_label")

    def fields(self, indices):
        """See :class:`BaseRecLabelEncode`."""
        counts = np.bincount(indices, minlength=self.codec.label_classes).astype(np.float64)
        return {**super().fields(indices), "cnt_label": counts}


@OPERATORS.register()
class NRTRLabelEncode(BaseRecLabelEncode):
    """Padding (0), unknown (1), start (2) and end (3) come before the characters."""

    family = codecs.NrtrCodec


@OPERATORS.register()
class SARLabelEncode(BaseRecLabelEncode):
    """Unknown, start-and-end and padding come after the characters, in this order."""

    family = codecs.SarCodec


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class SATRNLabelEncode(BaseRecLabelEncode):
    """As ``SARLabelEncode``, but unknown characters become the unknown symbol and a long text is cut.

    ``length`` counts the characters before the cut.

    Args:
        lower: lower-case every text; otherwise none, whatever the dictionary.
    """

    family = codecs.SatrnCodec
    reserved = None

    lower: bool = False

    def __post_init__(self):
        super().__post_init__()
        self.lowers = self.lower


@OPERATORS.register()
class SRNLabelEncode(BaseRecLabelEncode):
    """No start mark; the end symbol, the last index, is the padding too."""

    family = codecs.SrnCodec


@OPERATORS.register()
class SEEDLabelEncode(BaseRecLabelEncode):
    """End, padding and unknown come after the characters; ``length`` counts the end mark."""

    family = codecs.SeedCodec

    def fields(self, indices):
        """See :class:`BaseRecLabelEncode`."""
        return {**super().fields(indices), "length": len(indices) + 1}


@dataclass(eq=False, repr=False)
class PaddedLabelEncode(BaseRecLabelEncode):
    """An encoder whose padding is a key.

    Args:
        ignore_index: the padding.
    """

    ignore_index: Index = 100

    def build_codec(self, family):
        """See :class:`ppocr.text.codec.DictionaryKeys`."""
        return super().build_codec(family, ignore_index=self.ignore_index)


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class ViTSTRLabelEncode(PaddedLabelEncode):
    """Start and end (1) come before the characters; ``max_text_length + 2`` entries.

    Args:
        ignore_index: stands in the place of the start mark and of the padding.
    """

    family = codecs.VitstrCodec
    reserved = 1
    marks = 2

    ignore_index: Index = 0


@OPERATORS.register()
class ABINetLabelEncode(PaddedLabelEncode):
    """End (0) comes before the characters; no start mark; ``max_text_length + 1`` entries."""

    family = codecs.AbinetCodec
    reserved = 1
    marks = 1


@OPERATORS.register()
class ParseQLabelEncode(BaseRecLabelEncode):
    """End (0) comes before the characters, start and padding after them."""

    family = codecs.ParseqCodec
    reserved = 3


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class SPINLabelEncode(BaseRecLabelEncode):
    """Start (0, also the padding) and end (1) come before the characters; ``max_text_length + 2`` entries.

    Args:
        lower: lower-case every text.
    """

    family = codecs.SpinCodec
    marks = 2

    lower: bool = True

    def __post_init__(self):
        super().__post_init__()
        self.lowers = self.lowers or self.lower


@OPERATORS.register()
class PRENLabelEncode(BaseRecLabelEncode):
    """Padding (0), end (1) and unknown (2) come before the characters; no ``length``."""

    writes = ("label",)
    family = codecs.PrenCodec

    def fields(self, indices):
        """See :class:`BaseRecLabelEncode`."""
        return {"label": self.label(indices)}


@OPERATORS.register()
@dataclass(eq=False, repr=False)
class MultiLabelEncode(CTCLabelEncode):
    """Labels of a CTC branch and of an attention branch for the same text.

    Args:
        gtc_encode: ``NRTRLabelEncode`` or another encoder by name, which sets ``label_gtc``; without it the attention
            branch is SAR's and its labels are ``label_sar``.

    Sets ``label_ctc``, ``label_sar`` or ``label_gtc``, ``length``, and ``img_path`` (None where the sample has none).
    """

    gtc_encode: Optional[Name] = None
    model_type: Optional[str] = None

    def __post_init__(self):
        settings = values_of_keys(BaseRecLabelEncode, self)
        self.gtc = OPERATORS.build({"name": self.gtc_encode or "SARLabelEncode", **settings}, self.model_type)
        super().__post_init__()
        self.gtc_key = "label_gtc" if self.gtc_encode else "label_sar"
        self.writes = ("label_ctc", self.gtc_key, "length", "img_path")

    @property
    def longest(self):
        """See :class:`BaseRecLabelEncode`; a text has to fit both branches."""
        return min((one for one in (super().longest, self.gtc.longest) if one is not None), default=None)

    def build_codec(self, family):
        """Returns a codec with the dictionary that the encoder of the attention branch has read."""
        return self.gtc.codec.sibling(family)

    @staticmethod
    def nested_components(arguments):
        """Yields the encoder of the attention branch."""
        settings = {key: value for key, value in arguments.items() if key not in ("gtc_encode", "model_type")}
        yield Nested(OPERATORS, ("gtc_encode",), {"name": arguments.get("gtc_encode") or "SARLabelEncode", **settings})

    def __call__(self, data):
        ctc = self.fields(self.indices(data))
        gtc = self.gtc.fields(self.gtc.indices({"label": data["label"], "facts": {}}))
        data.setdefault("img_path", None)
        data.update({"label_ctc": ctc["label"], self.gtc_key: gtc["label"], "length": ctc["length"]})
        return data
