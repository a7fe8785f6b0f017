"""Labels of recognisers of handwritten formulas whose symbols stand between blanks."""

from typing import Optional

from ppocr.data.imaug.operator import Operator, tell
from ppocr.data.imaug.rec_label import note_missing
from ppocr.formats.labels import SymbolLabels
from ppocr.registry import OPERATORS
from ppocr.text.codecs import CanCodec
from ppocr.text.dictionary import character_list


@OPERATORS.register()
class CANLabelEncode(Operator):
    """Gives the indices of a formula's symbols, and 0 for its end.

    Li et al., When Counting Meets HMER: Counting-Aware Network for Handwritten Mathematical Expression
    Recognition, 2022.

    Args:
        character_dict_path: dictionary with one symbol a line, the end mark first.
        use_space_char: adds the space to the symbols.
        lower: lower-case every label.

    ``label`` becomes a list of whole numbers.  Unknown symbols are left out and noted; a sample with none but these is
    dropped (``unknown_characters``).  The formula as it stands is told as the fact ``text``.
    """

    reads = ("label",)
    writes = ("label",)

    def __init__(self, character_dict_path: Optional[str] = None, use_space_char: bool = False, lower: bool = False):
        self.codec = CanCodec(character_list(character_dict_path, use_space_char), "ltr")
        self.lower = lower

    def labels(self):
        """See :class:`ppocr.data.imaug.operator.Operator`."""
        return SymbolLabels(frozenset(self.codec.index), self.lower)

    def __call__(self, data):
        text = data["label"].lower() if self.lower else data["label"]
        known, _, missing = self.codec.encode(text)
        tell(data, text=text)
        note_missing(data, " ".join(missing), known)
        data["label"] = self.codec.marked(known)
        return data
