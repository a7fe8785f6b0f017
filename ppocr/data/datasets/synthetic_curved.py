"""SyntheticCurvedDataSet: pages with words on arcs and the polygons around them, drawn when they are asked for."""

import json
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from ppocr.data.arcs import Arc, bend
from ppocr.data.datasets.synthetic import SyntheticDataset, WordLength
from ppocr.data.rendering import Noise, background, blend, maybe_blur, two_colours
from ppocr.registry import DATASETS
from ppocr.values import Range, Rising

TextHeight = Annotated[int, Range(4, 1_000)]
Texts = Annotated[int, Range(1, 1_000)]
PageSide = Annotated[int, Range(16, 4_096)]
Degrees = Annotated[float, Range(0, 180)]
_TRIES = 8  # places that are tried for a text
_FINE = 32  # points of an outline that is filled
_LEAST_TRIED = 14  # points, at least, that have to lie in the image: fewer would not see what leaves it between them
_WIDE = 0.7  # width of a character, in heights of the text
_BESIDE = 0.15  # how far a polygon may leave an arc between its points, in heights of the text
_APART = 0.4  # pixels between texts, in heights of the text


@DATASETS.register()
@dataclass(eq=False, repr=False)
class SyntheticCurvedDataSet(SyntheticDataset):
    """Pages with words on arcs of circles, that arch or sag and are turned; fonts, sizes and colours vary.

    Operators get ``image``, uint8 BGR, and ``label``: a JSON list of ``{"transcription", "points"}`` with polygons in
    pixels, clockwise from the text's top left, the first half of the points above the text.

    Args:
        image_size: ``[height, width]`` in pixels.
        text_height: ``[least, most]`` pixels of a text's ink.
        texts: ``[least, most]`` texts of a page, as far as they fit.
        bend: ``[least, most]`` degrees of an arc.
        turn: degrees by which a text is turned at most, either way.
        points: of a polygon, an even number; long texts on narrow arcs take many.

    Raises:
        ConfigError: no font holds the alphabet.
    """

    min_length: WordLength = 5
    max_length: WordLength = 14
    image_size: tuple[PageSide, PageSide] = (640, 640)
    text_height: Annotated[tuple[TextHeight, TextHeight], Rising()] = (20, 48)
    texts: Annotated[tuple[Texts, Texts], Rising()] = (2, 8)
    bend: Annotated[tuple[Degrees, Degrees], Rising()] = (0, 150)
    turn: Degrees = 30
    points: Annotated[int, Range(4, 100, step=2)] = 14

    def __post_init__(self):
        super().__post_init__()
        self._noise = Noise(*self.image_size)

    @staticmethod
    def check_arguments(image_size, text_height, min_length, max_length, bend, points):
        """Yields sizes that do not fit together, and a number of points that cannot follow an arc."""
        if min(image_size) < 2 * text_height[1]:
            yield "image_size", f"'image_size' {list(image_size)} has no room for arcs of {text_height[1]} pixels"
        needed = _points_for(max_length, bend[1])
        if points < needed:
            yield "points", f"'points' {points} cannot follow an arc of {bend[1]:g} degrees; it takes {needed}"
        yield from SyntheticDataset.check_arguments(min_length, max_length)

    def load(self, index, key, rng):
        """Returns ``image`` and ``label``."""
        image, texts = self._page(index, key.epoch)
        return {"image": image, "label": json.dumps(texts)}

    def label_of(self, index, epoch=0):
        """Returns the polygons as JSON."""
        return json.dumps(self._page(index, epoch)[1])

    def _page(self, index, epoch):
        rng = self.content_generator("curved", index, epoch)
        height, width = self.image_size
        paper, ink = two_colours(rng)
        canvas = background(height, width, paper, rng)
        taken, texts = np.zeros((height, width), np.uint8), []
        for _ in range(int(rng.integers(*self.texts, endpoint=True))):
            word, strip = self._word(rng)
            arc = self._free_arc(strip, taken, rng)
            if arc is not None:
                print_strip(canvas, strip, arc, ink)
                points = np.rint(arc.outline(self.points)).astype(int).tolist()
                texts.append({"transcription": word, "points": points})
        return self._noise.finish(maybe_blur(canvas, rng), rng), texts

    def _word(self, rng):
        word = self._words.draw(rng)
        font, spacing = int(rng.integers(len(self._fonts))), float(rng.uniform(0, 4))
        return word, self._fonts.strip(self._words.writing.written(word), font, spacing)[0]

    def _free_arc(self, strip, taken, rng):
        """Returns an arc that lies in the image and touches no other, and marks its place as taken; None for none."""
        rows, columns = strip.shape
        for _ in range(_TRIES):
            size = float(rng.uniform(*self.text_height))
            length = size * columns / rows
            angle = np.radians(rng.uniform(*self.bend)) * rng.choice([-1, 1])
            angle = np.clip(angle, -length / size, length / size)  # letters at the inner side still have room
            turn = np.radians(rng.uniform(-self.turn, self.turn))
            arc = Arc(length, size, angle, turn, tuple(rng.uniform((0, 0), self.image_size[::-1])))
            if _inside(arc.outline(max(self.points, _LEAST_TRIED)), self.image_size) and _claim(taken, arc):
                return arc
        return None


def _points_for(characters, degrees) -> int:
    """Returns the points of a polygon that follows a text of some characters on an arc."""
    pieces = np.sqrt(characters * _WIDE * np.radians(degrees) / (8 * _BESIDE))  # of a chord's distance to its arc
    return 2 + 2 * max(int(np.ceil(pieces)), 1)


def _inside(outline, size):
    return outline.min() >= 0 and (outline.max(axis=0) <= (size[1] - 1, size[0] - 1)).all()


def _claim(taken, arc):
    """Marks the place of an arc, with some room around it, unless a part of it is taken."""
    room = arc.height * _APART
    wide = arc._replace(length=arc.length + room, height=arc.height + room, bend=arc.bend * (1 + room / arc.length))
    wanted = cv2.fillPoly(np.zeros_like(taken), [np.rint(wide.outline(_FINE)).astype(np.int32)], 1)
    if (taken & wanted).any():
        return False
    taken |= wanted
    return True


def print_strip(image, strip, arc, ink):
    """Lays a strip over the part of the image that it covers."""
    outline = np.maximum(arc.outline(_FINE), 0)  # between the points of its polygon an arc may leave the image
    (x0, y0), (x1, y1) = np.floor(outline.min(axis=0)).astype(int), np.ceil(outline.max(axis=0)).astype(int) + 1
    part = image[y0:y1, x0:x1]
    blend(part, bend(strip, arc, x0, y0, *part.shape[1::-1]), ink)
