"""Labels of text recognition: what every encoder shares, and CTC."""

from typing import Optional

import numpy as np

from ppocr.data.imaug.operator import Dropped, Operator, note, tell
from ppocr.registry import OPERATORS
from ppocr.text import special_symbols
from ppocr.text.ctc import steps_needed
from ppocr.text.dictionary import character_list
from ppocr.text.direction import TextDirection, Writing
from ppocr.values import TextLength


class BaseRecLabelEncode(Operator):
    """Turns a text into indices of a vocabulary of characters and special symbols.

    A subclass names its special symbols and says in ``encode`` how a label is framed by them.

    Args:
        max_text_length: longest text, in characters; an entry of the dictionary that has several counts as one.
        character_dict_path: dictionary file; without one the characters are 0-9 and a-z, and texts are lower-cased.
        use_space_char: adds the space to the characters of the dictionary.
        text_direction: ``rtl``: labels hold texts as they are read, also where they are written from right to left;
            ``ltr``: as they stand on the image, from left to right; null: ``rtl`` for a dictionary with letters that
            are written from right to left.

    Attributes:
        symbols: the special symbols.
        characters: entries of the dictionary.
        writing: how texts stand on images: :class:`ppocr.text.direction.Writing`.
        first: class of the first entry.
        index: class of each entry's form on images; where the dictionary has it several times, that of the last place.
        keeps_unknown: whether unknown characters become the unknown symbol; otherwise they are left out.
        start, end, padding: indices of these symbols; None where there is none.
        reserved: by how many characters the longest text is shorter than ``max_text_length``; None for no limit.
        unknown: index of the unknown symbol; None where unknown characters are left out.
        marks: by how many entries a finished label is longer than ``max_text_length``.
        size: entries of a finished label.
        lower: whether texts are lower-cased.
        vocabulary_size: characters and special symbols together.

    A sample is dropped if its text is longer than what fits (``too_long``) or has no known character
    (``unknown_characters``); single unknown characters are noted.  An empty text is a text like others in the samples
    of data sets, and dropped (``no_text``) where the operator is called with a plain sample, as the family does.

    What becomes a label is what the dictionary can write; the text as it stands is told as the fact ``text``.
    """

    reads = ("label",)
    writes = ("label", "length")
    symbols = special_symbols.Symbols()
    reserved: Optional[int] = 0
    keeps_unknown = False
    marks = 0

    def __init__(
        self,
        max_text_length: TextLength,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        text_direction: Optional[TextDirection] = None,
    ):
        characters = character_list(character_dict_path, use_space_char)
        self.max_text_length = max_text_length
        self.size = max_text_length + self.marks
        self.lower = character_dict_path is None
        self.characters = characters
        self.writing = Writing(characters, text_direction)
        self.first = len(self.symbols.before)
        self.index = {character: i for i, character in enumerate(self.writing.forms, self.first)}
        self.vocabulary_size = len(characters) + self.symbols.count
        symbols = self.symbols
        parts = (symbols.start, symbols.end, symbols.padding, symbols.unknown if self.keeps_unknown else None)
        self.start, self.end, self.padding, self.unknown = (symbols.index(name, len(characters)) for name in parts)

    def __call__(self, data):
        data.update(self.encode(self.indices(data)))
        return data

    def encode(self, indices: list) -> dict:
        """Returns the keys of the sample that follow from the indices of a text's known characters."""
        raise NotImplementedError

    def indices(self, data: dict) -> list:
        """Returns the indices of the characters of ``data["label"]``, from left to right on the image.

        Raises:
            Dropped: see the class.
        """
        text = data["label"].lower() if self.lower else data["label"]
        if not text and "facts" not in data:
            raise Dropped("no_text", "an empty text")
        tell(data, text=text)
        entries = self.writing.split(text)
        self.check_length(len(entries), text)
        found = [self.index.get(entry, self.unknown) for entry in entries]
        known = [i for i in found if i is not None]
        if len(known) < len(found) or self.unknown is not None and self.unknown in known:
            missing = "".join(sorted(set(entries) - self.index.keys()))
            if not known:
                raise Dropped("unknown_characters", f"none of {missing!r} is in the dictionary")
            note(data, "unknown_characters", missing)
        return known

    def check_length(self, length: int, text: str = ""):
        """Refuses a text that is longer than the model can write.

        Raises:
            Dropped: it is (``too_long``).
        """
        if self.reserved is not None and length > self.max_text_length - self.reserved:
            limit = self.max_text_length - self.reserved
            raise Dropped("too_long", f"{length} characters, more than {limit}: {text!r:.60}")

    def frame(self, indices: list, pad: int, start: Optional[int] = None, end: Optional[int] = None) -> np.ndarray:
        """Returns start symbol, indices, end symbol and padding: ``size`` numbers, ``int64``.

        Raises:
            Dropped: it does not fit (``too_long``).
        """
        framed = ([] if start is None else [start]) + indices + ([] if end is None else [end])
        if len(framed) > self.size:
            raise Dropped("too_long", f"{len(indices)} characters and their marks need more than {self.size} entries")
        label = np.full(self.size, pad, np.int64)
        label[: len(framed)] = framed
        return label


@OPERATORS.register()
class CTCLabelEncode(BaseRecLabelEncode):
    """Labels for CTC: 0 is the blank and the padding.

    Sets ``label`` (``max_text_length``), ``length``, and ``label_ace``: how often each index stands in ``label``.
    """

    writes = ("label", "length", "label_ace")
    symbols = special_symbols.CTC

    def indices(self, data):
        """See :class:`BaseRecLabelEncode`; tells how many time steps the text needs."""
        known = super().indices(data)
        tell(data, steps=steps_needed(known))
        return known

    def encode(self, indices):
        label = self.frame(indices, self.padding)
        counts = np.bincount(label, minlength=self.vocabulary_size)
        return {"label": label, "length": np.array(len(indices)), "label_ace": counts}
