"""SyntheticFormulaDataSet: arithmetic with fractions and powers, drawn when it is asked for."""

from dataclasses import dataclass
from typing import Annotated, Optional

import numpy as np

from ppocr.data.datasets.synthetic import DrawnDataset, held_apart
from ppocr.data.formulas import Arithmetic, Pen
from ppocr.data.rendering import FontSet, Noise, background, blend, maybe_blur, placement, warp
from ppocr.drawing.fonts import EM
from ppocr.registry import DATASETS
from ppocr.values import Files, Range, Rising

FontSize = Annotated[int, Range(8, 128)]
Terms = Annotated[int, Range(1, 20)]
_MARGIN = 0.8  # widest margin, in heights of the font
_LARGEST = (384, 1536)  # height and width of an image, in pixels; a larger formula is drawn in a smaller font


@DATASETS.register()
@dataclass(eq=False, repr=False)
class SyntheticFormulaDataSet(DrawnDataset):
    """Images of sums, differences and products of numbers, powers and fractions, dark on light.

    Operators get ``image``, uint8 BGR, of a size that fits the formula, and ``label``, its LaTeX without blanks.
    Training and evaluation never share a formula.

    Args:
        terms: ``[least, most]`` terms of a formula.
        largest: the largest number.
        font_size: ``[least, most]`` pixels of the em.
        fonts: font files, or names of fonts that come with matplotlib; by default twelve of these.

    Raises:
        ConfigError: no font holds digits and signs, or there are too few formulas.
    """

    terms: Annotated[tuple[Terms, Terms], Rising()] = (1, 3)
    largest: Annotated[int, Range(1, 1_000_000)] = 99
    font_size: Annotated[tuple[FontSize, FontSize], Rising()] = (20, 36)
    fonts: Optional[Files] = None

    def __post_init__(self):
        super().__post_init__()
        self._formulas = Arithmetic(self.terms, self.largest)
        self._fonts = FontSet(Arithmetic.characters, self.fonts)
        self._noise = Noise(*_LARGEST)

    def load(self, index, key, rng):
        """Returns ``image`` and ``label``."""
        rng, formula = self._start(index, key.epoch)
        return {"image": self._draw(formula, rng), "label": formula.latex}

    def label_of(self, index, epoch=0):
        """Returns the formula in LaTeX."""
        return self._start(index, epoch)[1].latex

    def _start(self, index, epoch):
        """Returns the generator of a sample after its formula has been drawn, and the formula."""
        rng = self.content_generator("formula", index, epoch)
        too_few = "'terms' and 'largest' give too few formulas"
        return rng, held_apart(lambda: self._formulas.draw(rng), self.training, too_few, lambda one: one.latex)

    def _draw(self, formula, rng):
        ink = formula.drawn(Pen(self._fonts, int(rng.integers(len(self._fonts))))).ink
        size = float(rng.uniform(*self.font_size))
        left, right, top, bottom = rng.uniform(0.1, _MARGIN, 4) * size
        room = np.subtract(_LARGEST, (top + bottom, left + right))
        scale = min(size / EM, *(room / ink.shape))
        height, width = round(scale * ink.shape[0] + top + bottom), round(scale * ink.shape[1] + left + right)
        degrees = float(np.clip(rng.normal(0, 0.5), -1, 1))
        matrix = placement(ink, scale, degrees, ((width + left - right) / 2, (height + top - bottom) / 2))
        tint = rng.uniform(-10, 10, 3)
        image = background(height, width, rng.uniform(200, 245) + tint, rng)
        blend(image, warp(ink, matrix, (width, height)), rng.uniform(0, 90) + tint)
        return self._noise.finish(maybe_blur(image, rng, 0.8), rng)
