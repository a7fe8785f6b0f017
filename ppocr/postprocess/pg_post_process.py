"""Polygons and their texts from the maps of PGNet."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Optional

import numpy as np

from ppocr.geometry.center_lines import gathering_lines, in_reading_order, skeleton_lines
from ppocr.geometry.text_borders import moved_out, outlines_around
from ppocr.postprocess.base import PostProcess, check_classes, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.text.codec import DictionaryKeys
from ppocr.text.codecs import PgCodec
from ppocr.values import Probability, ReadingSet

MAPS = ("f_score", "f_border", "f_char", "f_direction")
STRIDE = 4  # pixels of the image to one of the maps
LEAST_POINTS = {"fast": 3, "slow": 5}  # of a skeleton
LEAST_GATHERED = 6  # points that a text is read from
LEAST_CHARACTERS = 2
OUTWARDS = 1.2  # factor of the ways to the borders of curved texts
ENDS = 0.2  # centre lines are shorter than texts by so many times the height, at either end
UPRIGHT = 1.5  # a skeleton is upright if it is this many times as high as it is wide


class Reading(NamedTuple):
    """A text.

    Attributes:
        text: what was read.
        score: confidence.
        places: rows and columns in the maps, (N, 2), one for each character or stretch without any.
    """

    text: str
    score: float
    places: np.ndarray


@POST_PROCESSES.register()
@dataclass(eq=False)
class PGPostProcess(DictionaryKeys, PostProcess):
    """Thins centre lines, puts their points in reading order, reads the characters there, and goes to the borders.

    Source: PGNet (https://arxiv.org/abs/2104.05458), section 3.3.

    Args:
        score_thresh: probability above which a pixel lies on a centre line.
        mode: ``fast`` reads along the whole skeleton and a little beyond its ends; ``slow`` takes one point for each
            column (of an upright text for each row), and moves borders out by half a pixel to 3 pixels of the map.
        point_gather_mode: ``align``: the fast mode fills gaps between points, as in training.
        valid_set: ``totaltext`` gives polygons, a little larger than what was found; ``partvgg`` their four corners.
        return_scores: adds ``scores``, the mean probability of each text's characters, to the results.

    Raises:
        DataError: the dictionary cannot be used.
    """

    reads = needs = ("shape",)
    task = "e2e"

    score_thresh: Probability = 0.5
    mode: Literal["fast", "slow"] = "fast"
    point_gather_mode: Optional[Literal["align"]] = None
    valid_set: ReadingSet = "totaltext"
    return_scores: bool = False

    def __post_init__(self):
        self.codec = self.build_codec(PgCodec)
        self.character, self.writing = self.codec.vocabulary, self.codec.writing

    def __call__(self, preds, shape_list):
        """Reads the texts of a batch.

        Args:
            preds: ``f_score``, ``f_border``, ``f_char`` and ``f_direction``, float (batch, 1, 4, classes and 2, height,
                width), as :class:`ppocr.modeling.heads.e2e_pg_head.PGHead` gives them.
            shape_list: (batch, 4): height and width of the image to which the polygons belong, and the two ratios.

        Returns:
            A dict per image.  ``points`` is a list of int32 (points, 2), the upper border from the head to the tail of
            a text and the lower one back, ``texts`` a list of texts, ``scores`` float32 (texts).

        Raises:
            ConfigError: the number of classes does not follow from the dictionary.
        """
        maps = [to_numpy(preds[name]).astype(np.float32, copy=False) for name in MAPS]
        check_classes(self, preds["f_char"].shape[1])
        return [self._page(*one, shape) for *one, shape in zip(*maps, to_numpy(shape_list))]

    def _page(self, score, border, char, ways, shape):
        lines = self._lines((score[0] > self.score_thresh).astype(np.uint8), ways)
        readings = self._read([line for line in lines if len(line) >= LEAST_GATHERED], char)
        found = {"points": self._outlines(readings, border, shape), "texts": [reading.text for reading in readings]}
        if self.return_scores:
            found["scores"] = np.array([reading.score for reading in readings], np.float32)
        return found

    def _lines(self, mask, ways) -> list:
        """Returns the points of each text in reading order, rows and columns (N, 2)."""
        skeletons = skeleton_lines(mask, LEAST_POINTS[self.mode])
        if self.mode == "slow":
            return in_reading_order(list(map(_one_of_each, skeletons)), ways)
        return gathering_lines(skeletons, ways, mask, self.point_gather_mode == "align")

    def _read(self, lines, char) -> list:
        """Returns the :class:`Reading` of each line that has enough characters."""
        if not lines:
            return []
        counts = np.array([len(line) for line in lines])
        rows, columns = np.concatenate(lines).T
        ids, scores = _best(char[:, rows, columns])
        owners = np.repeat(np.arange(len(lines)), counts)
        table = np.full((len(lines), counts.max()), self.codec.padding)
        sure = np.ones(table.shape, np.float32)
        inside = np.arange(counts.max()) < counts[:, None]
        table[inside], sure[inside] = ids, scores
        middles = _middles_of_runs(ids, owners)
        places = np.split(middles, np.searchsorted(owners[middles], np.arange(1, len(lines))))
        texts = self.codec.decode(table, sure)
        return [
            Reading(text, confidence, np.stack([rows[own], columns[own]], axis=1))
            for own, (text, confidence) in zip(places, texts)
            if min(len(text), len(own)) >= LEAST_CHARACTERS
        ]

    def _outlines(self, readings, border, shape) -> list:
        """Returns the polygon of each text, int32 (points, 2), in pixels of the image."""
        height, width, *ratios = shape.tolist()
        scale, outlines = STRIDE / np.array(ratios[::-1]), [None] * len(readings)
        counts = np.array([len(reading.places) for reading in readings], np.int64)
        for count in np.unique(counts).tolist():
            chosen = np.flatnonzero(counts == count).tolist()
            places = np.stack([readings[i].places for i in chosen])
            ways = np.moveaxis(border[:, places[..., 0], places[..., 1]], 0, -1)
            ways = self._moved_out(ways.reshape(*places.shape, 2)[..., ::-1])  # upper and lower, x and y
            found = outlines_around(places[..., ::-1].astype(np.float32), ways, scale, ENDS)
            found = np.rint(np.clip(found, 0, (width, height))).astype(np.int32)
            if self.valid_set != "totaltext":
                found = found[:, [0, count - 1, count, -1]]
            for i, outline in zip(chosen, found):
                outlines[i] = outline
        return outlines

    def _moved_out(self, ways):
        if self.valid_set != "totaltext":
            return ways
        return moved_out(ways, OUTWARDS) if self.mode == "slow" else ways * OUTWARDS


def _one_of_each(points) -> np.ndarray:
    """Returns the mean point of each column of a skeleton, or of each row if it is upright; rounded down."""
    height, width = np.ptp(points, axis=0)
    axis = 1 if height < UPRIGHT * width else 0
    values, number, counts = np.unique(points[:, axis], return_inverse=True, return_counts=True)
    means = np.bincount(number, points[:, 1 - axis]) / counts
    pair = (means.astype(np.int64), values) if axis == 1 else (values, means.astype(np.int64))
    return np.stack(pair, axis=1)


def _best(logits):
    """Returns the best class of each point and its probability; ``logits`` are (classes, points)."""
    ids = logits.argmax(axis=0)
    best = np.exp(logits - logits.max(axis=0)).sum(axis=0)
    return ids, 1 / best


def _middles_of_runs(ids, owners) -> np.ndarray:
    """Returns the place in the middle of each stretch of equal classes of one line."""
    changes = np.flatnonzero((ids[1:] != ids[:-1]) | (owners[1:] != owners[:-1])) + 1
    starts = np.concatenate([[0], changes])
    return starts + np.diff(starts, append=len(ids)) // 2
