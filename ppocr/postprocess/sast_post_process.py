"""Polygons from the maps of a SAST detector."""

from typing import Annotated

import numpy as np

from ppocr.geometry.polygons import signed_areas
from ppocr.geometry.suppression import best_of_overlapping, merge_neighbours
from ppocr.geometry.text_borders import moved_out, outlines_around
from ppocr.postprocess.base import PostProcess, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.values import Probability, Range

LEAST_AREA, LEAST_SIDE = 5, 3  # of a text's quadrangle, in pixels of the map
LEAST_SCORE = 0.1
MAPS = ("f_score", "f_border", "f_tvo", "f_tco")


@POST_PROCESSES.register()
class SASTPostProcess(PostProcess):
    """Finds texts as quadrangles, shares the pixels of centre lines among them, and follows these to the borders.

    Source: A Single-Shot Arbitrarily-Shaped Text Detector (https://arxiv.org/abs/1908.05498), section 3.4.

    Args:
        score_thresh: probability above which a pixel lies on a centre line.
        nms_thresh: IoU above which two quadrangles are of one text.
        sample_pts_num: points on each of the two borders; 0: as many as the text is times as long as it is high.
        shrink_ratio_of_width: centre lines are shorter than texts by so many times the height, at either end.
        expand_scale: factor of the ways from the centre line to the borders, for half a pixel to 3 pixels of the map.
        return_scores: adds ``scores``, the mean probability on each centre line, to the results.
    """

    reads = needs = ("shape",)
    task = "det"

    def __init__(
        self,
        score_thresh: Probability = 0.5,
        nms_thresh: Probability = 0.2,
        sample_pts_num: Annotated[int, Range(0, 100)] = 2,
        shrink_ratio_of_width: Annotated[float, Range(0, 10)] = 0.3,
        expand_scale: Annotated[float, Range(1, 10)] = 1.0,
        return_scores: bool = False,
    ):
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.sample_pts_num = sample_pts_num
        self.shrink_ratio_of_width = shrink_ratio_of_width
        self.expand_scale = expand_scale
        self.return_scores = return_scores

    @staticmethod
    def check_arguments(sample_pts_num):
        """Yields a number of points that makes no line."""
        if sample_pts_num == 1:
            yield "sample_pts_num", "'sample_pts_num' must be at least 2, or 0 for as many as fit, not 1"

    def __call__(self, preds, shape_list):
        """Finds the texts of a batch.

        Args:
            preds: ``f_score``, ``f_border``, ``f_tvo`` and ``f_tco``, float (batch, 1, 4, 8 and 2, height, width), as
                :class:`ppocr.modeling.heads.det_sast_head.SASTHead` gives them.
            shape_list: (batch, 4): height and width of the image to which the polygons belong, and the two ratios.

        Returns:
            A dict per image.  ``points`` is float32 (texts, 2 * sample_pts_num, 2), the upper border from left to right
            and the lower one back (shape (0,) without texts), or a list of (points, 2) where the number differs;
            ``scores`` is float32 (texts).
        """
        maps = (to_numpy(preds[name]).astype(np.float32, copy=False) for name in MAPS)
        results = []
        for *one, size in zip(*maps, to_numpy(shape_list)[:, 1::-1].tolist()):
            points, scores = self._texts(*one, size)
            results.append({"points": points, "scores": scores} if self.return_scores else {"points": points})
        return results

    def _texts(self, score, border, corners, center, size):
        rows, columns = np.nonzero(score[0] > self.score_thresh)
        if not len(rows):
            return np.array([]), np.zeros(0, np.float32)
        pixels = np.stack([columns, rows], axis=1).astype(np.float32)
        scores = score[0, rows, columns]
        quads = pixels[:, None] - corners[:, rows, columns].T.reshape(-1, 4, 2)
        quads, sums = merge_neighbours(quads, scores, self.nms_thresh)
        quads = quads[best_of_overlapping(quads, sums, self.nms_thresh)]
        owners = nearest(pixels - center[:, rows, columns].T, quads.mean(axis=1))
        lines = CenterLines(pixels, scores, owners, quads)
        texts = np.flatnonzero(lines.are_texts())
        ways = border[:, rows, columns].T.reshape(-1, 2, 2)[..., ::-1]  # to the upper and the lower border, x and y
        points = [None] * len(texts)
        counts = lines.heights_long(texts) if self.sample_pts_num == 0 else np.full(len(texts), self.sample_pts_num)
        for count in np.unique(counts).tolist():
            places = np.flatnonzero(counts == count)
            chosen = lines.spread(texts[places], count)
            moved, scale = moved_out(ways[chosen], self.expand_scale), np.divide(size, score.shape[:0:-1])
            outlines = outlines_around(pixels[chosen], moved, scale, self.shrink_ratio_of_width)
            for place, outline in zip(places.tolist(), np.clip(outlines, 0, size).astype(np.float32)):
                points[place] = outline
        points = points if self.sample_pts_num == 0 else np.array(points)
        return points, lines.means[texts].astype(np.float32)


def nearest(points, centers) -> np.ndarray:
    """Returns the place of the nearest of M centres (M x 2) for each of N points (N x 2)."""
    middle = centers.mean(axis=0)  # so that the numbers stay small
    points, centers = (points - middle).astype(np.float32), (centers - middle).astype(np.float32)
    return (points @ centers.T - np.square(centers).sum(axis=1) / 2).argmax(axis=1)


class CenterLines:
    """The pixels of the centre line of each text, from its head to its tail.

    Args:
        pixels: N x 2.
        scores: N, their probabilities.
        owners: N, the place of the text of each.
        quads: texts x 4 x 2, from the upper corner of the head on.

    Attributes:
        means: mean probability of each text's pixels; 0 without any.
    """

    def __init__(self, pixels, scores, owners, quads):
        self.pixels, self.quads = pixels, quads
        self.counts = np.bincount(owners, minlength=len(quads))
        self.means = np.bincount(owners, scores, len(quads)) / np.maximum(self.counts, 1)
        along = quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]
        self.order = np.lexsort(((pixels * along[owners]).sum(axis=1), owners))
        self.starts = np.cumsum(self.counts) - self.counts

    def are_texts(self) -> np.ndarray:
        """Tells which are large and sure enough."""
        sides = np.linalg.norm(self.quads[:, :2] - self.quads[:, 1:3], axis=2).min(axis=1)
        large = (np.abs(signed_areas(self.quads)) >= LEAST_AREA) & (sides >= LEAST_SIDE)
        return large & (self.counts > 0) & (self.means >= LEAST_SCORE)

    def spread(self, texts, count: int) -> np.ndarray:
        """Returns ``count`` pixels of some texts at equal distances in their order: their places, texts x count."""
        steps = np.linspace(np.zeros(len(texts)), self.counts[texts] - 1, count, axis=1).astype(int)
        return self.order[self.starts[texts][:, None] + steps]

    def heights_long(self, texts) -> np.ndarray:
        """Returns how many times as long as high some texts are, at least 2."""
        counts = []
        for text in texts.tolist():
            top, right, bottom, left = np.linalg.norm(self.quads[text] - np.roll(self.quads[text], -1, axis=0), axis=1)
            dense = self.pixels[self.spread(np.array([text]), max(int((top + bottom) / 2), 2))[0]]
            length = np.linalg.norm(np.diff(dense, axis=0), axis=1).sum()
            counts.append(max(int(length / max((left + right) / 2, 1e-6)), 2))
        return np.array(counts, int)
