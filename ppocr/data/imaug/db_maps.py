"""Targets of the DB text detector: shrunk text regions and the threshold ramp along the outlines.

Liao et al., Real-time Scene Text Detection with Differentiable Binarization, 2020.
"""

from typing import Annotated, Optional

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.geometry.polygons import following, offset_polygon, perimeters, signed_areas
from ppocr.registry import OPERATORS
from ppocr.values import Count, Pixels, Probability, Range

ShrinkRatio = Annotated[float, Range(above=0, below=1)]
FAR = np.float32(1e6)  # turns a product of lengths into more than any distance
LEAST_REACH = 1e-3  # pixels
LESS_THAN_A_PIXEL, SMALL = "of_less_than_a_pixel", "below_min_text_size"
EPOCH_GROWTH = 0.2  # what the shrink ratio gains from the first epoch to the last


def ratio_at(shrink_ratio: float, epoch: int, total_epoch: Optional[int]) -> float:
    """Returns the shrink ratio of an epoch: it grows by 0.2 over ``total_epoch`` epochs, up to 1, or stays without."""
    return min(shrink_ratio + EPOCH_GROWTH * epoch / total_epoch, 1.0) if total_epoch else shrink_ratio


@OPERATORS.register()
class MakeShrinkMap(Operator):
    """Draws each text region, shrunk, into ``shrink_map``; ``shrink_mask`` is 0 where a text is to be ignored.

    Args:
        min_text_size: polygons with a smaller side (of their box, in pixels) are ignored.
        shrink_ratio: r: the outline moves inwards by ``area * (1 - r^2) / length``.  Where it splits or vanishes,
            2r, 3r, ... and at last 1 (no shrinking) are tried.
        total_epoch: number of epochs over which r grows by 0.2; it stays without.

    Both maps are H x W ``float32`` of 0 and 1.  ``polys`` come back inside the image, clockwise on the
    screen, and ``ignore_tags`` with the ones that are ignored here.
    """

    reads = ("image", "polys", "ignore_tags")
    writes = ("shrink_map", "shrink_mask", "polys", "ignore_tags")

    def __init__(self, min_text_size: Pixels = 8, shrink_ratio: ShrinkRatio = 0.4, total_epoch: Optional[Count] = None):
        self.min_text_size = min_text_size
        self.shrink_ratio = shrink_ratio
        self.total_epoch = total_epoch

    def __call__(self, data):
        size = data["image"].shape[:2]
        polys, ignore, areas = clean_polygons(data, size)
        lengths = perimeters(polys)
        small = np.ptp(polys, axis=1).min(axis=1) < self.min_text_size if len(polys) else ignore
        note_lost_boxes(data, SMALL, small & ~ignore)
        ignore |= small
        ratio = ratio_at(self.shrink_ratio, data.get("epoch", 0), self.total_epoch)
        shrink_map = np.zeros(size, np.float32)
        shrink_mask = np.ones(size, np.float32)
        vanished = 0
        for i, polygon in enumerate(polys):
            shrunk = [] if ignore[i] else self._shrink(polygon, areas[i] / lengths[i], ratio)
            vanished += not (shrunk or ignore[i])
            ignore[i] |= not shrunk
            for outline in shrunk:
                cv2.fillPoly(shrink_map, [outline], 1)
            if not shrunk:
                cv2.fillPoly(shrink_mask, [polygon.astype(np.int32)], 0)
        note_lost_boxes(data, "that_vanish_when_shrunk", vanished)
        data.update(shrink_map=shrink_map, shrink_mask=shrink_mask, polys=polys, ignore_tags=ignore)
        return data

    @staticmethod
    def _shrink(polygon, area_per_length, ratio):
        shrunk = []
        for r in [*np.arange(ratio, 1, ratio), 1.0]:
            shrunk = offset_polygon(polygon, -area_per_length * (1 - r * r))
            if len(shrunk) == 1:
                break
        return shrunk


def clean_polygons(data, size):
    """Brings a sample's polygons into an image of ``size`` (height, width) and turns them clockwise (on the screen).

    How many are lost, since less than a pixel is left, is noted.

    Returns:
        Polygons, what to ignore (those of less than a pixel too), and areas, in square pixels.
    """
    ignore, polys = np.array(data["ignore_tags"], bool), np.asarray(data["polys"], np.float32)
    if not len(polys):
        return polys.reshape(0, 4, 2), ignore, np.zeros(0)
    polys = np.clip(polys, 0, (size[1] - 1, size[0] - 1)).astype(np.float32)
    areas = signed_areas(polys)
    turned = areas < 0
    polys[turned] = polys[turned, ::-1]
    areas = np.abs(areas)
    note_lost_boxes(data, LESS_THAN_A_PIXEL, (areas < 1) & ~ignore)
    return polys, ignore | (areas < 1), areas


@OPERATORS.register()
class MakeBorderMap(Operator):
    """Draws a ramp along the outline of each text: ``threshold_map``; ``threshold_mask`` is 1 where it counts.

    Args:
        shrink_ratio: r: the ramp reaches ``D = area * (1 - r^2) / length`` pixels to both sides.
        thresh_min: value at distance D and beyond.
        thresh_max: value on the outline.
        total_epoch: number of epochs over which r grows by 0.2; it stays without.

    Both maps are H x W ``float32``.  The distance of a pixel to an edge is the one to its line where the pixel sees the
    edge under a right angle or more, else the one to its nearer end.
    """

    reads = ("image", "polys", "ignore_tags")
    writes = ("threshold_map", "threshold_mask")

    def __init__(
        self,
        shrink_ratio: ShrinkRatio = 0.4,
        thresh_min: Probability = 0.3,
        thresh_max: Probability = 0.7,
        total_epoch: Optional[Count] = None,
    ):
        self.shrink_ratio = shrink_ratio
        self.thresh_min = thresh_min
        self.thresh_max = thresh_max
        self.total_epoch = total_epoch

    @staticmethod
    def check_arguments(thresh_min, thresh_max):
        """Yields a ramp that does not rise."""
        if thresh_min >= thresh_max:
            yield "thresh_min", f"'thresh_min' {thresh_min} is not below 'thresh_max' {thresh_max}"

    def __call__(self, data):
        size = data["image"].shape[:2]
        ratio = ratio_at(self.shrink_ratio, data.get("epoch", 0), self.total_epoch)
        polys = np.asarray(data["polys"], np.float32)[~np.asarray(data["ignore_tags"], bool)]
        mask = np.zeros(size, np.float32)
        ramp = np.ones(size, np.float32)
        if len(polys):
            areas = np.abs(signed_areas(polys))
            reach = areas * (1 - ratio * ratio) / np.maximum(perimeters(polys), 1e-6)
            solid = reach > 0
            draw_ramps(ramp, mask, polys[solid], np.maximum(reach[solid], LEAST_REACH))
        ramp *= self.thresh_min - self.thresh_max
        ramp += self.thresh_max
        data.update(threshold_map=ramp, threshold_mask=mask)
        return data


def draw_ramps(ramp, mask, polys, reach) -> None:
    """Lowers ``ramp`` to the distance to the nearest outline, in units of that outline's ``reach``.

    Args:
        ramp: H x W ``float32``, 1 where no outline is near; changed in place.
        mask: H x W ``float32``; set to 1 inside of each outline moved outwards by its reach.
        polys: N x K x 2.
        reach: N, pixels.
    """
    windows = np.zeros((len(polys), 2, 2), np.float32)  # first and last pixel (x, y) that each polygon may change
    for polygon, distance, window in zip(polys, reach.tolist(), windows):
        for outline in offset_polygon(polygon, distance)[:1]:
            cv2.fillPoly(mask, [outline], 1)
            window[:] = outline.min(axis=0), outline.max(axis=0) + 1
    reach = reach.astype(np.float32)[:, None, None]
    ends = following(polys, axis=1)
    moves = (ends != polys).any(axis=2)
    edge_boxes = _boxes(np.minimum(polys, ends) - reach, np.maximum(polys, ends) + reach, windows, ramp.shape)
    corner_boxes = _boxes(polys - reach, polys + reach, windows, ramp.shape)
    lines, angles, corners = _terms(polys, ends, reach, ramp.shape)
    scratch = np.empty((2, ramp.size), np.float32)
    for i, moving in enumerate(moves.tolist()):
        # a corner that is given twice, on a whole pixel, stays as it is: as PaddleOCR has it
        repeated = [(x, y, ramp[y, x]) for x, y in _pixels_at(polys[i][~moves[i]], ramp.shape)]
        for k, moved in enumerate(moving):
            if moved:
                _lower_by_edge(ramp, edge_boxes[i][k], [term[i, k] for term in (*lines, *angles)], scratch)
                _lower_by_corner(ramp, corner_boxes[i][k], corners[0][i, k], corners[1][i, k])
        for x, y, value in repeated:
            ramp[y, x] = value


def _boxes(low, high, windows, shape):
    """Returns nested lists [left, top, right, bottom] of the pixels between ``low`` and ``high`` and in the windows."""
    start = np.maximum(np.maximum(np.ceil(low), windows[:, None, 0]), 0)
    end = np.minimum(np.minimum(np.floor(high) + 1, windows[:, None, 1]), shape[::-1])
    return np.concatenate([start, end], axis=2).astype(int).tolist()


def _terms(polys, ends, reach, shape):
    """Returns what depends on the column, and what on the row alone, of three sums; N x K x W and N x K x H each.

    The distance to the line of an edge, signed; the product of the ways to its ends, which is negative where the edge
    is seen under more than a right angle; the squared distance to its start.  All in units of ``reach``.
    """
    edges = (ends - polys) / reach
    edges /= np.maximum(np.hypot(edges[..., :1], edges[..., 1:]), 1e-9)
    xs = (np.arange(shape[1], dtype=np.float32) - polys[..., :1]) / reach
    ys = (np.arange(shape[0], dtype=np.float32) - polys[..., 1:]) / reach
    lines = xs * -edges[..., 1:], ys * edges[..., :1]
    angles = xs * following(xs, axis=1) * FAR, ys * following(ys, axis=1) * FAR
    return lines, angles, (np.square(xs), np.square(ys))


def _lower_by_edge(ramp, box, terms, scratch):
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        return
    line_x, line_y, angle_x, angle_y = terms
    target = ramp[top:bottom, left:right]
    distance, angle = scratch[:, : target.size].reshape(2, *target.shape)
    np.add(line_y[top:bottom, None], line_x[left:right], out=distance)
    np.abs(distance, out=distance)
    np.add(angle_y[top:bottom, None], angle_x[left:right], out=angle)
    np.maximum(distance, angle, out=distance)
    np.minimum(target, distance, out=target)


def _lower_by_corner(ramp, box, square_x, square_y):
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        return
    target = ramp[top:bottom, left:right]
    distance = square_y[top:bottom, None] + square_x[left:right]
    np.sqrt(distance, out=distance)
    np.minimum(target, distance, out=target)


def _pixels_at(points, shape):
    inside = (points >= 0) & (points < shape[::-1]) & (points == np.rint(points))
    return points[inside.all(axis=1)].astype(int).tolist()
