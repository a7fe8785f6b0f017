"""Polygons from the maps of FCENet.

Zhu et al., Fourier Contour Embedding for Arbitrary-Shaped Text Detection (https://arxiv.org/abs/2104.10442).
"""

from typing import Annotated, Literal, NamedTuple

import cv2
import numpy as np

from ppocr.geometry.fourier import outlines_of
from ppocr.geometry.outline_nms import suppress_outlines
from ppocr.geometry.quads import ordered_corners
from ppocr.geometry.regions import numbered_regions
from ppocr.postprocess.base import PostProcess, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.values import Length, NonNegative, Probability, Range


class Candidates(NamedTuple):
    """An outline for each pixel of the regions of a level.

    Attributes:
        outlines: float32 (N, K, 2), in pixels of what the network got.
        scores: float32 (N).
    """

    outlines: np.ndarray
    scores: np.ndarray

    def kept(self, indices) -> "Candidates":
        """Returns some of them."""
        return Candidates(self.outlines[indices], self.scores[indices])


@POST_PROCESSES.register()
class FCEPostProcess(PostProcess):
    """Draws the outline of every pixel of a text's centre, and keeps the best of those that overlap.

    Args:
        scales: by how much each level is smaller than the image.
        fourier_degree: greatest order k of the coefficients.
        num_reconstr_points: points of an outline.
        score_thr: score from which on a pixel is one of a centre.
        nms_thr: intersection over union above which the worse of two outlines goes.
        alpha: power of a pixel's probability of text in its score.
        beta: the same of its probability of a text's centre.
        box_type: outlines (``poly``) or the rotated rectangles around them (``quad``), clockwise from the bottom left.
    """

    reads = needs = ("shape",)
    task = "det"

    def __init__(
        self,
        scales: Annotated[list[Annotated[int, Range(1, 128)]], Length(1)] = (8, 16, 32),
        fourier_degree: Annotated[int, Range(1, 100)] = 5,
        num_reconstr_points: Annotated[int, Range(4, 10_000)] = 50,
        score_thr: Probability = 0.3,
        nms_thr: Probability = 0.1,
        alpha: NonNegative = 1.0,
        beta: NonNegative = 1.0,
        box_type: Literal["poly", "quad"] = "poly",
    ):
        self.scales = scales
        self.degree = fourier_degree
        self.points = num_reconstr_points
        self.score_thr = score_thr
        self.nms_thr = nms_thr
        self.powers = (alpha, beta)
        self.box_type = box_type

    def __call__(self, preds, shape_list):
        """Finds the polygons of a batch.

        Args:
            preds: ``level_0``, ``level_1``, ... with probabilities, see
                :class:`ppocr.modeling.heads.det_fce_head.FCEHead`.
            shape_list: (batch, 4): height and width of the image, and the ratios by which it was resized.

        Returns:
            A dict per image, best first: ``points``, float32 (polygons, K, 2), x first, and ``scores``, a list.
        """
        levels = [to_numpy(preds[f"level_{i}"]).astype(np.float32) for i in range(len(self.scales))]
        ratios = to_numpy(shape_list)[:, 2:4].astype(np.float32)
        return [self._page(maps, ratio[::-1]) for *maps, ratio in zip(*levels, ratios)]

    def _page(self, maps, ratios):
        parts = [self._candidates(level, scale) for level, scale in zip(maps, self.scales)]
        found = Candidates(*map(np.concatenate, zip(*parts)))
        outlines, scores = found.kept(suppress_outlines(*found, self.nms_thr))
        if self.box_type == "quad":
            boxes = [ordered_corners(cv2.minAreaRect(outline)) for outline in outlines]
            outlines = np.roll(np.array(boxes, np.float32).reshape(-1, 4, 2), 1, axis=1)
        return {"points": outlines / ratios, "scores": scores.tolist()}

    def _candidates(self, maps, scale) -> Candidates:
        """Returns the outlines of a level that no better one of the same region covers."""
        alpha, beta = self.powers
        score = maps[1] ** alpha * maps[3] ** beta
        numbers = numbered_regions((score > self.score_thr).view(np.uint8))
        ys, xs = np.nonzero((numbers > 0) & (score > 0))
        real, imaginary = np.split(maps[4:, ys, xs].T, 2, axis=1)
        coefficients = real + 1j * imaginary
        coefficients[:, self.degree] += xs + 1j * ys
        outlines = np.trunc(outlines_of(coefficients * scale, self.points)).astype(np.float32)  # on whole pixels
        found = Candidates(outlines, score[ys, xs])
        return found.kept(suppress_outlines(*found, self.nms_thr, groups=numbers[ys, xs]))
