"""Text to classes and back: what the codecs of all families of recognisers share; see :mod:`ppocr.text.codecs`."""

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np

from ppocr.text.dictionary import character_list
from ppocr.text.direction import TextDirection, Writing


@dataclass(frozen=True)
class Symbols:
    """The special symbols of one codec, in the order of their classes.

    Attributes:
        before, after: names of the symbols before and after the characters.
        start, end, padding, unknown: names of the symbols in these roles; None where there is none.
    """

    before: tuple = ()
    after: tuple = ()
    start: Optional[str] = None
    end: Optional[str] = None
    padding: Optional[str] = None
    unknown: Optional[str] = None

    @property
    def names(self) -> tuple:
        """The names of all symbols, in the order of their classes."""
        return (*self.before, *self.after)

    def around(self, characters) -> list:
        """Returns the characters of a dictionary between the special symbols."""
        return [*self.before, *characters, *self.after]

    def stand_around(self, vocabulary) -> bool:
        """Tells whether a vocabulary begins and ends with these symbols."""
        inner = vocabulary[len(self.before) : len(vocabulary) - len(self.after)]
        return self.around(inner) == list(vocabulary)

    def index(self, name: Optional[str], characters: int) -> Optional[int]:
        """Returns the class of a symbol with a dictionary of so many characters; None for None."""
        if name is None:
            return None
        if name in self.before:
            return self.before.index(name)
        return len(self.before) + characters + self.after.index(name)


class Encoded(NamedTuple):
    """What a dictionary makes of a text.

    Attributes:
        classes: of the characters that can be written, from left to right on the image.
        length: number of the text's characters; an entry of the dictionary that has several counts as one.
        missing: the characters that the dictionary lacks, sorted.
    """

    classes: list
    length: int
    missing: list


class Codec:
    """Texts as classes, by the dictionary of one model.

    This class has no special symbols; each family of recognisers adds its own.

    Args:
        characters: entries of the dictionary.
        text_direction: see :class:`ppocr.text.direction.Writing`.

    Attributes:
        symbols: special symbols of the family.
        keeps_unknown: whether unknown characters become the unknown symbol; otherwise they are left out of a label.
        shows_unknown: whether the unknown symbol stands in a text that is read; otherwise it is left out.
        more_outputs: by how many the classes that a model gives may exceed those that labels have.
        between: what stands in a text between the parts that are one class each.
        writing: how texts stand on images: :class:`ppocr.text.direction.Writing`.
        first: class of the first entry.
        index: class of each entry's form on images; where the dictionary has it several times, that of the last place.
        start, end, padding, unknown: classes of these symbols; None where there is none.
    """

    symbols = Symbols()
    keeps_unknown = False
    shows_unknown = True
    more_outputs = (0,)
    between = ""

    def __init__(self, characters, text_direction: Optional[TextDirection] = None):
        self.characters = list(characters)
        self.writing = Writing(self.characters, text_direction)
        self.first = len(self.symbols.before)
        self.index = {form: place for place, form in enumerate(self.writing.forms, self.first)}
        self.start, self.end = map(self._class_of, (self.symbols.start, self.symbols.end))
        self.padding, self.unknown = map(self._class_of, (self.symbols.padding, self.symbols.unknown))
        self._table = _objects(self.symbols.around(self.writing.forms))
        # the last entry is for classes beyond the vocabulary
        self._shown = np.ones(len(self._table) + 1, dtype=bool)
        shown = (self.symbols.unknown,) if self.shows_unknown else ()
        self._shown[[self._class_of(name) for name in self.symbols.names if name not in shown]] = False
        self._shown[-1] = False

    def _class_of(self, symbol):
        return self.symbols.index(symbol, len(self.characters))

    def sibling(self, family):
        """Returns the codec of another family with the same dictionary."""
        return family(self.characters, self.writing.text_direction)

    # ------------------------------------------------------------------------------------------ numbers
    @property
    def vocabulary(self) -> list:
        """What the classes of a head mean, special symbols included; checkpoints keep it."""
        return self.symbols.around(self.characters)

    @property
    def num_classes(self) -> int:
        """Number of classes that a head is built for, its ``out_channels``."""
        return len(self.vocabulary)

    @property
    def label_classes(self) -> int:
        """Number of classes that labels may have."""
        return len(self._table)

    @property
    def outputs(self) -> list:
        """The numbers of classes that a model may give; those beyond ``label_classes`` mean nothing."""
        return [self.label_classes + more for more in self.more_outputs]

    # ------------------------------------------------------------------------------------------ encoding
    def encode(self, text: str) -> Encoded:
        """Returns the classes of a text's characters, without marks: :class:`Encoded`."""
        entries = self.split(text)
        unknown = self.unknown if self.keeps_unknown else None
        found = [self.index.get(entry, unknown) for entry in entries]
        missing = sorted({entry for entry in entries if entry not in self.index})
        return Encoded([place for place in found if place is not None], len(entries), missing)

    def split(self, text: str) -> list:
        """Returns the parts of a text that are one class each, from left to right on the image."""
        return self.writing.split(text)

    def marked(self, classes: list) -> list:
        """Returns classes between start and end mark, if the codec has them; a padding that ends a text is no mark."""
        end = None if self.symbols.end == self.symbols.padding else self.end
        return [mark for mark in (self.start, *classes, end) if mark is not None]

    def steps_needed(self, symbols) -> int:
        """Returns the fewest time steps in which a text can be learnt; 0 where texts are not aligned with steps."""
        return 0

    def label(self, classes: list, size: int) -> Optional[np.ndarray]:
        """Returns a label of ``size`` entries (``int64``): marks, classes and padding; None where it does not fit."""
        marked = self.marked(classes)
        return self._padded(marked, size) if len(marked) <= size else None

    def _padded(self, marked, size):
        label = np.full(size, self.padding, np.int64)
        label[: len(marked)] = marked
        return label

    # ------------------------------------------------------------------------------------------ decoding
    def decode(self, ids, scores) -> list:
        """Returns (text, confidence) for each row of what a model gives.

        Args:
            ids: int (batch, places), the best classes.
            scores: float (batch, places), their probabilities; the confidence is their mean over the characters.
        """
        kept = self.kept(ids)
        return list(zip(self.texts(ids, kept), mean_confidence(scores, kept)))

    def decode_labels(self, ids) -> list:
        """Returns (text, 1.0) for each row of labels, int (batch, length)."""
        return [(text, 1.0) for text in self.texts(ids, self.kept_of_labels(ids))]

    def kept(self, ids):
        """Returns which places (batch, places) of what a model gives are characters of the text: those up to the end.

        Special symbols are none, but the unknown one is, with ``shows_unknown``.
        """
        return before_end(ids == self.end) & self._shows(ids)

    def kept_of_labels(self, ids):
        """Returns the same of labels; a start mark in front is no end mark."""
        is_end = ids == self.end
        is_end[:, 0] &= ids[:, 0] != self.start
        return before_end(is_end) & self._shows(ids)

    def texts(self, ids, kept) -> list:
        """Returns the text of each row: its kept characters, in the order in which they are read."""
        ends = np.cumsum(kept.sum(axis=1)).tolist()
        characters = self.forms(ids[kept])
        return [self.writing.read(self.between.join(characters[start:end])) for start, end in zip([0, *ends], ends)]

    def forms(self, ids) -> list:
        """Returns the characters of classes, as they stand on the image."""
        return self._table[ids].tolist()

    def _shows(self, ids):
        return self._shown[np.minimum(ids, len(self._table))]


def before_end(is_end):
    """Returns which places (batch, places) stand before the first end mark of their row."""
    return ~np.logical_or.accumulate(is_end, axis=1)


def mean_confidence(probabilities, kept) -> list:
    """Returns the mean probability of the kept places of each row as floats; 0.0 where none is kept.

    Args:
        probabilities: float array (batch, places).
        kept: bool array (batch, places).
    """
    total = np.where(kept, probabilities, 0).sum(axis=1, dtype=np.float64)
    return (total / np.maximum(kept.sum(axis=1), 1)).tolist()


def _objects(values) -> np.ndarray:
    """Returns an array that can be indexed with an array of classes."""
    table = np.empty(len(values), dtype=object)
    table[:] = values
    return table


def codec_of(post_process) -> Optional[Codec]:
    """Returns the codec of a post-processing; None where it decodes no texts.

    One that only has the ``character`` of its classes may be a user's own class: these have no special symbols.
    """
    codec, characters = (getattr(post_process, name, None) for name in ("codec", "character"))
    return Codec(map(str, characters)) if codec is None and characters is not None else codec


@dataclass(eq=False, repr=False)
class DictionaryKeys:
    """The keys of whatever reads or writes texts with a dictionary.

    Args:
        character_dict_path: dictionary file; null means digits and lower-case letters.
        use_space_char: appends the space to the dictionary.
        text_direction: ``rtl``: texts as they are read, also where they are written from right to left; ``ltr``: as
            they stand on the image, from left to right; null: ``rtl`` for a dictionary with letters that are written
            from right to left.
    """

    character_dict_path: Optional[str] = None
    use_space_char: bool = False
    text_direction: Optional[TextDirection] = None

    def build_codec(self, family, **more) -> Codec:
        """Reads the dictionary.

        Args:
            family: the class of the codec.
            **more: what its constructor takes besides characters and direction.

        Raises:
            DataError: the dictionary cannot be used.
        """
        characters = character_list(self.character_dict_path, self.use_space_char)
        return family(characters, self.text_direction, **more)


def values_of_keys(kind, values) -> dict:
    """Returns the values of those keys of ``values`` (a dataclass) that another dataclass has too."""
    return {field.name: getattr(values, field.name) for field in dataclasses.fields(kind)}
