"""Labels of text recognition: what every encoder shares, and CTC."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ppocr.data.imaug.operator import Operator, note, tell
from ppocr.errors import Dropped
from ppocr.formats.labels import TextLabels
from ppocr.registry import OPERATORS
from ppocr.text.codec import Codec, DictionaryKeys
from ppocr.text.codecs import CtcCodec
from ppocr.values import TextLength
from ppocr.wording import counted


@dataclass(eq=False, repr=False)
class TextOperator(Operator):
    """An operator that reads the text of a line.

    Args:
        max_text_length: longest text, in characters; an entry of the dictionary that has several counts as one.
    """

    reads = ("label",)

    max_text_length: TextLength


@dataclass(eq=False, repr=False)
class BaseRecLabelEncode(DictionaryKeys, TextOperator):  # the keys of the base that stands last come first
    """Turns a text into a label: the classes of its characters, with the marks of a family of recognisers.

    Args:
        character_dict_path: dictionary file; without one the characters are 0-9 and a-z, and texts are lower-cased.

    Attributes:
        family: the class of the codec.
        codec: what makes classes of characters: :class:`ppocr.text.codec.Codec`.
        reserved: by how many characters the longest text is shorter than ``max_text_length``; None for no limit.
        marks: by how many entries a finished label is longer than ``max_text_length``.
        lowers: whether texts are lower-cased.

    A sample is dropped if its text is longer than what fits (``too_long``) or has no known character
    (``unknown_characters``); single unknown characters are noted.  An empty text is a text like others in the samples
    of data sets, and dropped (``no_text``) where the operator is called with a plain sample, as PaddleOCR does.

    What becomes a label is what the dictionary can write; the text as it stands is told as the fact ``text``.
    """

    writes = ("label", "length")
    family = Codec
    reserved = 0
    marks = 0

    def __post_init__(self):
        self.codec = self.build_codec(self.family)
        self.lowers = self.character_dict_path is None

    def labels(self):
        """See :class:`ppocr.data.imaug.operator.Operator`."""
        return TextLabels(
            characters=frozenset(self.codec.index),
            writing=self.codec.writing,
            lower=self.lowers,
            longest=self.longest,
            ctc=isinstance(self.codec, CtcCodec),
        )

    @property
    def size(self) -> int:
        """Entries of a finished label."""
        return self.max_text_length + self.marks

    @property
    def longest(self) -> Optional[int]:
        """The most characters that a label has room for; None for any number."""
        if self.reserved is None:
            return None
        return max(0, min(self.max_text_length - self.reserved, self.size - len(self.codec.marked([]))))

    def __call__(self, data):
        data.update(self.fields(self.indices(data)))
        return data

    def fields(self, indices: list) -> dict:
        """Returns the keys of the sample that follow from the classes of a text's known characters.

        Raises:
            Dropped: see the class.
        """
        return {"label": self.label(indices), "length": np.array(len(indices))}

    def indices(self, data: dict) -> list:
        """Returns the classes of the characters of ``data["label"]``, from left to right on the image.

        Raises:
            Dropped: see the class.
        """
        text = data["label"].lower() if self.lowers else data["label"]
        if not text and "facts" not in data:
            raise Dropped("no_text", "an empty text")
        known, length, missing = self.codec.encode(text)
        tell(data, text=text, steps=self.codec.steps_needed(known))
        if self.reserved is not None and length > self.max_text_length - self.reserved:
            limit = self.max_text_length - self.reserved
            raise Dropped("too_long", f"{counted(length, 'character')}, more than {limit}: {text!r:.60}")
        note_missing(data, "".join(missing), known)
        return known

    def label(self, indices: list) -> np.ndarray:
        """Returns classes with their marks and padding: ``size`` numbers, ``int64``.

        Raises:
            Dropped: they do not fit (``too_long``).
        """
        label = self.codec.label(indices, self.size)
        if label is None:
            raise Dropped("too_long", f"{len(indices)} characters and their marks need more than {self.size} entries")
        return label


def note_missing(data: dict, missing: str, known: list) -> None:
    """Notes what of a text the dictionary lacks, if anything.

    Raises:
        Dropped: nothing of the text is known (``unknown_characters``).
    """
    if missing and not known:
        raise Dropped("unknown_characters", f"none of {missing!r} is in the dictionary")
    if missing:
        note(data, "unknown_characters", missing)


@OPERATORS.register()
class CTCLabelEncode(BaseRecLabelEncode):
    """Labels for CTC: 0 is the blank and the padding.

    Sets ``label`` (``max_text_length``), ``length``, and ``label_ace``: how often each index stands in ``label``.
    """

    writes = ("label", "length", "label_ace")
    family = CtcCodec

    def fields(self, indices):
        """See :class:`BaseRecLabelEncode`."""
        fields = super().fields(indices)
        return {**fields, "label_ace": np.bincount(fields["label"], minlength=self.codec.label_classes)}
