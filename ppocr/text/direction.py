"""The direction of scripts: texts as they are read, and as they stand on an image from left to right.

Labels and results hold a text in the order in which it is read and typed (logical order).  Recognisers write what
stands on an image from left to right (visual order).  For Arabic, Hebrew and other scripts that are written from right
to left the two differ, by Unicode's bidirectional algorithm (https://www.unicode.org/reports/tr9/): numbers and Latin
words keep their order, brackets are mirrored.
"""

import re
import unicodedata
from typing import Literal, Optional

from bidi import get_display
from bidi.mirror import MIRRORED

from ppocr.text.entries import Splitter

TextDirection = Literal["ltr", "rtl"]
LEAST_LETTERS = 4  # of a right-to-left script; fewer are symbols among others, like the aleph of mathematics
_LETTERS = ("R", "AL")  # bidirectional classes
_MIRROR = str.maketrans(MIRRORED)
_PARAGRAPH = re.compile("[^\n\r\x1c-\x1e\x85\u2029]+")
# The algorithm ignores the mark, which is put behind each bracket and so tells in which direction it stands.
_MARK = "\U000e0001"
_BRACKET = re.compile(f"[{re.escape(''.join(MIRRORED))}]")
_MARKED = re.compile(f"{_MARK}({_BRACKET.pattern})|({_BRACKET.pattern}){_MARK}")
_END = "\u05d0"  # a letter behind the text, as if the line went on: marks at its end stay where they are


def right_to_left_letters(characters) -> set:
    """Returns those of some characters that are letters of a script that is written from right to left."""
    return {c for text in characters for c in text if unicodedata.bidirectional(c) in _LETTERS}


def to_visual(text: str) -> str:
    """Returns a text as it stands on an image from left to right, in a line that runs from right to left.

    A text without a letter of such a script stays as it is.
    """
    if text.isascii() or not right_to_left_letters(text):
        return text
    return _PARAGRAPH.sub(_shown, text)


def to_logical(text: str) -> str:
    """Returns the text that stands on an image as ``text``: ``to_visual(to_logical(text)) == text``.

    Where several texts look the same (a number beside a Latin word) it is the one in which the two keep the order that
    they have on the image.
    """
    candidates = (to_visual(text), _mirrored(to_visual(_mirrored(text))))
    return next((found for found in candidates if to_visual(found) == text), candidates[0])


def _shown(paragraph):
    marked = _BRACKET.sub(rf"\g<0>{_MARK}", paragraph[0])
    shown = get_display(f"{marked}{_END}", base_dir="R")[1:]
    return _MARKED.sub(lambda found: MIRRORED[found[1]] if found[1] else found[2], shown)


def _mirrored(text):
    return text[::-1].translate(_MIRROR)


class Writing:
    """How the texts of a dictionary stand on images.

    Args:
        entries: of the dictionary.
        text_direction: ``rtl``: labels and results hold texts as they are read; ``ltr``: as they stand on the image,
            from left to right.  The two differ for texts with letters of a right-to-left script.  None is ``rtl`` for
            a dictionary with several such letters.

    Attributes:
        text_direction: ``rtl`` or ``ltr``; None for a dictionary without such letters, where nothing differs.
        forms: the entries as they stand on images, in the order of the dictionary.
    """

    def __init__(self, entries, text_direction: Optional[TextDirection] = None):
        letters = len(right_to_left_letters(entries))
        by_letters = "rtl" if letters >= LEAST_LETTERS else "ltr"
        self.text_direction = (text_direction or by_letters) if letters else None
        self.forms = [self.written(entry) if len(entry) > 1 else entry for entry in entries]
        self._split = Splitter(self.forms)

    def split(self, text: str) -> list:
        """Returns the parts of a text from left to right: the longest forms that fit, and other characters."""
        return self._split(self.written(text))

    def written(self, text: str) -> str:
        """Returns a text as it stands on an image, from left to right."""
        return to_visual(text) if self.text_direction == "rtl" else text

    def read(self, text: str) -> str:
        """Returns what stands on an image from left to right as it is read; see :func:`to_logical`."""
        return to_logical(text) if self.text_direction == "rtl" else text
