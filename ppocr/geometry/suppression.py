"""Quadrangles that show the same text: merging of neighbours, and keeping the best."""

import numpy as np
import shapely

from ppocr.geometry.overlap import Outlines, overlap_exceeds

MOST = 3000  # quadrangles
BLOCK = 256  # quadrangles that are compared with all others at once


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
    places, outlines = np.arange(len(quads)), Outlines.of(quads, repaired=False)
    starts = np.append(0, 1 + np.flatnonzero(~overlap_exceeds(outlines, places[1:], places[:-1], threshold)))
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
    outlines = Outlines.of(quads, repaired=False)
    boxes = shapely.box(*outlines.low, *outlines.high)
    tree, gone = shapely.STRtree(boxes), np.zeros(len(quads), bool)
    for start in range(0, len(quads), BLOCK):
        block = start + np.flatnonzero(~gone[start : start + BLOCK])
        better, worse = tree.query(boxes[block])
        better = block[better]
        meeting = (better < worse) & ~gone[worse]
        better, worse = better[meeting], worse[meeting]
        beaten = overlap_exceeds(outlines, better, worse, threshold)
        for i, j in zip(better[beaten].tolist(), worse[beaten].tolist()):  # in the order of i
            gone[j] |= not gone[i]
    return order[~gone]
