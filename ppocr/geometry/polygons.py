"""Outlines of texts: measures, growing and shrinking, crossings and what a crossing outline was meant to be."""

import numpy as np
import pyclipper
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


def following(points, axis: int = 0) -> np.ndarray:
    """Returns, for each point along an axis, the one after it; the first comes after the last."""
    return np.take(points, np.arange(1, points.shape[axis] + 1), axis=axis, mode="wrap")


def signed_areas(polys) -> np.ndarray:
    """Returns the areas of polygons (N x K x 2), positive where the points go clockwise on the screen."""
    polys = np.asarray(polys, np.float64)
    ends = following(polys, axis=1)
    return (polys[..., 0] * ends[..., 1] - polys[..., 1] * ends[..., 0]).sum(axis=1) / 2


def perimeters(polys) -> np.ndarray:
    """Returns the lengths of the outlines of polygons (N x K x 2)."""
    steps = following(polys, axis=1) - np.asarray(polys, np.float64)
    return np.hypot(steps[..., 0], steps[..., 1]).sum(axis=1)


def offset_polygon(polygon, distance: float) -> list:
    """Moves the outline of a polygon (K x 2) outwards by ``distance`` pixels, inwards if negative.

    Returns:
        List of polygons, ``int32``, on whole pixels: an outline may split or vanish.
    """
    offset = pyclipper.PyclipperOffset()
    offset.AddPath(polygon.tolist(), pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return [np.array(path, np.int32) for path in offset.Execute(distance)]
