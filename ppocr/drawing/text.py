"""TextRenderer for images of results, in whatever script the fonts at hand have."""

import itertools
import logging
import math
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

from ppocr.drawing.fonts import EM, load_font, missing_characters
from ppocr.text.direction import to_visual

HEIGHT, _BASELINE = 56, 44  # pixels of a drawn line
_DEFAULT_FONT = "DejaVuSans.ttf"
logger = logging.getLogger("ppocr")


class TextRenderer:
    """Draws text; a character that no font has comes out as a box, which is said once.

    Args:
        font: font file; by default DejaVu Sans, and behind it the Unicode font that OpenCV 5 brings along.

    Raises:
        DataError: the file is no font.
    """

    def __init__(self, font=None):
        self._faces = [_FontFile(font or _DEFAULT_FONT)]
        if font is None and _has_unicode_font():
            self._faces.append(_UnicodeFont())
        self._said = set()

    def draw(self, text: str) -> np.ndarray:
        """Returns the coverage of a text on one line, uint8 (56, width), with a letter's space above and below."""
        text = "".join(c if c.isprintable() else " " for c in text)
        runs = [face.draw("".join(run)) for face, run in itertools.groupby(text, self._face_for)]
        self._say_missing(text)
        return np.hstack([*runs, np.zeros((HEIGHT, 1), np.uint8)])

    def can_draw(self, text: str) -> bool:
        """Tells whether there is a font for each character of a text."""
        return not any(self._face_for(character).lacks(character) for character in text)

    def _face_for(self, character):
        return next((face for face in self._faces if not face.lacks(character)), self._faces[0])

    def _say_missing(self, text):
        missing = {c for c in text if self._face_for(c).lacks(c)} - self._said
        if missing:
            logger.warning("no font here has %s; tools that take --font can be given one", " ".join(sorted(missing)))
            self._said |= missing


class _FontFile:
    """A font that Pillow draws; with its text layout, where this Pillow has it, also scripts whose letters join."""

    def __init__(self, path):
        self._orders = features.check("raqm")  # which also knows in which direction a script is written
        self._font = load_font(path, ImageFont.Layout.RAQM if self._orders else ImageFont.Layout.BASIC)
        self.lacks = lru_cache(None)(lambda character: bool(missing_characters(self._font, character)))

    def draw(self, text):
        text = text if self._orders else to_visual(text)
        image = Image.new("L", (math.ceil(self._font.getlength(text)), HEIGHT))
        ImageDraw.Draw(image).text((0, _BASELINE), text, fill=255, font=self._font, anchor="ls")
        return np.asarray(image)


class _UnicodeFont:
    """The font inside OpenCV 5: Latin, Greek, Cyrillic, Chinese, Japanese, Korean and some more."""

    def __init__(self):
        self._face = cv2.FontFace("uni")
        unknown = self.draw("?")  # OpenCV draws it in place of what the font lacks
        self.lacks = lru_cache(None)(lambda c: c not in "? " and np.array_equal(self.draw(c), unknown))

    def draw(self, text):
        canvas = np.zeros((HEIGHT, 2 * EM * (len(text) + 1)), np.uint8)
        (end, _), canvas = cv2.putText(canvas, text, (0, _BASELINE), 255, self._face, EM)
        return canvas[:, :end]


def _has_unicode_font():
    return hasattr(cv2, "FontFace") and bool(cv2.FontFace("uni").getName())
