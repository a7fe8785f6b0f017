"""Non-maximum suppression of outlines with as many points each, most of which resemble one another."""

import numpy as np

from ppocr.geometry.local_graphs import connected_components
from ppocr.geometry.overlap import Outlines, overlap_exceeds


def suppress_outlines(outlines, scores, threshold: float, groups=None, most=None) -> np.ndarray:
    """Returns the indices of the outlines that stay, by falling score; of equal ones the last comes first.

    An outline goes if its intersection over union with one that stays, of the same group, is above the threshold.

    Args:
        outlines: float (N, K, 2).
        scores: float (N).
        threshold: of the intersection over union.
        groups: int (N): the groups that do not see each other; None: all see each other.
        most: outlines of a group that may stay; None: any number.
    """
    if not len(outlines):
        return np.zeros(0, int)
    outlines = Outlines.of(outlines, repaired=True)
    groups = _apart(outlines) if groups is None else groups
    order = np.argsort(scores, kind="stable")[::-1]
    left, kept = order[np.argsort(groups[order], kind="stable")], []
    while len(left) and len(kept) != most:  # in each round the best of every group stays
        first = np.flatnonzero(np.diff(groups[left], prepend=-1))
        kept.append(left[first])
        best = np.repeat(left[first], np.diff(np.append(first, len(left))))
        others = best != left
        best, left = best[others], left[others]
        left = left[~overlap_exceeds(outlines, best, left, threshold)]
    return order[np.isin(order, np.concatenate(kept))]


def _apart(outlines):
    """Returns a group for each outline; boxes of different groups do not meet."""
    low, high = outlines.low[:, :, None], outlines.high[:, :, None]
    meet = (np.maximum(low, outlines.low[:, None]) <= np.minimum(high, outlines.high[:, None])).all(axis=0)
    return connected_components(len(meet), *np.nonzero(np.triu(meet, 1)))
