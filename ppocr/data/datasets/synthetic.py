"""What data sets of drawn samples share: keys, seeds, words and fonts."""

import zlib
from dataclasses import dataclass
from typing import Annotated, Optional, Union

from ppocr.data.datasets.base import OcrDataset
from ppocr.data.randomness import generator
from ppocr.data.rendering import FontSet
from ppocr.errors import ConfigError
from ppocr.text.dictionary import character_list
from ppocr.text.direction import Writing
from ppocr.values import Count, Files, Index, Name, Range

_HELD_OUT = 8  # one word in this many belongs to evaluation
_TRIES = 2000
WordLength = Annotated[int, Range(1, 100)]


def is_for_training(text: str) -> bool:
    """Tells whether a label belongs to training, by its checksum; one in eight belongs to evaluation."""
    return zlib.crc32(text.encode()) % _HELD_OUT != 0


def held_apart(draw, training: bool, too_few: str, text_of=str):
    """Returns the first draw whose text is for training, or for evaluation.

    Args:
        draw: called without arguments, draws something.
        training: what its text has to be for.
        too_few: what is wrong where none is.
        text_of: returns its text.

    Raises:
        ConfigError: none was drawn.
    """
    for drawn in (draw() for _ in range(_TRIES)):
        if is_for_training(text_of(drawn)) == training:
            return drawn
    raise ConfigError(f"{too_few} to hold some out for evaluation; allow more")


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
        return held_apart(lambda: self._any(rng), self._training, "characters and lengths give too few words")

    def _any(self, rng):
        chosen = rng.integers(len(self.characters), size=rng.integers(*self._lengths))
        return "".join([self.characters[i] for i in chosen])


@dataclass(eq=False, repr=False)
class EpochLength:
    """The key that a data set of drawn samples needs.

    Args:
        length: number of samples of an epoch.
    """

    length: Count


@dataclass(eq=False, repr=False)
class DrawnDataset(OcrDataset, EpochLength):  # the keys of the base that stands last come first
    """Samples that are drawn when they are asked for.

    Args:
        transforms: list of operators; the image needs no decoding.
        fixed: give the same images in every epoch; by default in evaluation only.
        content_seed: seed of texts and images; by default the run's.
    """

    fixed: Optional[bool] = None
    content_seed: Optional[Index] = None

    def sample_count(self):
        """Returns ``length``."""
        return self.length

    def content_generator(self, kind, index, epoch):
        """Returns the generator of what is on an image; ``kind`` tells the data sets apart."""
        fixed = not self.training if self.fixed is None else self.fixed
        seed = self.base_seed if self.content_seed is None else self.content_seed
        return generator(seed, 0 if fixed else epoch, kind, index)


@dataclass(eq=False, repr=False)
class SyntheticDataset(DrawnDataset):
    """Images of random words.

    Args:
        characters: alphabet; by default that of ``character_dict_path``, or digits and lower-case letters.
        character_dict_path: dictionary file.
        min_length, max_length: characters of a word.
        fonts: font files, or names of fonts that come with matplotlib; by default twelve of these.

    Raises:
        ConfigError: no font holds the alphabet.
    """

    characters: Union[Name, Files, None] = None
    character_dict_path: Optional[str] = None
    min_length: WordLength = 3
    max_length: WordLength = 6
    fonts: Optional[Files] = None

    def __post_init__(self):
        super().__post_init__()
        lengths, direction = (self.min_length, self.max_length), (self.global_config or {}).get("text_direction")
        self._words = Words(self.characters, self.character_dict_path, *lengths, self.training, direction)
        self._fonts = FontSet(self._words.characters, self.fonts)

    @staticmethod
    def check_arguments(min_length, max_length):
        """Yields a problem if words would have to be longer than they may be."""
        if min_length > max_length:
            yield "min_length", f"'min_length' {min_length} is above 'max_length' {max_length}"
