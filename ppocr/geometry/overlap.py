"""Which polygons overlap more than a threshold: most pairs are told by bounds, the others are measured."""

from typing import NamedTuple

import numpy as np
import shapely


class Outlines(NamedTuple):
    """N outlines of K points, as the arrays that are computed with.

    Attributes:
        points, edges: corners, and the ways from each to the next, x and y, (2, K, N).
        low, high: corners of the boxes around them, (2, N).
        areas: float (N).
        plain: whether bounds may tell that one overlaps another; bool (N).
        repaired: whether outlines that cross themselves have an area.
    """

    points: np.ndarray
    edges: np.ndarray
    low: np.ndarray
    high: np.ndarray
    areas: np.ndarray
    plain: np.ndarray
    repaired: bool

    @classmethod
    def of(cls, outlines, repaired: bool) -> "Outlines":
        """Takes outlines (N, K, 2).

        Args:
            repaired: outlines that cross themselves have the area that ``shapely.make_valid`` gives them; otherwise
                they overlap nothing.
        """
        points = np.ascontiguousarray(np.asarray(outlines).T)
        edges, low, high = _next(points) - points, points.min(axis=1), points.max(axis=1)
        left, top = points - points[:, :1]  # small numbers, so that products are exact
        areas = np.abs((left * edges[1] - top * edges[0]).sum(axis=0)) / 2
        plain = np.ones(len(areas), bool) if repaired else _are_convex_quads(edges)
        return cls(points, edges, low, high, areas, plain, repaired)

    def polygons(self, places):
        """Returns some as polygons of shapely."""
        polygons = shapely.polygons(self.points[..., places].T)
        if self.repaired:
            return shapely.make_valid(polygons)
        return np.where(shapely.is_valid(polygons), polygons, shapely.Polygon())


def _next(values):
    return np.concatenate([values[:, 1:], values[:, :1]], axis=1)


def _are_convex_quads(edges):
    """Tells which quadrangles turn one way at all corners; where two edges cross, they do not."""
    (x, y), (next_x, next_y) = edges, _next(edges)
    turns = x * next_y - next_x * y
    return (turns.min(axis=0) > 0) | (turns.max(axis=0) < 0)


def overlap_exceeds(outlines: Outlines, first, second, threshold: float) -> np.ndarray:
    """Tells of which pairs of outlines the intersection over union is above a threshold.

    Args:
        outlines: N of them.
        first, second: places of the M pairs.
        threshold: from 0 to 1.
    """
    both = outlines.areas[first] + outlines.areas[second]
    exceeds = np.zeros(len(first), bool)
    near = np.flatnonzero(_most_shared(outlines, first, second) > threshold / (1 + threshold) * both)
    first, second, both = first[near], second[near], both[near]
    least = (both - _difference_bound(outlines, first, second)) / 2
    sure = (least > threshold * (both - least)) & outlines.plain[first] & outlines.plain[second]
    unsure = np.flatnonzero(~sure)
    sure[unsure] = _measured(outlines.polygons(first[unsure]), outlines.polygons(second[unsure])) > threshold
    exceeds[near] = sure
    return exceeds


def _most_shared(outlines, first, second):
    """Returns the areas that the boxes around the outlines share."""
    high, low = (
        [np.take(ends, places, axis=1) for places in (first, second)] for ends in (outlines.high, outlines.low)
    )
    shared = np.minimum(*high) - np.maximum(*low)
    return shared.clip(min=0).prod(axis=0)


def _difference_bound(outlines, first, second):
    """Returns areas that the symmetric differences of pairs of outlines do not exceed.

    It is what edges sweep on the straight way from the one outline to the other: the mean, over the corners of the
    sheet that an edge sweeps, of the length of the product of edge and way.
    """
    ways = np.take(outlines.points, second, axis=2) - np.take(outlines.points, first, axis=2)
    (x, y), (next_x, next_y) = ways, _next(ways)
    swept = 0
    for places in (first, second):
        along_x, along_y = np.take(outlines.edges, places, axis=2)
        swept += np.abs(along_x * y - along_y * x) + np.abs(along_x * next_y - along_y * next_x)
    return swept.sum(axis=0) / 4


def _measured(first, second):
    """Returns the intersection over union of pairs of polygons, 0 where there is no area."""
    shared = shapely.area(shapely.intersection(first, second))
    union = shapely.area(first) + shapely.area(second) - shared
    return shared / np.maximum(union, 1e-9)
