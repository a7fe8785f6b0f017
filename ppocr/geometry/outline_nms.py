"""Non-maximum suppression of outlines with as many points each, most of which resemble one another."""

from typing import NamedTuple

import numpy as np
import shapely


class _Outlines(NamedTuple):
    """Outlines as the arrays that are computed with: coordinates (N, K), boxes (N, 2) and areas (N)."""

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    areas: np.ndarray

    @classmethod
    def of(cls, outlines):
        """Takes outlines (N, K, 2)."""
        x, y = (np.ascontiguousarray(outlines[..., axis]) for axis in (0, 1))
        bounds = [np.stack([bound(x, axis=1), bound(y, axis=1)], axis=1) for bound in (np.min, np.max)]
        left, top = x - x[:, :1], y - y[:, :1]  # small numbers, so that products are exact
        return cls(x, y, *bounds, np.abs((left * _next(top) - _next(left) * top).sum(axis=1)) / 2)

    def points(self, indices):
        """Returns some as (n, K, 2)."""
        return np.stack([self.x[indices], self.y[indices]], axis=-1)


def _next(values):
    return np.roll(values, -1, axis=1)


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
    outlines = _Outlines.of(outlines)
    groups = _apart(outlines) if groups is None else groups
    order = np.argsort(scores, kind="stable")[::-1]
    left, kept = order[np.argsort(groups[order], kind="stable")], []
    while len(left) and len(kept) != most:  # in each round the best of every group stays
        first = np.flatnonzero(np.diff(groups[left], prepend=-1))
        kept.append(left[first])
        best = np.repeat(left[first], np.diff(np.append(first, len(left))))
        others = best != left
        best, left = best[others], left[others]
        left = left[~_overlap(outlines, best, left, threshold)]
    return order[np.isin(order, np.concatenate(kept))]


def _apart(outlines):
    """Returns a group for each outline; boxes of different groups do not meet."""
    low, high = outlines.low[:, None], outlines.high[:, None]
    meet = (np.maximum(low, outlines.low) <= np.minimum(high, outlines.high)).all(axis=-1)
    groups, before = np.arange(len(meet)), None
    while before is None or (groups != before).any():
        before, groups = groups, np.where(meet, groups, len(meet)).min(axis=1)
    return groups


def _overlap(outlines, first, second, threshold):
    """Tells for each pair whether its intersection over union is above the threshold; what is sure is not measured."""
    both = outlines.areas[first] + outlines.areas[second]
    above = np.zeros(len(first), bool)
    near = np.flatnonzero(_most_shared(outlines, first, second) > threshold / (1 + threshold) * both)
    first, second, both = first[near], second[near], both[near]
    least = (both - _difference_bound(outlines, first, second)) / 2
    sure = least > threshold * (both - least)
    unsure = ~sure
    sure[unsure] = _measured(outlines.points(first[unsure]), outlines.points(second[unsure])) > threshold
    above[near] = sure
    return above


def _most_shared(outlines, first, second):
    """Returns the areas that the boxes around the outlines share."""
    shared = np.minimum(outlines.high[first], outlines.high[second])
    shared -= np.maximum(outlines.low[first], outlines.low[second])
    return shared.clip(min=0).prod(axis=-1)


def _difference_bound(outlines, first, second):
    """Returns areas that the symmetric differences of pairs of outlines do not exceed.

    It is what edges sweep on the straight way from the one outline to the other: the mean, over the corners of the
    sheet that an edge sweeps, of the length of the product of edge and way.
    """
    x, y = (np.stack([axis[first], axis[second]]) for axis in (outlines.x, outlines.y))
    edges_x, edges_y = (np.roll(axis, -1, axis=2) - axis for axis in (x, y))
    ways_x, ways_y = x[1] - x[0], y[1] - y[0]
    swept = np.abs(edges_x * ways_y - edges_y * ways_x)
    swept += np.abs(edges_x * _next(ways_y) - edges_y * _next(ways_x))
    return swept.sum(axis=(0, 2)) / 4


def _measured(first, second):
    """Returns the intersection over union of each pair of outlines (N, K, 2), 0 where there is no area."""
    if not len(first):
        return np.zeros(0)
    first, second = (shapely.make_valid(shapely.polygons(outlines)) for outlines in (first, second))
    shared = shapely.area(shapely.intersection(first, second))
    union = shapely.area(first) + shapely.area(second) - shared
    return shared / np.maximum(union, 1e-9)
