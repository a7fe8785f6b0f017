"""Boxes from the kernels of a PSE detector, each grown to the size of its text."""

import functools
from typing import Annotated, Literal

import cv2
import numpy as np

from ppocr.geometry.quads import ordered_corners
from ppocr.geometry.regions import grown_regions, outer_regions
from ppocr.postprocess.base import PostProcess, to_numpy
from ppocr.postprocess.db_post_process import rescale
from ppocr.registry import POST_PROCESSES
from ppocr.values import Probability, Range

STRIDE = 4  # pixels of the image to one of the maps


@POST_PROCESSES.register()
class PSEPostProcess(PostProcess):
    """Grows the smallest kernels through the larger ones until they fill the text regions, and scores what comes out.

    Source: Progressive Scale Expansion Network (https://arxiv.org/abs/1903.12473), section 3.2.

    Args:
        thresh: logit above which a pixel belongs to a region or a kernel.
        box_thresh: mean probability that a text needs.
        min_area: pixels that a smallest kernel needs, and a text.
        box_type: rotated rectangles (``quad``) or outlines (``poly``).
        scale: pixels of the image to one of the maps that are looked at; the network's have 4, below that they are
            enlarged.
    """

    reads = needs = ("shape",)
    task = "det"
    keeps_by_score = True
    return_scores = True  # they are never left out

    def __init__(
        self,
        thresh: Annotated[float, Range(-100, 100)] = 0.5,
        box_thresh: Probability = 0.85,
        min_area: Annotated[int, Range(0, 1_000_000)] = 16,
        box_type: Literal["quad", "poly"] = "quad",
        scale: Literal[1, 2, 4] = 4,
    ):
        self.thresh = thresh
        self.box_thresh = box_thresh
        self.min_area = min_area
        self.box_type = box_type
        self.factor = STRIDE // scale

    def __call__(self, preds, shape_list):
        """Finds the texts of a batch.

        Args:
            preds: ``maps``, float (batch, 1 + kernels, height, width): logits of the text regions and of kernels, the
                smallest last.
            shape_list: (batch, 4): height and width of the image to which the boxes belong, and the two ratios.

        Returns:
            A dict per image: ``points``, float32 (boxes, 4, 2), clockwise from the top left (shape (0,) without boxes),
            for ``poly`` a list of float32 (points, 2); and ``scores``, float32 (boxes).
        """
        maps = to_numpy(preds["maps"]).astype(np.float32, copy=False)
        return [self._texts(*one) for one in zip(maps, to_numpy(shape_list)[:, :2].tolist())]

    def _texts(self, maps, size):
        # an enlarged pixel is text only if one of the pixels around it is
        near_text = cv2.dilate((maps[0] > self.thresh).view(np.uint8), np.ones((3, 3), np.uint8))
        found = [text for part in outer_regions(near_text) for text in self._texts_of(part, maps)]
        points = self._points([outline for outline, _ in found], maps.shape[1:], size)
        return {"points": points, "scores": np.array([score for _, score in found], np.float32)}

    def _points(self, outlines, shape, size):
        """Returns outlines, in pixels of enlarged maps of a shape, in pixels of an image of (height, width)."""
        shape, (height, width) = np.multiply(shape, self.factor), size
        if self.box_type == "quad":
            return rescale(np.array(outlines), shape, width, height).astype(np.float32)
        return [rescale(outline, shape, width, height).astype(np.float32) for outline in outlines]

    def _texts_of(self, part, maps):
        """Yields outline and score of each text in a part of the maps."""
        logits = self._enlarged(part.cut(maps[0]))
        inside = self._enlarged(part.mask, cv2.INTER_NEAREST)

        @functools.cache
        def kernel(level):
            plane = self._enlarged(part.cut(maps[level])) if level else logits
            return (plane > self.thresh).view(np.uint8) & inside

        for region in grown_regions(kernel, len(maps), self.min_area):
            score = _probability(logits, region)
            if score >= self.box_thresh and region.area >= self.min_area:
                outline = region.outline() if self.box_type == "poly" else _rectangle(region)
                yield outline + np.float32([part.left * self.factor, part.top * self.factor]), score

    def _enlarged(self, plane, interpolation=cv2.INTER_LINEAR):
        if self.factor == 1:
            return plane
        return cv2.resize(plane, None, fx=self.factor, fy=self.factor, interpolation=interpolation)


def _rectangle(region):
    return ordered_corners(cv2.minAreaRect(region.outline()))


def _probability(logits, region) -> float:
    """Returns the mean probability of a region."""
    return cv2.mean(1 / (1 + np.exp(-region.cut(logits))), region.mask)[0]
