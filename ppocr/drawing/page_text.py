"""Texts in scripts that a browser may have no font for: as text, with a drawing of them in reserve.

The page's script looks which characters the browser lacks, and shows the drawings of texts with these.
"""

import base64
import io
import unicodedata

import cv2
import numpy as np
from PIL import Image

from ppocr.drawing.html import foreign, tag
from ppocr.drawing.text import TextRenderer

_HEIGHT = 26  # pixels
_LONGEST = 60  # characters of a text that are drawn
_COMMON_UNTIL = 0x0590  # Latin, Greek, Cyrillic and Armenian, which every system has
_SYMBOLS = range(0x1E00, 0x2E80)  # more Latin and Greek, punctuation, arrows, shapes


def may_lack(text: str) -> str:
    """Returns the characters of a text, each once, that a browser may have no font for."""
    rare = (c for c in text if ord(c) >= _COMMON_UNTIL and ord(c) not in _SYMBOLS and not unicodedata.combining(c))
    return "".join(dict.fromkeys(rare))


def gap(text: str):
    """Returns an element that is empty and as wide as a text."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return tag("span", class_="gap", style=f"--n:{len(text) - wide};--w:{wide}")


class DrawnTexts:
    """Makes elements of texts.

    Args:
        spend: ``spend(length)`` takes room on the page for a drawing and tells whether there is enough.
    """

    def __init__(self, spend):
        self._spend, self._lettering = spend, TextRenderer()

    def element(self, text, content=None):
        """Returns a text as an element, with a drawing in reserve where that may be wanted.

        Args:
            text: what is drawn.
            content: the element that shows it as text; by default :func:`ppocr.drawing.html.foreign`.
        """
        content = foreign(text) if content is None else content
        rare = may_lack(text[:_LONGEST])
        if not rare or not self._lettering.can_draw(rare):
            return content
        address = _address(self._lettering.draw(text[:_LONGEST]))
        if not self._spend(len(address)):
            return content
        drawing = tag("img", src=address, alt=text, height=_HEIGHT, class_="drawn", hidden=True)
        return tag("span", content, drawing, class_="glyphs", data_needs=rare)


def _address(coverage):
    """A drawing, black on nothing, as an address that holds it."""
    width = max(round(coverage.shape[1] * _HEIGHT / coverage.shape[0]), 1)
    alpha = cv2.resize(coverage, (width, _HEIGHT), interpolation=cv2.INTER_AREA) & 0xF0  # 16 levels take half the room
    file = io.BytesIO()
    Image.merge("LA", [Image.fromarray(np.zeros_like(alpha)), Image.fromarray(alpha)]).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
