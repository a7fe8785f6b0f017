"""Polygons from the maps of CentripetalText.

Sheng et al., CentripetalText: An Efficient Text Instance Representation for Scene Text Detection
(https://arxiv.org/abs/2107.05945), section 3.3.
"""

from typing import Annotated, Literal

import cv2
import numpy as np

from ppocr.geometry.quads import ordered_corners
from ppocr.postprocess.base import PostProcess, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.values import Probability, Range

STRIDE = 4  # pixels of the image to one of the maps
SHIFT_UNIT = 10  # pixels of the image
LEAST_KERNEL = 10  # pixels of the maps


@POST_PROCESSES.register()
class CTPostProcess(PostProcess):
    """Joins each pixel to the kernel that its shift leads into, and draws the outlines of what comes together.

    Args:
        min_score: mean probability of a kernel over the pixels of a text.
        min_area: pixels of the image that a text needs.
        box_type: outlines (``poly``) or the rotated rectangles around them (``rect``).
    """

    reads = needs = ("shape",)
    task = "det"

    def __init__(
        self,
        min_score: Probability = 0.88,
        min_area: Annotated[int, Range(0, 1_000_000)] = 16,
        box_type: Literal["poly", "rect"] = "poly",
    ):
        self.min_score = min_score
        self.min_area = min_area
        self.box_type = box_type

    def __call__(self, preds, shape_list):
        """Finds the texts of a batch.

        Args:
            preds: ``maps`` (batch, 3, height, width), logits of the kernels and shifts, and ``score`` (batch, height,
                width), see :class:`ppocr.modeling.heads.det_ct_head.CTHead`.
            shape_list: (batch, 6): height, width and channels of the image before and after it was resized.

        Returns:
            A dict per image: ``points``, a list of int32 (points, 2), x first, and ``scores``, a list.
        """
        maps, scores = to_numpy(preds["maps"]).astype(np.float32), to_numpy(preds["score"]).astype(np.float32)
        return [self._page(*fields) for fields in zip(maps, scores, to_numpy(shape_list).tolist())]

    def _page(self, maps, score, shape):
        texts = joined(maps)
        sizes = np.bincount(texts.ravel())
        means = np.bincount(texts.ravel(), weights=score.ravel()) / np.maximum(sizes, 1)
        good = (sizes * STRIDE**2 >= self.min_area) & (means >= self.min_score)
        good[0] = False
        ratios = np.array([shape[1] / shape[4], shape[0] / shape[3]])
        numbers = np.flatnonzero(good)
        outlines = [self._outline(texts, *pixels) for pixels in _pixels_of(texts, numbers)]
        return {
            "points": [(outline * ratios).astype(np.int32) for outline in outlines],
            "scores": means[numbers].tolist(),
        }

    def _outline(self, texts, number, rows, columns):
        """Returns the outline of the largest part of a text, in pixels of what the network got."""
        top, left = rows.min(), columns.min()
        part = (texts[top : rows.max() + 1, left : columns.max() + 1] == number).astype(np.uint8)
        part = cv2.resize(part, None, fx=STRIDE, fy=STRIDE, interpolation=cv2.INTER_NEAREST)
        contours = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]
        outline = max(contours, key=cv2.contourArea)
        points = ordered_corners(cv2.minAreaRect(outline)) if self.box_type == "rect" else outline[:, 0]
        return points + np.array([left, top]) * STRIDE


def joined(maps) -> np.ndarray:
    """Returns for each pixel the number of the kernel that its shift leads into, 0 for none; int32 (height, width).

    Args:
        maps: float32 (3, height, width), logits of the kernels, shifts along x and y in tens of pixels of the image.
    """
    count, kernels, stats, _ = cv2.connectedComponentsWithStats((maps[0] > 0).view(np.uint8), connectivity=4)
    numbers = np.arange(count, dtype=np.int32)
    numbers[stats[:, cv2.CC_STAT_AREA] < LEAST_KERNEL] = 0
    height, width = kernels.shape
    shifts = maps[1:] * (SHIFT_UNIT / STRIDE)
    columns = np.clip(np.round(shifts[0] + np.arange(width)), 0, width - 1).astype(np.intp)
    rows = np.clip(np.round(shifts[1] + np.arange(height)[:, None]), 0, height - 1).astype(np.intp)
    return numbers[kernels][rows, columns]


def _pixels_of(texts, numbers):
    """Yields some numbers with the rows and the columns of their pixels."""
    rows, columns = np.nonzero(texts)
    found = texts[rows, columns]
    order = np.argsort(found, kind="stable")
    rows, columns, found = rows[order], columns[order], found[order]
    starts, ends = np.searchsorted(found, numbers), np.searchsorted(found, numbers, side="right")
    for number, start, end in zip(numbers, starts, ends):
        yield number, rows[start:end], columns[start:end]
