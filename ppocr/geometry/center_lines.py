"""Centre lines of texts as points in reading order, along which characters are gathered.

Wang et al., PGNet: Real-time Arbitrarily-Shaped Text Spotting with Point Gathering Network
(https://arxiv.org/abs/2104.05458), section 3.3.

Points are rows and columns of a map, ``int64`` (N, 2); ways, along the text to the next character, are float
(2, H, W), x first.
"""

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


def in_reading_order(points, ways) -> np.ndarray:
    """Returns the points of a text from its head to its tail: by their place along the mean way.

    Those of a long text are put in order once more in each half, which may bend.
    """
    points = _by_mean_way(points, ways)
    if len(points) < LONG:
        return points
    half = len(points) // 2
    return np.concatenate([_by_mean_way(points[:half], ways), _by_mean_way(points[half:], ways)])


def _by_mean_way(points, ways):
    along = points @ ways_at(points, ways).mean(axis=0)
    return points[np.argsort(along, kind="stable")]


def ways_at(points, ways) -> np.ndarray:
    """Returns the ways at some points as rows and columns, (N, 2)."""
    return ways[::-1, points[:, 0], points[:, 1]].T


def made_longer(points, ways, mask) -> np.ndarray:
    """Returns a line in reading order with the pixels beyond both ends, along the way there, where the mask is set."""
    count = max(len(points) // END_PART, 2)
    here = ways_at(points, ways)
    way_back, way_on = -here[:count].mean(axis=0), here[-count:].mean(axis=0)
    lengths = np.hypot(*way_back), np.hypot(*way_on)
    most = MOST_STEPS * max(int(sum(lengths) / 2 * STEPS), 1)
    before = _walk(points[0], way_back / max(lengths[0], 1e-6), most, mask)
    after = _walk(points[-1], way_on / max(lengths[1], 1e-6), most, mask)
    return np.concatenate([before[::-1], points, after])


def _walk(start, step, most, mask):
    """Returns the pixels that steps from a point lead to, as long as they lie in the mask."""
    places = np.rint(start + step * np.arange(1, most + 1)[:, None]).astype(np.int64)
    inside = ((places >= 0) & (places < mask.shape)).all(axis=1)
    reached = inside & (mask[tuple(np.where(inside[:, None], places, 0).T)] > 0)
    places = places[np.logical_and.accumulate(reached)]
    moved = (np.diff(places, axis=0, prepend=np.reshape(start, (1, 2))) != 0).any(axis=1)
    return places[moved]


def without_gaps(points) -> np.ndarray:
    """Returns a line with points on the straight way between those that are no neighbours."""
    apart = np.maximum(np.abs(np.diff(points, axis=0)).max(axis=1, initial=0), 1)
    number = np.repeat(np.arange(len(apart)), apart)
    along = np.arange(len(number)) - np.repeat(np.cumsum(apart) - apart, apart)
    between = points[number] + (points[number + 1] - points[number]) * (along / apart[number])[:, None]
    return np.concatenate([np.rint(between).astype(np.int64), points[-1:]])


def gathering_line(points, ways, mask, without_holes: bool) -> np.ndarray:
    """Returns the line along which the characters of a text are gathered.

    Args:
        points: of its skeleton.
        ways: see the module.
        mask: uint8 (H, W), 1 in the centre lines of texts.
        without_holes: whether neighbours on the line are neighbouring pixels.
    """
    line = made_longer(in_reading_order(points, ways), ways, mask)
    return without_gaps(line) if without_holes else line
