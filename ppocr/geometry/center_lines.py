"""Centre lines of texts as points in reading order, along which characters are gathered.

Wang et al., PGNet: Real-time Arbitrarily-Shaped Text Spotting with Point Gathering Network
(https://arxiv.org/abs/2104.05458), section 3.3.

Points are rows and columns of a map, ``int64`` (N, 2); ways, along the text to the next character, are float
(2, H, W), x first.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ppocr.geometry.thinning import thinned

LONG = 16  # points from which on each half of a line is put in order by itself
END_PART = 3  # the mean way at an end is that of a third of the points
STEPS = 0.15  # by how many steps a line is made longer, as a part of the mean way at its ends
MOST_STEPS = 2  # times that


def skeleton_lines(mask, least: int) -> list:
    """Returns the points of each skeleton of a map that has at least ``least`` of them, not in reading order.

    Args:
        mask: uint8 (H, W) of 0 and 1.
        least: points that a skeleton needs.
    """
    count, labels = cv2.connectedComponents(thinned(mask), connectivity=8)
    rows, columns = np.nonzero(labels)
    numbers = labels[rows, columns]
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers, minlength=count))
    points = np.stack([rows, columns], axis=1)[order]
    return [points[start:end] for start, end in zip(ends, ends[1:]) if end - start >= least]


class _Points(NamedTuple):
    """The points of several lines: those of the first one, of the second one, and so on.

    Attributes:
        points: (N, 2).
        owners: the number of the line of each, (N).
        counts: points of each line.
    """

    points: np.ndarray
    owners: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, lines):
        """Takes a list of lines."""
        counts = np.array(list(map(len, lines)), np.int64)
        points = np.concatenate([np.zeros((0, 2), np.int64), *lines])
        return cls(points, np.repeat(np.arange(len(lines)), counts), counts)

    @property
    def starts(self):
        """The place of the first point of each line."""
        return np.cumsum(self.counts) - self.counts

    @property
    def places(self):
        """The place of each point on its line."""
        return np.arange(len(self.points)) - self.starts[self.owners]

    def sums(self, values) -> np.ndarray:
        """Returns the sums over each line of values (N, 2)."""
        return np.stack([np.bincount(self.owners, column, len(self.counts)) for column in values.T], axis=1)


def _lines(points, owners, count) -> list:
    """Returns points as lines; owners are rising."""
    return np.split(points, np.searchsorted(owners, np.arange(1, count)))[:count]


def in_reading_order(lines, ways) -> list:
    """Returns the points of each text from its head to its tail: by their place along the mean way.

    Those of a long text are put in order once more in each half, which may bend.
    """
    points = _by_mean_way(_Points.of(lines), ways)
    halves = []
    for line in _lines(points, _Points.of(lines).owners, len(lines)):
        half = len(line) // 2 if len(line) >= LONG else len(line)
        halves += [line[:half], line[half:]]
    joined = _Points.of(halves)
    return _lines(_by_mean_way(joined, ways), joined.owners // 2, len(lines))


def _by_mean_way(joined, ways):
    along = (joined.points * joined.sums(ways_at(joined.points, ways))[joined.owners]).sum(axis=1)
    return joined.points[np.lexsort((along, joined.owners))]


def ways_at(points, ways) -> np.ndarray:
    """Returns the ways at some points as rows and columns, (N, 2)."""
    return ways[::-1, points[:, 0], points[:, 1]].T


def made_longer(lines, ways, mask) -> list:
    """Returns lines in reading order with the pixels beyond both ends, along the way there, where the mask is set."""
    joined = _Points.of(lines)
    count, places, starts = len(lines), joined.places, joined.starts
    part, here = np.maximum(joined.counts // END_PART, 2), ways_at(joined.points, ways)
    at_head = places < part[joined.owners]
    at_tail = places >= (joined.counts - part)[joined.owners]
    ends = np.concatenate([starts, starts + joined.counts - 1])
    size = np.tile(np.minimum(part, joined.counts), 2)[:, None]
    steps = np.concatenate([-joined.sums(here * at_head[:, None]), joined.sums(here * at_tail[:, None])]) / size
    lengths = np.hypot(*steps.T)
    most = MOST_STEPS * np.maximum(lengths.reshape(2, count).mean(axis=0) * STEPS, 1).astype(int)
    walked, numbers = _walk(joined.points[ends], steps / np.maximum(lengths, 1e-6)[:, None], np.tile(most, 2), mask)
    owners, times = numbers
    is_head = owners < count
    ranks = np.where(is_head, -1 - times, joined.counts[owners % max(count, 1)] + times)
    owners = np.concatenate([joined.owners, owners % max(count, 1)])
    order = np.lexsort((np.concatenate([places, ranks]), owners))
    return _lines(np.concatenate([joined.points, walked])[order], owners[order], count)


def _walk(origins, steps, most, mask):
    """Takes steps from some points (N, 2) as long as they lead to pixels of the mask.

    Returns:
        The pixels, and for each the number of its point and of its step.
    """
    times = np.arange(1, min(most.max(initial=0), sum(mask.shape)) + 1)
    places = np.rint(origins[:, None] + steps[:, None] * times[:, None]).astype(np.int64)
    inside = ((places >= 0) & (places < mask.shape)).all(axis=2) & (times <= most[:, None])
    rows, columns = np.moveaxis(np.where(inside[..., None], places, 0), 2, 0)
    reached = np.logical_and.accumulate(inside & (mask[rows, columns] > 0), axis=1)
    moved = (np.diff(places, axis=1, prepend=origins[:, None]) != 0).any(axis=2)
    kept = reached & moved
    return places[kept], np.nonzero(kept)


def without_gaps(lines) -> list:
    """Returns lines with points on the straight way between those that are no neighbours."""
    joined = _Points.of(lines)
    ways = np.diff(joined.points, axis=0, append=joined.points[-1:])
    ways[joined.starts[1:] - 1] = 0  # from line to line
    apart = np.maximum(np.abs(ways).max(axis=1, initial=0), 1)
    number = np.repeat(np.arange(len(apart)), apart)
    along = np.arange(len(number)) - np.repeat(np.cumsum(apart) - apart, apart)
    between = joined.points[number] + ways[number] * (along / apart[number])[:, None]
    return _lines(np.rint(between).astype(np.int64), joined.owners[number], len(lines))


def gathering_lines(skeletons, ways, mask, without_holes: bool) -> list:
    """Returns the lines along which the characters of texts are gathered.

    Args:
        skeletons: list of the points of each.
        ways: see the module.
        mask: uint8 (H, W), 1 in the centre lines of texts.
        without_holes: whether neighbours on a line are neighbouring pixels.
    """
    if not skeletons:
        return []
    lines = made_longer(in_reading_order(skeletons, ways), ways, mask)
    return without_gaps(lines) if without_holes else lines
