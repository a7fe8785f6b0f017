"""Formulas as trees: each part knows its LaTeX and how it is drawn."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ppocr.data.rendering import side_by_side

SIGNS = {"+": "+", "\N{MINUS SIGN}": "-", "\N{MULTIPLICATION SIGN}": r"\times"}  # as they are drawn: in LaTeX
MINUS = "\N{MINUS SIGN}"
_EXPONENT = 0.65  # size of an exponent to that of what stands below it
_RAISED = 0.5  # share of the base below the foot of an exponent
_GAP, _OVERHANG = 6, 4  # pixels between parts, and by which the bar of a fraction is longer than its parts


class Box(NamedTuple):
    """A part that has been drawn.

    Attributes:
        ink: coverage, uint8 ``(h, w)``.
        above: rows above the baseline.
    """

    ink: np.ndarray
    above: int


class Pen:
    """Draws the parts of one formula.

    Args:
        fonts: :class:`ppocr.data.rendering.FontSet`.
        font: number of the font.
    """

    def __init__(self, fonts, font: int):
        self._fonts, self._font = fonts, font
        minus = self.symbols(MINUS)
        self._thick = minus.ink.shape[0]
        self._axis = minus.above - self._thick // 2  # the line on which the bars of fractions lie

    def symbols(self, text: str) -> Box:
        """Returns characters in a row."""
        return Box(*self._fonts.strip(text, self._font, 1.0))

    def row(self, boxes) -> Box:
        """Returns parts on a common baseline."""
        widths = [box.ink.shape[1] + _GAP for box in boxes]
        lefts = np.cumsum([0, *widths[:-1]]).tolist()
        return Box(side_by_side(boxes, lefts), max(box.above for box in boxes))

    def raised(self, base: Box, exponent: Box) -> Box:
        """Returns a part with an exponent at its top right."""
        ink = cv2.resize(exponent.ink, None, fx=_EXPONENT, fy=_EXPONENT, interpolation=cv2.INTER_AREA)
        above = round(_RAISED * base.above) + ink.shape[0]
        return Box(side_by_side([base, (ink, above)], [0, base.ink.shape[1] + 1]), max(above, base.above))

    def stacked(self, top: Box, bottom: Box) -> Box:
        """Returns a fraction, whose bar lies at the height of a minus sign."""
        (high, _), (low, _) = (box.ink.shape for box in (top, bottom))
        width = max(box.ink.shape[1] for box in (top, bottom)) + 2 * _OVERHANG
        ink = np.zeros((high + low + 2 * _GAP + self._thick, width), np.uint8)
        for box, first in ((top, 0), (bottom, ink.shape[0] - low)):
            left = (width - box.ink.shape[1]) // 2
            ink[first : first + box.ink.shape[0], left : left + box.ink.shape[1]] = box.ink
        ink[high + _GAP : high + _GAP + self._thick] = 255
        return Box(ink, high + _GAP + self._thick // 2 + self._axis)


@dataclass(frozen=True)
class Symbols:
    """A number or a sign."""

    text: str

    @property
    def latex(self) -> str:
        """The part in LaTeX."""
        return SIGNS.get(self.text, self.text)

    def drawn(self, pen) -> Box:
        """Returns the part as a :class:`Pen` draws it."""
        return pen.symbols(self.text)


@dataclass(frozen=True)
class Power:
    """A part with an exponent."""

    base: Symbols
    exponent: Symbols

    @property
    def latex(self) -> str:
        """See :class:`Symbols`."""
        return f"{self.base.latex}^{{{self.exponent.latex}}}"

    def drawn(self, pen) -> Box:
        """See :class:`Symbols`."""
        return pen.raised(self.base.drawn(pen), self.exponent.drawn(pen))


@dataclass(frozen=True)
class Fraction:
    """A part above another one."""

    top: object
    bottom: object

    @property
    def latex(self) -> str:
        """See :class:`Symbols`."""
        return rf"\frac{{{self.top.latex}}}{{{self.bottom.latex}}}"

    def drawn(self, pen) -> Box:
        """See :class:`Symbols`."""
        return pen.stacked(self.top.drawn(pen), self.bottom.drawn(pen))


@dataclass(frozen=True)
class Row:
    """Parts one after the other."""

    parts: tuple

    @property
    def latex(self) -> str:
        """See :class:`Symbols`."""
        return "".join(part.latex for part in self.parts)

    def drawn(self, pen) -> Box:
        """See :class:`Symbols`."""
        return pen.row([part.drawn(pen) for part in self.parts])


class Arithmetic:
    """Random sums, differences and products of numbers, powers and fractions.

    Args:
        terms: the least and the most terms of a formula.
        largest: the largest number; exponents have one digit.
    """

    characters = "0123456789" + "".join(SIGNS)

    def __init__(self, terms, largest: int):
        self._terms, self._largest = terms, largest

    def draw(self, rng) -> Row:
        """Returns a formula."""
        parts = [self._term(rng)]
        for _ in range(1, int(rng.integers(*self._terms, endpoint=True))):
            parts += [Symbols(str(rng.choice(list(SIGNS)))), self._term(rng)]
        return Row(tuple(parts))

    def _term(self, rng):
        """Returns a number or a power, or, in two of five cases, a fraction of these."""
        if rng.random() < 0.4:
            return Fraction(self._simple(rng), self._simple(rng))
        return self._simple(rng)

    def _simple(self, rng):
        """Returns a number or, in one of three cases, a power."""
        number = Symbols(str(rng.integers(1, self._largest, endpoint=True)))
        return Power(number, Symbols(str(rng.integers(2, 9, endpoint=True)))) if rng.random() < 1 / 3 else number
