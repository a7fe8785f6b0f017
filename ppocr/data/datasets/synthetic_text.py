"""SyntheticTextDataSet: random words, drawn when they are asked for."""

import zlib
from typing import Annotated, Literal, Optional, Union

import cv2
import numpy as np

from ppocr.data.datasets.base import OcrDataset
from ppocr.data.randomness import generator
from ppocr.data.rendering import FontSet, Noise, background, blend, maybe_blur, placement, two_colours, warp
from ppocr.errors import ConfigError
from ppocr.registry import DATASETS
from ppocr.text.dictionary import character_list
from ppocr.text.direction import Writing
from ppocr.values import Count, Files, Index, Name, Probability, Range, Rising

_HELD_OUT = 8  # one word in this many belongs to evaluation
_TRIES = 2000
WordLength = Annotated[int, Range(1, 100)]
Height = Annotated[int, Range(8, 256)]
_MARGIN = 0.6  # widest margin at the left and right, in heights of the image


class Words:
    """Random words of which training and evaluation never share one.

    A word's checksum decides for which of the two it is, whatever the seeds are.

    Args:
        characters: alphabet, as text or list; None for a dictionary.
        character_dict_path: dictionary file; None for digits and lower-case letters.
        min_length, max_length: number of characters, both included.
        training: which of the two kinds is drawn.
        text_direction: in which order labels hold texts; see :class:`ppocr.text.direction.Writing`.

    Attributes:
        characters: the alphabet, each character once.
        writing: how the words stand on images.
    """

    def __init__(self, characters, character_dict_path, min_length, max_length, training, text_direction=None):
        alphabet = character_list(character_dict_path) if characters is None else characters
        self.characters = list(dict.fromkeys(alphabet))
        self.writing = Writing(self.characters, text_direction)
        self._lengths = (min_length, max_length + 1)
        self._training = training

    def draw(self, rng) -> str:
        """Returns a word; every length is as likely as any other."""
        for _ in range(_TRIES):
            chosen = rng.integers(len(self.characters), size=rng.integers(*self._lengths))
            word = "".join([self.characters[i] for i in chosen])
            if (zlib.crc32(word.encode()) % _HELD_OUT != 0) == self._training:
                return word
        raise ConfigError("characters and lengths give too few words to hold some out for evaluation; allow more")


def falling_lengths(min_length, max_length):
    """Yields a problem if words would have to be longer than they may be."""
    if min_length > max_length:
        yield "min_length", f"'min_length' {min_length} is above 'max_length' {max_length}"


@DATASETS.register()
class SyntheticTextDataSet(OcrDataset):
    """Images of random words: fonts, size, place, colour, contrast, rotation, blur, noise and background vary.

    Operators get ``image``, uint8 BGR ``(height, width, 3)`` with a width that fits the word, and ``label``.

    Args:
        length: number of samples of an epoch.
        transforms: list of operators; the image needs no decoding.
        characters: alphabet; by default that of ``character_dict_path``, or digits and lower-case letters.
        character_dict_path: dictionary file.
        min_length, max_length: characters of a word.
        fonts: font files, or names of fonts that come with matplotlib; by default twelve of these.
        image_height: pixels, one number or ``[least, most]``.
        label_type: ``text``, or ``direction``: half of the images are turned upside down, the label says ``0`` or
            ``180``.
        fixed: give the same images in every epoch; by default in evaluation only.
        content_seed: seed of words and images; by default the run's.
        max_bad_ratio: share of the samples that may be bad within an epoch before training stops.
        training, base_seed, global_config: given by the builder.

    Raises:
        ConfigError: no font holds the alphabet.
    """

    def __init__(
        self,
        length: Count,
        transforms: list,
        characters: Union[Name, Files, None] = None,
        character_dict_path: Optional[str] = None,
        min_length: WordLength = 3,
        max_length: WordLength = 6,
        fonts: Optional[Files] = None,
        image_height: Union[Height, Annotated[tuple[Height, Height], Rising()]] = (32, 48),
        label_type: Literal["text", "direction"] = "text",
        fixed: Optional[bool] = None,
        content_seed: Optional[Index] = None,
        max_bad_ratio: Probability = 0.1,
        training: bool = False,
        base_seed: int = 0,
        global_config: Optional[dict] = None,
    ):
        super().__init__(transforms, training, base_seed, global_config, max_bad_ratio=max_bad_ratio)
        self._heights = (image_height,) * 2 if isinstance(image_height, int) else tuple(image_height)
        self._length = length
        direction = (global_config or {}).get("text_direction")
        self._words = Words(characters, character_dict_path, min_length, max_length, training, direction)
        self._fonts = FontSet(self._words.characters, fonts)
        self._turn = label_type == "direction"
        self._fixed = not training if fixed is None else fixed
        self._content_seed = base_seed if content_seed is None else content_seed
        self._noise = Noise(self._heights[1], self._heights[1] * (2 * max_length + 2))

    @staticmethod
    def check_arguments(min_length, max_length):
        """Yields what leaves no length to draw."""
        yield from falling_lengths(min_length, max_length)

    def sample_count(self):
        """Returns ``length``."""
        return self._length

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
        rng = generator(self._content_seed, 0 if self._fixed else epoch, "text", index)
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
