"""Reading of whole pages: find the texts, turn them upright, read them."""

from dataclasses import dataclass
from typing import Optional

import cv2
import numpy as np

from ppocr.geometry.quads import as_quad, crop, reading_order

_UPSIDE_DOWN = "180"


@dataclass
class Line:
    """One text on a page.

    Attributes:
        text: what was read.
        score: confidence of the text, 0 to 1; None where the recogniser gives none.
        points: corners in the page, (4, 2), or the polygon that the detector gave, (points, 2); x first.
        box_score: confidence of the box; None where the detector gives none.
    """

    text: str
    score: Optional[float]
    points: np.ndarray
    box_score: Optional[float] = None


class TextSystem:
    """Detector, direction classifier and recogniser, one after the other.

    Args:
        detect: gives for a list of images :class:`ppocr.tasks.results.Boxes` of each.
        recognise: gives for a list of images :class:`ppocr.tasks.results.Text` of each.
        classify: gives for a list of images :class:`ppocr.tasks.results.ImageClass` of each; None takes them as they
            stand.
        drop_score: texts with less confidence are left out.
        turn_score: confidence above which a text of class 180 is turned by 180 degrees.

    What comes without a confidence is kept, and turned.
    """

    def __init__(self, detect, recognise, classify=None, drop_score: float = 0.5, turn_score: float = 0.9):
        self._detect, self._recognise, self._classify = detect, recognise, classify
        self.drop_score, self.turn_score = drop_score, turn_score

    def __call__(self, page) -> list:
        """Returns the :class:`Line` of each text on a page, in reading order.

        Args:
            page: uint8 BGR ``(H, W, 3)``.
        """
        (found,) = self._detect([page])
        return self.read(page, found)

    def read(self, page, found) -> list:
        """Returns the same for a page in which the detector has found its boxes."""
        quads = [as_quad(points) for points in found.points]
        order = reading_order(quads)
        texts = self._recognise(self._upright([crop(page, quads[place]) for place in order]))
        lines = []
        for place, read in zip(order, texts):
            box_score = None if found.scores is None else float(found.scores[place])
            if read.score is None or read.score >= self.drop_score:
                lines.append(Line(read.text, read.score, np.asarray(found.points[place]), box_score))
        return lines

    def _upright(self, crops):
        if self._classify is None:
            return crops
        turned = []
        for image, found in zip(crops, self._classify(crops)):
            sure = found.score is None or found.score > self.turn_score
            wrong = str(found.name) == _UPSIDE_DOWN and sure
            turned.append(cv2.rotate(image, cv2.ROTATE_180) if wrong else image)
        return turned
