"""SyntheticTextDataSet: random words, drawn when they are asked for."""

from dataclasses import dataclass
from typing import Annotated, Literal, Union

import cv2
import numpy as np

from ppocr.data.datasets.synthetic import SyntheticDataset
from ppocr.data.rendering import Noise, background, blend, maybe_blur, placement, two_colours, warp
from ppocr.registry import DATASETS
from ppocr.values import Range, Rising

Height = Annotated[int, Range(8, 256)]
_MARGIN = 0.6  # widest margin at the left and right, in heights of the image


@DATASETS.register()
@dataclass(eq=False, repr=False)
class SyntheticTextDataSet(SyntheticDataset):
    """Images of random words: fonts, size, place, colour, contrast, rotation, blur, noise and background vary.

    Operators get ``image``, uint8 BGR ``(height, width, 3)`` with a width that fits the word, and ``label``.

    Args:
        image_height: pixels, one number or ``[least, most]``.
        label_type: ``text``, or ``direction``: half of the images are turned upside down, the label says ``0`` or
            ``180``.

    Raises:
        ConfigError: no font holds the alphabet.
    """

    image_height: Union[Height, Annotated[tuple[Height, Height], Rising()]] = (32, 48)
    label_type: Literal["text", "direction"] = "text"

    def __post_init__(self):
        super().__post_init__()
        height = self.image_height
        self._heights = (height, height) if isinstance(height, int) else tuple(height)
        self._turn = self.label_type == "direction"
        self._noise = Noise(self._heights[1], self._heights[1] * (2 * self.max_length + 2))

    def load(self, index, key, rng):
        """Returns ``image`` and ``label``."""
        rng, word, turned = self._start(index, key.epoch)
        image = self._draw(word, rng)
        if not self._turn:
            return {"image": image, "label": word}
        return {"image": cv2.rotate(image, cv2.ROTATE_180) if turned else image, "label": "180" if turned else "0"}

    def label_of(self, index, epoch=0):
        """Returns the word, or the direction."""
        _, word, turned = self._start(index, epoch)
        return ("180" if turned else "0") if self._turn else word

    def _start(self, index, epoch):
        """Returns the generator of a sample after its label has been drawn, and what the label is made of."""
        rng = self.content_generator("text", index, epoch)
        return rng, self._words.draw(rng), bool(rng.random() < 0.5)

    def _draw(self, word, rng):
        strip, _ = self._fonts.strip(
            self._words.writing.written(word), int(rng.integers(len(self._fonts))), rng.uniform(-1, 3)
        )
        height = int(rng.integers(self._heights[0], self._heights[1], endpoint=True))
        left, right, top, bottom = rng.uniform(0.05, (_MARGIN, _MARGIN, 0.2, 0.2)) * height
        degrees = float(np.clip(rng.normal(0, 1.5), -4, 4))
        leaning = abs(np.sin(np.radians(degrees)))
        scale = (height - top - bottom) / (strip.shape[0] + leaning * strip.shape[1])
        width = round(scale * strip.shape[1] + left + right)
        centre = ((width + left - right) / 2, (height + top - bottom) / 2)
        matrix = placement(strip, scale, degrees, centre)
        coverage = warp(strip, matrix, (width, height))
        paper, ink = two_colours(rng)
        image = background(height, width, paper, rng)
        blend(image, coverage, ink)
        return self._noise.finish(maybe_blur(image, rng), rng)
