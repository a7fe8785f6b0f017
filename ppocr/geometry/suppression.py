"""Quadrangles that show the same text: which overlap, merging of neighbours, and keeping the best."""

import numpy as np
import shapely

MOST = 3000  # quadrangles
BLOCK = 256  # quadrangles that are compared with all others at once


def overlap_exceeds(quads, first, second, threshold: float) -> np.ndarray:
    """Tells of which pairs of quadrangles the IoU is above a threshold; of one that crosses itself it is 0.

    Most pairs need no intersection: where their bounding boxes are apart it is 0, and of convex ones whose corners are
    near each other it is large enough for sure.

    Args:
        quads: N x 4 x 2.
        first, second: places of the M pairs.
        threshold: from 0 to 1.
    """
    x, y = np.ascontiguousarray(np.moveaxis(quads, 0, 2)).swapaxes(0, 1)  # 4 x N each
    meet = np.ones(len(first), bool)
    for values in (x, y):
        low, high = values.min(axis=0), values.max(axis=0)
        meet &= np.maximum(low[first], low[second]) < np.minimum(high[first], high[second])
    exceeds = meet & _surely_exceeds(x, y, first, second, threshold)
    unclear = np.flatnonzero(meet & ~exceeds)
    if len(unclear):
        exceeds[unclear] = _iou(quads[first[unclear]], quads[second[unclear]]) > threshold
    return exceeds


def _surely_exceeds(x, y, first, second, threshold):
    """Tells where a lower bound of the IoU is above the threshold.

    No point of one outline is farther from the other than the farthest two corners, d.  So each quadrangle lies within
    the other one grown by d, which adds its perimeter * d + pi * d * d.
    """
    next_x, next_y = np.roll(x, -1, axis=0), np.roll(y, -1, axis=0)
    areas = np.abs((x * next_y - next_x * y).sum(axis=0)) / 2
    along_x, along_y = next_x - x, next_y - y
    around = np.sqrt(along_x * along_x + along_y * along_y).sum(axis=0)
    turns = along_x * np.roll(along_y, -1, axis=0) - along_y * np.roll(along_x, -1, axis=0)
    convex = (turns.min(axis=0) > 0) | (turns.max(axis=0) < 0)
    apart_x, apart_y = x[:, first] - x[:, second], y[:, first] - y[:, second]
    distance = np.sqrt((apart_x * apart_x + apart_y * apart_y).max(axis=0))
    lost, gained = (distance * (around[places] + np.pi * distance) for places in (second, first))
    return (areas[first] - lost > threshold * (areas[first] + gained)) & convex[first] & convex[second]


def _iou(first, second):
    first, second = (shapely.polygons(shapely.linearrings(quads)) for quads in (first, second))
    valid = shapely.is_valid(first) & shapely.is_valid(second)
    shared = np.zeros(len(first))
    shared[valid] = shapely.area(shapely.intersection(first[valid], second[valid]))
    return shared / np.maximum(shapely.area(first) + shapely.area(second) - shared, 1e-9)


def merge_neighbours(quads, scores, threshold: float):
    """Merges quadrangles that come one after the other and overlap, by their means, weighted with the scores.

    Source: the first step of locality-aware NMS (https://arxiv.org/abs/1704.03155), section 3.5; a quadrangle is
    compared with the one before it.

    Args:
        quads: N x 4 x 2, row by row.
        scores: N, above 0.
        threshold: of the IoU.

    Returns:
        Quadrangles (M x 4 x 2, ``float64``) and the sums of their scores (M).
    """
    places = np.arange(len(quads))
    starts = np.append(0, 1 + np.flatnonzero(~overlap_exceeds(quads, places[1:], places[:-1], threshold)))
    scores = np.asarray(scores, np.float64)
    sums = np.add.reduceat(scores, starts)
    return np.add.reduceat(quads * scores[:, None, None], starts) / sums[:, None, None], sums


def best_of_overlapping(quads, scores, threshold: float) -> np.ndarray:
    """Returns the places of the quadrangles that remain when each takes away those of lower scores that overlap it.

    Args:
        quads: N x 4 x 2; the :data:`MOST` of the highest scores are looked at, so that maps of noise end, too.
        scores: N.
        threshold: of the IoU.

    Returns:
        Places, from the highest score on.
    """
    order = np.argsort(-np.asarray(scores), kind="stable")[:MOST]
    quads = np.asarray(quads)[order]
    boxes = shapely.box(*quads.min(axis=1).T, *quads.max(axis=1).T)
    tree, gone = shapely.STRtree(boxes), np.zeros(len(quads), bool)
    for start in range(0, len(quads), BLOCK):
        block = start + np.flatnonzero(~gone[start : start + BLOCK])
        better, worse = tree.query(boxes[block])
        better = block[better]
        meeting = (better < worse) & ~gone[worse]
        better, worse = better[meeting], worse[meeting]
        beaten = overlap_exceeds(quads, better, worse, threshold)
        for i, j in zip(better[beaten].tolist(), worse[beaten].tolist()):  # in the order of i
            gone[j] |= not gone[i]
    return order[~gone]
