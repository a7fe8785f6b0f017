"""Reading of whole pages: find the texts, turn them upright, read them."""

from dataclasses import dataclass
from typing import Optional

import cv2
import numpy as np

from ppocr.errors import ConfigError
from ppocr.geometry.quads import as_quad, crop, reading_order

_UPSIDE_DOWN = "180"


@dataclass
class Line:
    """One text on a page.

    Attributes:
        text: what was read.
        score: confidence of the text, 0 to 1.
        points: corners in the page, (4, 2), or the polygon that the detector gave, (points, 2); x first.
        box_score: confidence of the box; None where the detector gives none.
    """

    text: str
    score: float
    points: np.ndarray
    box_score: Optional[float] = None


class TextSystem:
    """Detector, direction classifier and recogniser, one after the other.

    Args:
        detect: gives for a list of images dicts with ``points`` and maybe ``scores``.
        recognise: gives for a list of images pairs of text and confidence.
        classify: gives for a list of images pairs of class and confidence; None takes them as they stand.
        drop_score: texts with less confidence are left out.
        turn_score: confidence above which a text of class 180 is turned by 180 degrees.
    """

    def __init__(self, detect, recognise, classify=None, drop_score: float = 0.5, turn_score: float = 0.9):
        self._detect, self._recognise, self._classify = detect, recognise, classify
        self.drop_score, self.turn_score = drop_score, turn_score

    def __call__(self, page) -> list:
        """Returns the :class:`Line` of each text on a page, in reading order.

        Args:
            page: uint8 BGR ``(H, W, 3)``.

        Raises:
            ConfigError: the model in the detector's or the recogniser's place is of another kind.
        """
        (found,) = self._detect([page])
        return self.read(page, found)

    def read(self, page, found) -> list:
        """Returns the same for a page in which the detector has found its boxes."""
        check_boxes(found)
        quads = [as_quad(points) for points in found["points"]]
        order = reading_order(quads)
        texts = self._recognise(self._upright([crop(page, quads[place]) for place in order]))
        lines = []
        for place, result in zip(order, texts):
            text, score = text_and_score(result)
            box_score = float(found["scores"][place]) if "scores" in found else None
            if score >= self.drop_score:
                lines.append(Line(text, score, np.asarray(found["points"][place]), box_score))
        return lines

    def _upright(self, crops):
        if self._classify is None:
            return crops
        turned = []
        for image, (label, score) in zip(crops, self._classify(crops)):
            wrong = str(label) == _UPSIDE_DOWN and score > self.turn_score
            turned.append(cv2.rotate(image, cv2.ROTATE_180) if wrong else image)
        return turned


def check_boxes(result):
    """Makes sure that a result is that of a detector.

    Raises:
        ConfigError: it is not.
    """
    if not isinstance(result, dict) or "points" not in result:
        raise ConfigError("this model finds no boxes, or it consists of several networks: name a single detector")


def text_and_score(result):
    """Returns text or class, and confidence, of a result of a recogniser or classifier.

    Raises:
        ConfigError: it is another model's.
    """
    if not isinstance(result, (list, tuple)) or len(result) < 2 or not np.isscalar(result[1]):
        raise ConfigError("this model reads no text and knows no classes, or it consists of several networks")
    return result[0], float(result[1])
