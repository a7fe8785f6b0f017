"""Non-maximum suppression of outlines with as many points each, most of which resemble one another."""

import numpy as np
import shapely

from ppocr.geometry.polygons import following, signed_areas


def suppress_outlines(outlines, scores, threshold: float, groups=None) -> np.ndarray:
    """Returns the indices of the outlines that stay, by falling score; of equal ones the last comes first.

    An outline goes if its intersection over union with one that stays, of the same group, is above the threshold.

    Args:
        outlines: float (N, K, 2).
        scores: float (N).
        threshold: of the intersection over union.
        groups: int (N): the groups that do not see each other; None: all are one.
    """
    groups = np.zeros(len(outlines), int) if groups is None else groups
    order = np.argsort(scores, kind="stable")[::-1]
    left = order[np.argsort(groups[order], kind="stable")]
    areas = np.abs(signed_areas(outlines)) if len(left) else np.zeros(0)
    kept = []
    while len(left):  # in each round the best of every group stays
        first = np.flatnonzero(np.diff(groups[left], prepend=-1))
        kept.append(left[first])
        best = np.repeat(left[first], np.diff(np.append(first, len(left))))
        others = np.ones(len(left), bool)
        others[first] = False
        best, left = best[others], left[others]
        left = left[~_overlap(outlines, areas, best, left, threshold)]
    kept = np.concatenate(kept) if kept else np.zeros(0, int)
    return kept[np.argsort(_ranks(order)[kept])]


def _ranks(order):
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    return ranks


def _overlap(outlines, areas, first, second, threshold):
    """Tells for each pair whether its intersection over union is above the threshold; what is sure is not measured."""
    both = areas[first] + areas[second]
    above = np.zeros(len(first), bool)
    near = np.flatnonzero(_most_shared(outlines, first, second) > threshold / (1 + threshold) * both)
    least = (both[near] - difference_bound(outlines[first[near]], outlines[second[near]])) / 2
    sure = least > threshold * (both[near] - least)
    above[near[sure]] = True
    unsure = near[~sure]
    above[unsure] = _measured(outlines[first[unsure]], outlines[second[unsure]]) > threshold
    return above


def _most_shared(outlines, first, second):
    """Returns the areas that the boxes around the outlines share."""
    low, high = outlines.min(axis=1), outlines.max(axis=1)
    shared = np.minimum(high[first], high[second]) - np.maximum(low[first], low[second])
    return shared.clip(min=0).prod(axis=-1)


def difference_bound(first, second) -> np.ndarray:
    """Returns areas (N) that the symmetric differences of outlines (N, K, 2) do not exceed.

    It is what edges sweep on the straight way from the one outline to the other: the mean, over the corners of the
    sheet that an edge sweeps, of the length of the product of edge and way.
    """
    ways, next_ways = second - first, following(second - first, axis=1)
    edges = following(first, axis=1) - first, following(second, axis=1) - second
    swept = sum(np.abs(_cross(edge, way)) for edge in edges for way in (ways, next_ways))
    return swept.sum(axis=1) / 4


def _cross(a, b):
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _measured(first, second):
    """Returns the intersection over union of each pair of outlines (N, K, 2), 0 where there is no area."""
    if not len(first):
        return np.zeros(0)
    first, second = (shapely.make_valid(shapely.polygons(outlines)) for outlines in (first, second))
    shared = shapely.area(shapely.intersection(first, second))
    union = shapely.area(first) + shapely.area(second) - shared
    return shared / np.maximum(union, 1e-9)
