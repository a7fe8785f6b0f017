"""Labels of text detection: polygons, texts and which of them to ignore."""

import json

import numpy as np

from ppocr.data.imaug.operator import Dropped, Operator
from ppocr.errors import DataError
from ppocr.registry import OPERATORS

IGNORED_TEXTS = ("*", "###")
FARTHEST = 1e5  # pixels: no picture is so large; far beyond that, outlines overflow 32 bits and take all memory


def stack_polygons(polygons) -> np.ndarray:
    """Returns polygons as N x K x 2 ``float32``; shorter ones repeat their last point.

    Raises:
        DataError: a polygon is not a list of points.
    """
    try:
        longest = max(map(len, polygons))
        padded = [
            points if len(points) == longest else points + points[-1:] * (longest - len(points)) for points in polygons
        ]
        stacked = np.array(padded, np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"a polygon must be a list of [x, y] points: {error}") from error
    if stacked.ndim != 3 or stacked.shape[2] != 2:
        raise DataError(f"a polygon must be a list of [x, y] points, got an array of shape {stacked.shape}")
    return stacked


def measurable(polygon) -> np.ndarray:
    """Tells whether all coordinates of polygons (... x K x 2) are finite and not far beyond any picture."""
    return (np.abs(np.asarray(polygon, np.float64)) <= FARTHEST).all(axis=(-2, -1))


def read_label(label):
    """Returns the texts and the polygons (as they stand there) of ``[{"transcription": ..., "points": ...}, ...]``.

    Raises:
        DataError: the label is no such list.
        Dropped: it is an empty one (``no_text``).
    """
    try:
        items = json.loads(label)
        texts = [item["transcription"] for item in items]
        polygons = [item["points"] for item in items]
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"not a detection label ({type(error).__name__}: {error}): {label!r:.80}") from error
    if not texts:
        raise Dropped("no_text", "the label is an empty list")
    return texts, polygons


@OPERATORS.register()
class DetLabelEncode(Operator):
    """Reads ``[{"transcription": text, "points": [[x, y], ...]}, ...]``.

    Sets ``polys`` (N x K x 2 ``float32``, pixels), ``texts`` and ``ignore_tags`` (N ``bool``: the texts ``*`` and
    ``###``, and polygons with a coordinate that is not finite or beyond 100,000, which become a point).  An empty list
    drops the sample (``no_text``).

    Raises:
        DataError: the label is no such list.
    """

    reads = ("label",)
    writes = ("polys", "texts", "ignore_tags")

    def __call__(self, data):
        texts, polygons = read_label(data["label"])
        polys = stack_polygons(polygons)
        ignore = np.array([text in IGNORED_TEXTS for text in texts], bool)
        good = measurable(polys)
        polys[~good] = 0
        data.update(polys=polys, texts=texts, ignore_tags=ignore | ~good)
        return data
