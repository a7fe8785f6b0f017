"""SyntheticDocDataSet: pages with lines of random words and their boxes, drawn when they are asked for."""

import json
from dataclasses import dataclass
from typing import Annotated, Literal

import cv2
import numpy as np

from ppocr.data.datasets.synthetic import SyntheticDataset, WordLength
from ppocr.data.rendering import (
    Noise,
    background,
    blend,
    corners,
    maybe_blur,
    placement,
    side_by_side,
    two_colours,
    warp,
)
from ppocr.registry import DATASETS
from ppocr.values import Range, Rising

Lines = Annotated[int, Range(1, 1_000)]
PageSide = Annotated[int, Range(16, 4_096)]
Pair = Annotated[tuple[Lines, Lines], Rising()]
_WORD_GAP = 14  # pixels between words of a line, before it is scaled


@DATASETS.register()
@dataclass(eq=False, repr=False)
class SyntheticDocDataSet(SyntheticDataset):
    """Pages of text lines in varied fonts, sizes and colours, slightly rotated.

    Operators get ``image``, uint8 BGR, and ``label``: a JSON list of ``{"transcription", "points"}`` with four corners
    in pixels, clockwise from the text's top left.

    Args:
        image_size: ``[height, width]`` in pixels.
        line_height: ``[least, most]`` pixels of a line's ink.
        lines: ``[least, most]`` lines of a page, as far as they fit.
        boxes: one box for each ``word`` or for each ``line``.

    Raises:
        ConfigError: no font holds the alphabet.
    """

    min_length: WordLength = 2
    max_length: WordLength = 9
    image_size: tuple[PageSide, PageSide] = (640, 640)
    line_height: Pair = (14, 44)
    lines: Pair = (3, 12)
    boxes: Literal["word", "line"] = "word"

    def __post_init__(self):
        super().__post_init__()
        self._noise = Noise(*self.image_size)

    @staticmethod
    def check_arguments(image_size, line_height, min_length, max_length):
        """Yields sizes that do not fit together."""
        if min(image_size) < 2 * line_height[1]:
            yield "image_size", f"'image_size' {list(image_size)} has no room for two lines of {line_height[1]} pixels"
        yield from SyntheticDataset.check_arguments(min_length, max_length)

    def load(self, index, key, rng):
        """Returns ``image`` and ``label``."""
        image, boxes = self._page(index, key.epoch)
        return {"image": image, "label": json.dumps(boxes)}

    def label_of(self, index, epoch=0):
        """Returns the boxes as JSON."""
        return json.dumps(self._page(index, epoch)[1])

    def _page(self, index, epoch):
        rng = self.content_generator("page", index, epoch)
        height, width = self.image_size
        paper, ink = two_colours(rng)
        canvas = background(height, width, paper, rng)
        slant = float(np.clip(rng.normal(0, 2), -5, 5))
        boxes, y = [], float(rng.uniform(0.02, 0.1)) * height
        for _ in range(int(rng.integers(*self.lines, endpoint=True))):
            size = float(rng.uniform(*self.line_height))
            strip, words = self._line(rng, float(rng.uniform(0.3, 0.95)) * width / size)
            scale = size / strip.shape[0]
            room = max(0.0, width * 0.96 - scale * strip.shape[1])
            x = 0.02 * width + float(rng.random()) * room + scale * strip.shape[1] / 2
            matrix = _turned(placement(strip, scale, rng.normal(0, 0.5), (x, y + size / 2)), slant, (width, height))
            quads = [(text, corners(matrix, left, 0, right, strip.shape[0])) for text, left, right in words]
            if all(_inside(quad, width, height) for _, quad in quads):
                _print(canvas, strip, matrix, ink)
                boxes.extend(quads if self.boxes == "word" else [_joined(quads)])
            y += size * float(rng.uniform(1.5, 2.5)) + 0.02 * width
        image = self._noise.finish(maybe_blur(canvas, rng), rng)
        return image, [{"transcription": text, "points": np.rint(quad).astype(int).tolist()} for text, quad in boxes]

    def _line(self, rng, longest):
        """Returns the strip of a line, at most ``longest`` times as wide as high, and ``(word, left, right)``."""
        font, spacing = int(rng.integers(len(self._fonts))), float(rng.uniform(-1, 3))
        strips, words, x = [], [], 0
        while True:
            word = self._words.draw(rng)
            strip = self._fonts.strip(self._words.writing.written(word), font, spacing)
            x_end = x + strip[0].shape[1]
            if strips and x_end > longest * max(s.shape[0] for s, _ in (*strips, strip)):
                return side_by_side(strips, [left for _, left, _ in words]), words
            strips.append(strip)
            words.append((word, x, x_end))
            x = x_end + _WORD_GAP


def _turned(matrix, degrees, size):
    """Returns the placement after the whole page has been turned about its middle."""
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), -degrees, 1)
    return turn @ np.vstack([matrix, [0, 0, 1]])


def _inside(quad, width, height):
    return quad.min() >= 0 and quad[:, 0].max() <= width - 1 and quad[:, 1].max() <= height - 1


def _print(image, strip, matrix, ink):
    """Lays a strip over the part of the image that it covers."""
    quad = corners(matrix, 0, 0, strip.shape[1], strip.shape[0])
    x0, y0 = np.floor(quad.min(axis=0)).astype(int).tolist()
    x1, y1 = np.ceil(quad.max(axis=0)).astype(int).tolist()
    local = matrix - [[0, 0, x0], [0, 0, y0]]
    part = image[y0 : y1 + 1, x0 : x1 + 1]
    size = (part.shape[1], part.shape[0])
    blend(part, warp(strip, local, size), ink)


def _joined(quads):
    """Returns the text and the box of a whole line; its words share top and bottom."""
    first, last = quads[0][1], quads[-1][1]
    return " ".join(text for text, _ in quads), np.stack([first[0], last[1], last[2], first[3]])
