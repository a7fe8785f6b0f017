"""Boxes from the probability map of a DB detector (Liao et al., Real-time Scene Text Detection, AAAI 2020)."""

from typing import Annotated, Literal

import cv2
import numpy as np

from ppocr.geometry.polygons import offset_polygon
from ppocr.geometry.quads import ordered_corners
from ppocr.postprocess.base import PostProcess, as_scores, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.values import Probability, Range

Candidates = Annotated[int, Range(1, 100_000)]
UnclipRatio = Annotated[float, Range(above=0, most=10)]
MIN_SIDE = 3  # pixels of the map; of the shrunk text region
POLYGON_TOLERANCE = 0.002  # of the perimeter


@POST_PROCESSES.register()
class DBPostProcess(PostProcess):
    """Finds the connected regions of a probability map, scores them and grows them to the size of the text.

    Args:
        thresh: probability above which a pixel is text.
        box_thresh: mean probability that a region needs.
        max_candidates: at most so many regions are looked at.
        unclip_ratio: a region grows by area * unclip_ratio / perimeter on each side.
        use_dilation: widens the regions by a pixel before they are traced.
        score_mode: mean over the box around a region (``fast``) or over the region itself (``slow``); polygons are
            always scored as they are.
        box_type: rotated rectangles (``quad``) or polygons (``poly``).
        return_scores: adds ``scores``, the mean probability of each box, to the results.
    """

    reads = needs = ("shape",)
    task = "det"
    keeps_by_score = True

    def __init__(
        self,
        thresh: Probability = 0.3,
        box_thresh: Probability = 0.7,
        max_candidates: Candidates = 1000,
        unclip_ratio: UnclipRatio = 2.0,
        use_dilation: bool = False,
        score_mode: Literal["fast", "slow"] = "fast",
        box_type: Literal["quad", "poly"] = "quad",
        return_scores: bool = False,
    ):
        self.thresh = thresh
        self.box_thresh = box_thresh
        self.max_candidates = max_candidates
        self.unclip_ratio = unclip_ratio
        self.use_dilation = use_dilation
        self.score_mode = score_mode
        self.box_type = box_type
        self.return_scores = return_scores

    def __call__(self, preds, shape_list):
        """Finds the boxes of a batch.

        Args:
            preds: float (batch, 1 or more, height, width), or a dict that holds it as ``maps``; the first channel is
                the probability map.
            shape_list: (batch, 4): height and width of the image to which the boxes belong, and the two ratios.

        Returns:
            A dict per image.  ``points`` is int32 (boxes, 4, 2), clockwise from the top left, for ``quad`` (shape
            (0,) without boxes), and a list of int64 (points, 2) for ``poly``; x comes first.  ``scores`` is float32
            (boxes).
        """
        maps = to_numpy(as_scores(preds["maps"] if isinstance(preds, dict) else preds)[:, 0])
        maps = np.ascontiguousarray(maps, dtype=np.float32)
        find = self._quads if self.box_type == "quad" else self._polygons
        results = []
        for probability, (height, width) in zip(maps, to_numpy(shape_list)[:, :2].tolist()):
            points, scores = find(probability, width, height)
            results.append({"points": points})
            if self.return_scores:
                results[-1]["scores"] = np.array(scores, dtype=np.float32)
        return results

    def _contours(self, probability):
        bitmap = (probability > self.thresh).view(np.uint8)
        if self.use_dilation:
            bitmap = cv2.dilate(bitmap, np.ones((2, 2), np.uint8))
        return cv2.findContours(bitmap, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[-2][: self.max_candidates]

    def _quads(self, probability, width, height):
        boxes, scores = [], []
        for contour in self._contours(probability):
            rectangle = cv2.minAreaRect(contour)
            if min(rectangle[1]) < MIN_SIDE:
                continue
            box = ordered_corners(rectangle)
            score = region_score(probability, box if self.score_mode == "fast" else contour[:, 0])
            if score < self.box_thresh:
                continue
            grown = unclip(box, self.unclip_ratio)
            rectangle = None if grown is None else cv2.minAreaRect(grown)
            if rectangle is None or min(rectangle[1]) < MIN_SIDE + 2:
                continue
            boxes.append(ordered_corners(rectangle))
            scores.append(score)
        return rescale(np.array(boxes), probability.shape, width, height).astype(np.int32), scores

    def _polygons(self, probability, width, height):
        polygons, scores = [], []
        for contour in self._contours(probability):
            polygon = cv2.approxPolyDP(contour, POLYGON_TOLERANCE * cv2.arcLength(contour, True), True)[:, 0]
            if len(polygon) < 4:
                continue
            score = region_score(probability, polygon)
            if score < self.box_thresh:
                continue
            grown = unclip(polygon, self.unclip_ratio)
            if grown is None or min(cv2.minAreaRect(grown)[1]) < MIN_SIDE + 2:
                continue
            polygons.append(rescale(grown, probability.shape, width, height).astype(np.int64))
            scores.append(score)
        return polygons, scores


def region_score(probability, polygon) -> float:
    """Returns the mean of a map inside a polygon (points, 2), edge included."""
    height, width = probability.shape
    extent = np.floor([polygon.min(axis=0), polygon.max(axis=0)])
    (left, top), (right, bottom) = np.clip(extent, 0, (width - 1, height - 1)).astype(int)
    mask = np.zeros((bottom - top + 1, right - left + 1), dtype=np.uint8)
    cv2.fillPoly(mask, [(polygon - (left, top)).astype(np.int32)], 1)
    return cv2.mean(probability[top : bottom + 1, left : right + 1], mask)[0]


def unclip(polygon, ratio):
    """Grows a polygon (points, 2) by area * ratio / perimeter on each side, corners rounded (Vatti clipping).

    Returns:
        int32 (points, 2); None where nothing or more than one polygon comes out.
    """
    edges = polygon.astype(np.float64) - polygon[np.arange(-1, len(polygon) - 1)]
    perimeter = np.hypot(edges[:, 0], edges[:, 1]).sum()  # cv2.arcLength is only as exact as float32
    distance = cv2.contourArea(polygon) * ratio / perimeter
    grown = offset_polygon(polygon, distance)
    return grown[0] if len(grown) == 1 else None


def rescale(points, map_shape, width, height) -> np.ndarray:
    """Takes points (..., 2) of a map of shape (rows, columns) to an image, rounded and kept inside it."""
    if not points.size:
        return points
    size = np.array([width, height])
    return np.clip(np.round(points / map_shape[::-1] * size), 0, size)
