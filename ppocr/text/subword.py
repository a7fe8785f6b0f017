"""Texts as sub-words of a tokenizer, the published file ``tokenizer.json``.

Source: Neural Machine Translation of Rare Words with Subword Units (https://arxiv.org/abs/1508.07909).
"""

import functools
import os

import numpy as np

from ppocr.errors import DataError
from ppocr.shipped_configs import find_config
from ppocr.text.codec import Encoded

START, PADDING, END = 0, 1, 2  # classes of the marks in the tokenizers of the mBART family
FILE = "tokenizer.json"
_MOST = 1_000_000  # classes


class BpeCodec:
    """Texts as sub-words; the marks are classes of the tokenizer itself.

    Args:
        path: ``tokenizer.json``, or the folder in which it lies; or one that comes with the configurations, by their
            rule (:func:`ppocr.shipped_configs.find_config`).

    Attributes:
        path: of the file.
        characters: the sub-words in the order of their classes.
        start, padding, end: classes of the marks.
        writing: None: sub-words have no direction.

    Raises:
        DataError: the file cannot be read.
    """

    start, padding, end = START, PADDING, END
    writing = None

    def __init__(self, path: str):
        self.path = os.path.join(path, FILE) if os.path.isdir(path) else str(find_config(path))
        self._tokenizer = _load(self.path)
        self._written = {}  # of the characters that were met, whether sub-words hold them
        unknown = getattr(self._tokenizer.model, "unk_token", None)
        self._unknown = None if unknown is None else self._tokenizer.token_to_id(unknown)
        entries = self._tokenizer.get_vocab(with_added_tokens=True)
        last = max(entries.values(), default=END)
        if last >= _MOST:
            raise DataError(f"{self.path}: a class has the number {last}; a tokenizer has {_MOST} at most")
        self.characters = [f"<unused{place}>" for place in range(last + 1)]
        for entry, place in entries.items():
            self.characters[place] = entry

    @property
    def vocabulary(self) -> list:
        """What the classes of a head mean; checkpoints keep it."""
        return self.characters

    @property
    def num_classes(self) -> int:
        """Number of classes that a head is built for."""
        return len(self.characters)

    def encode(self, text: str) -> Encoded:
        """Returns the classes of a text's sub-words, without marks; what no sub-word writes, but blanks, is missing."""
        classes = self._tokenizer.encode(text, add_special_tokens=False).ids
        doubtful = {one for one in text if not self._writes(one)}
        if doubtful:  # sub-words of several characters, like a command of LaTeX, may hold them all the same
            written = self._tokenizer.decode(classes, skip_special_tokens=True)
            doubtful = {one for one in doubtful if written.count(one) < text.count(one)}
        return Encoded(classes, len(classes), sorted(doubtful))

    def __reduce__(self):
        return codec_in, (type(self), self.path)  # a process reads its file once

    def _writes(self, character):
        """Tells whether sub-words hold a character that stands alone."""
        if character not in self._written:
            classes = self._tokenizer.encode(character, add_special_tokens=False).ids
            self._written[character] = character.isspace() or (bool(classes) and self._unknown not in classes)
        return self._written[character]

    def marked(self, classes: list) -> list:
        """Returns classes between start and end."""
        return [self.start, *classes, self.end]

    def decode(self, ids) -> list:
        """Returns the text of each row up to its end, without marks.

        Args:
            ids: int (batch, places), what a model gives or labels.
        """
        rows = [row[: _before(row[1:], self.end) + 1] for row in np.asarray(ids)]
        return self._tokenizer.decode_batch([row.tolist() for row in rows], skip_special_tokens=True)


class LatexOcrCodec(BpeCodec):
    """Sub-words of LaTeX-OCR, whose marks are ``[PAD]``, ``[BOS]`` and ``[EOS]``."""

    padding, start, end = 0, 1, 2


@functools.lru_cache(maxsize=4)
def codec_in(kind, path):
    """Returns a codec of a class and a file, the same one as long as few are asked for."""
    return kind(path)


def _before(row, mark):
    """Returns how many entries of a row stand before the first ``mark``."""
    found = np.flatnonzero(row == mark)
    return int(found[0]) if len(found) else len(row)


def _load(path):
    if not os.path.isfile(path):
        raise DataError(f"{path}: no such tokenizer; rec_char_dict_path names the published {FILE} or its folder")
    from tokenizers import Tokenizer  # it takes a while to import, and few models have sub-words

    try:
        tokenizer = Tokenizer.from_file(path)
    except Exception as error:  # noqa: BLE001  (the library raises nothing more special)
        raise DataError(f"{path}: no tokenizer.json of the library tokenizers ({error})") from None
    tokenizer.no_truncation()  # a label is never cut, whatever the file asks for
    tokenizer.no_padding()
    return tokenizer
