"""Boxes from the maps of an EAST detector."""

import numpy as np

from ppocr.geometry.quads import clockwise_from_top_left
from ppocr.geometry.suppression import best_of_overlapping, merge_neighbours
from ppocr.postprocess.base import PostProcess, to_numpy
from ppocr.postprocess.db_post_process import region_score, rescale
from ppocr.registry import POST_PROCESSES
from ppocr.values import Probability

STRIDE = 4  # pixels of the image to one of the maps
LEAST_SIDE = 5  # pixels of the image


@POST_PROCESSES.register()
class EASTPostProcess(PostProcess):
    """Takes the quadrangle of every text pixel, merges those of neighbours and keeps the best of what overlaps.

    Source: EAST: An Efficient and Accurate Scene Text Detector (https://arxiv.org/abs/1704.03155), section 3.5.

    Args:
        score_thresh: probability above which a pixel is text.
        cover_thresh: mean probability in a quadrangle that it needs.
        nms_thresh: IoU above which two quadrangles are of one text.
        return_scores: adds ``scores``, the mean probability in each quadrangle, to the results.
    """

    reads = needs = ("shape",)
    task = "det"

    def __init__(
        self,
        score_thresh: Probability = 0.8,
        cover_thresh: Probability = 0.1,
        nms_thresh: Probability = 0.2,
        return_scores: bool = False,
    ):
        self.score_thresh = score_thresh
        self.cover_thresh = cover_thresh
        self.nms_thresh = nms_thresh
        self.return_scores = return_scores

    def __call__(self, preds, shape_list):
        """Finds the texts of a batch.

        Args:
            preds: ``f_score``, float (batch, 1, height, width), probabilities; ``f_geo``, float (batch, 8, height,
                width), x and y of the ways from the four corners, in pixels of the image that the network got.
            shape_list: (batch, 4): height and width of the image to which the boxes belong, and the two ratios.

        Returns:
            A dict per image.  ``points`` is int32 (boxes, 4, 2), clockwise from the top left (shape (0,) without
            boxes), ``scores`` float32 (boxes).
        """
        maps = (to_numpy(preds[name]).astype(np.float32, copy=False) for name in ("f_score", "f_geo"))
        results = []
        for (score,), geometry, (height, width) in zip(*maps, to_numpy(shape_list)[:, :2].tolist()):
            points, scores = self._texts(score, geometry, width, height)
            results.append({"points": points, "scores": scores} if self.return_scores else {"points": points})
        return results

    def _texts(self, score, geometry, width, height):
        rows, columns = np.nonzero(score > self.score_thresh)
        if not len(rows):
            return np.array([]), np.zeros(0, np.float32)
        pixels = np.stack([columns, rows], axis=1).astype(np.float32) * STRIDE
        quads = pixels[:, None] - geometry[:, rows, columns].T.reshape(-1, 4, 2)
        quads, sums = merge_neighbours(quads, score[rows, columns], self.nms_thresh)
        quads = quads[best_of_overlapping(quads, sums, self.nms_thresh)]
        scores = np.array([region_score(score, quad / STRIDE) for quad in quads], np.float32)
        points = clockwise_from_top_left(rescale(quads, np.multiply(score.shape, STRIDE), width, height))
        left, top = (np.hypot(*(points[:, i] - points[:, 0]).T) for i in (3, 1))
        kept = (scores > self.cover_thresh) & (np.minimum(left, top) >= LEAST_SIDE)
        return points[kept].astype(np.int32), scores[kept]
