"""PGDataSet: pages of label files that are known by the numbers in their names."""

import os
import re
from dataclasses import dataclass

from ppocr.data.datasets.simple import SimpleDataSet
from ppocr.registry import DATASETS

_NUMBER = re.compile(r"\d+(?=\D*$)")


@DATASETS.register()
@dataclass(eq=False, repr=False)
class PGDataSet(SimpleDataSet):
    """:class:`SimpleDataSet` whose operators get ``img_id`` too: the last number in the image's name, or 0.

    A label is that of a detector, ``[{"transcription": ..., "points": [[x, y], ...]}, ...]``.  Points go clockwise from
    the text's top left, the first half of them above the text.  ``###`` is a text that cannot be read.

    Total-Text names its files of true polygons by this number: the image ``img12.jpg`` has ``poly_gt_img12.mat``.
    """

    gives = (*SimpleDataSet.gives, "img_id")

    def load(self, index, key, rng):
        """Returns ``img_path``, ``label``, ``image`` and ``img_id``."""
        sample = super().load(index, key, rng)
        number = _NUMBER.search(os.path.splitext(os.path.basename(sample["img_path"]))[0])
        return {**sample, "img_id": int(number.group()) if number else 0}
