"""Image files: which ones are meant, and what a model makes of each; those that cannot be read are remembered."""

import glob
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ppocr.errors import DataError, Dropped

SUFFIXES = frozenset(".bmp .gif .jp2 .jpeg .jpg .pbm .pgm .png .ppm .tif .tiff .webp".split())
_BATCHES_AHEAD = 4  # so many are read before the first result, which lets images of one shape meet


def find_images(source) -> list:
    """Returns the paths that a file, a folder or a pattern stands for.

    A folder stands for the images in it and below, by their suffix, and a pattern (``*``, ``?``, ``[``, ``**``) for
    the files that fit it, both sorted.  What does not exist is returned as it is, to be noticed when it is read.
    """
    source = Path(source)
    if os.path.isdir(source):  # the methods of Path raise what is better said when the file is read
        return sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and os.path.isfile(path))
    if not os.path.exists(source) and glob.has_magic(str(source)):
        return sorted(path for path in map(Path, glob.glob(str(source), recursive=True)) if os.path.isfile(path))
    return [source]


@dataclass
class ImageResult:
    """One image that was read.

    Attributes:
        path: where it lies.
        image: uint8 BGR ``(H, W, 3)``.
        result: what was made of it: typed, see :mod:`ppocr.tasks.results`; of several networks a dict.
    """

    path: Path
    image: np.ndarray
    result: object


class ImageFiles:
    """Opens image files one after the other, and has them read.

    Attributes:
        paths: of all images, each once.
        empty: the sources that stand for none.
        unreadable: ``[(path, reason)]`` of those that could not be opened or used so far.

    Args:
        sources: files, folders and patterns; see :func:`find_images`.

    Raises:
        DataError: the sources stand for no file.
    """

    def __init__(self, sources):
        found = {source: find_images(source) for source in sources}
        self.paths = list(dict.fromkeys(itertools.chain.from_iterable(found.values())))
        self.empty = [source for source, paths in found.items() if not paths]
        if not self.paths:
            raise DataError(f"{', '.join(map(str, sources))}: no images there ({' '.join(sorted(SUFFIXES))})")
        self.unreadable = []

    def read(self, predictor):
        """Yields a :class:`ImageResult` of each image, in order, with what a predictor makes of it."""
        opened = self.each(predictor.open)
        while window := list(itertools.islice(opened, predictor.batch_size * _BATCHES_AHEAD)):
            results = predictor.predict([sample for _, (_, sample) in window])
            yield from (ImageResult(path, image, result) for (path, (image, _)), result in zip(window, results))

    def each(self, process):
        """Yields path and ``process(bytes of the file)`` of each file that can be opened and used."""
        for path in self.paths:
            try:
                outcome = process(path.read_bytes())
            except OSError as error:
                self.unreadable.append((path, error.strerror or str(error)))
            except (Dropped, DataError) as error:
                self.unreadable.append((path, str(error)))
            else:
                yield path, outcome

    def report(self, logger):
        """Says which images could not be read, and which sources stand for none.

        Raises:
            DataError: none could.
        """
        for source in self.empty:
            logger.warning("no images there: %s", source)
        if len(self.unreadable) == len(self.paths):
            path, reason = self.unreadable[0]
            raise DataError(f"none of {len(self.paths)} images could be read; {path}: {reason}")
        for path, reason in self.unreadable:
            logger.warning("left out: %s: %s", path, reason)
