"""Labels of recognisers of handwritten formulas whose symbols stand between blanks."""

from typing import Optional

from ppocr.data.imaug.operator import Operator, note
from ppocr.errors import Dropped
from ppocr.registry import OPERATORS
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
    dropped (``unknown_characters``).
    """

    reads = ("label",)
    writes = ("label",)

    def __init__(self, character_dict_path: Optional[str] = None, use_space_char: bool = False, lower: bool = False):
        symbols = character_list(character_dict_path, use_space_char)
        self.index = {symbol: i for i, symbol in enumerate(symbols)}
        self.lower = lower

    def __call__(self, data):
        symbols = (data["label"].lower() if self.lower else data["label"]).split()
        known = [self.index[symbol] for symbol in symbols if symbol in self.index]
        if len(known) < len(symbols):
            missing = " ".join(sorted(set(symbols) - self.index.keys()))
            if not known:
                raise Dropped("unknown_characters", f"none of {missing!r} is in the dictionary")
            note(data, "unknown_characters", missing)
        data["label"] = [*known, 0]
        return data
