"""What a model makes of an image, by task: typed results, and how result files show them."""

from dataclasses import dataclass
from typing import NamedTuple, Optional, Union

import numpy as np

from ppocr.geometry.quads import corners_of_boxes


@dataclass(frozen=True)
class Boxes:
    """The boxes of texts on a page.

    Attributes:
        points: int or float (boxes, 4, 2), or a list of polygons (points, 2), in pixels of the image; x comes first.
        scores: float (boxes), 0 to 1; None where the model gives none.
    """

    points: Union[np.ndarray, list]
    scores: Optional[np.ndarray] = None


@dataclass(frozen=True)
class ReadBoxes(Boxes):
    """The texts on a page, with their boxes.

    Attributes:
        points: see :class:`Boxes`.
        scores: confidence of each text, 0 to 1; None where the model gives none.
        texts: what was read.
    """

    texts: tuple = ()

    @property
    def lines(self) -> list:
        """The :class:`ReadBox` of each text."""
        scores = [None] * len(self.texts) if self.scores is None else self.scores
        return [ReadBox(*one) for one in zip(self.texts, scores, map(np.asarray, self.points))]


class ReadBox(NamedTuple):
    """One text of a page.

    Attributes:
        text: what was read.
        score: confidence, 0 to 1; None where the model gives none.
        points: of its polygon, (points, 2), in pixels of the image.
    """

    text: str
    score: Optional[float]
    points: np.ndarray


@dataclass(frozen=True)
class Text:
    """The text on an image of a line.

    Attributes:
        text: what was read.
        score: confidence, 0 to 1; None where the model gives none.
    """

    text: str
    score: Optional[float] = None


@dataclass(frozen=True)
class Formula:
    """The formula on an image.

    Attributes:
        latex: what was read, in LaTeX.
    """

    latex: str


@dataclass(frozen=True)
class ImageClass:
    """The class of an image.

    Attributes:
        name: of the class; its number where classes have no names.
        score: confidence, 0 to 1; None where the model gives none.
    """

    name: Union[str, int]
    score: Optional[float] = None


@dataclass(frozen=True)
class Image:
    """An image that was made of another.

    Attributes:
        pixels: uint8 BGR ``(H, W, 3)``.
    """

    pixels: np.ndarray


@dataclass(frozen=True)
class Table:
    """The table on an image.

    Attributes:
        structure: HTML tokens.
        boxes: of the cells, in the order in which the structure opens them: two corners or four, float (cells, 4 or 8),
            in pixels of the image; x comes first.
        score: mean confidence of the tokens, 0 to 1; None where the model gives none.
    """

    structure: tuple
    boxes: np.ndarray
    score: Optional[float] = None

    @property
    def points(self) -> np.ndarray:
        """The corners of each box, (cells, 4, 2)."""
        return corners_of_boxes(self.boxes)


def by_network(result) -> dict:
    """Returns ``{network: typed result}`` of an image; the only network of a model has the name ``""``."""
    return result if isinstance(result, dict) else {"": result}


def shown_score(score) -> Optional[float]:
    """Returns a confidence as result files and the screen have it: with five digits behind the point; None stays."""
    return None if score is None else round(float(score), 5)


def score_of(raw):
    """Returns the confidence of what a decoder gives for an image, ``(text or class[, confidence, ...])``, or None."""
    return raw[1] if len(raw) > 1 else None
