"""Outlines of texts: areas, outlines that cross themselves, and what such an outline was meant to be."""

import numpy as np
import shapely

LARGEST_SHARE = 0.9  # of the area of a crossing outline's parts: the rest is a slip of the hand


def areas(polys) -> np.ndarray:
    """Returns the areas of polygons (N x K x 2)."""
    x, y = polys[..., 0], polys[..., 1]
    return (
        np.abs((x[:, :-1] * y[:, 1:] - x[:, 1:] * y[:, :-1]).sum(axis=1) + x[:, -1] * y[:, 0] - x[:, 0] * y[:, -1]) / 2
    )


def crossing(polys) -> np.ndarray:
    """Tells which outlines (N x K x 2) cross or touch themselves; a point may stand several times in a row."""
    if not len(polys) or polys.shape[1] < 3:
        return np.zeros(len(polys), bool)
    return ~shapely.is_simple(shapely.linearrings(polys))


def in_order(corners) -> np.ndarray:
    """Returns four corners (4 x 2) in the order of their convex hull: clockwise on the screen, from the first one on.

    Four corners whose sides cross always lie in convex position.
    """
    ways = corners - corners.mean(axis=0)
    order = np.argsort(np.arctan2(ways[:, 1], ways[:, 0]), kind="stable")
    return corners[np.roll(order, -int(np.flatnonzero(order == 0)[0]))]


def untangled(outline):
    """Returns a crossing outline (K x 2) without its crossings, or None where it does not say what it was meant to be.

    Four corners are put in order.  Of more points, the largest part is kept if it has nearly all of the area.
    """
    if len(outline) == 4:
        return in_order(outline)
    parts = shapely.get_parts(shapely.make_valid(shapely.Polygon(outline)))
    sizes = shapely.area(parts)
    if not len(parts) or not sizes.sum() or sizes.max() < LARGEST_SHARE * sizes.sum():
        return None
    return np.array(parts[np.argmax(sizes)].exterior.coords)[:-1]
