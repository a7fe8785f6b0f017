"""Polygons from the linked components of DRRG.

Zhang et al., Deep Relational Reasoning Graph Network for Arbitrary Shape Text Detection
(https://arxiv.org/abs/2003.07493), section 3.4.
"""

import numpy as np

from ppocr.geometry.local_graphs import connected_components
from ppocr.geometry.text_components import text_outline
from ppocr.postprocess.base import PostProcess, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.values import Probability

FARTHEST = 50.0  # pixels of what the network got, between the middles of linked components


@POST_PROCESSES.register()
class DRRGPostprocess(PostProcess):
    """Joins components that links lead to, and draws the outline of each text; a component alone is none.

    Args:
        link_thr: probability from which on a link joins two components: the mean of what both ends say.
    """

    reads = needs = ("shape",)
    task = "det"

    def __init__(self, link_thr: Probability = 0.8):
        self.link_thr = link_thr

    def __call__(self, preds, shape_list):
        """Finds the polygons of a batch.

        Args:
            preds: list of ``components``, ``pairs`` and ``scores`` of an image, see
                :class:`ppocr.modeling.heads.det_drrg_head.DRRGHead`.
            shape_list: (batch, 4): height and width of the image, and the ratios by which it was resized.

        Returns:
            A dict per image: ``points``, a list of float32 (points, 2), x first, and ``scores``, a list of the mean
            probabilities of text.
        """
        ratios = to_numpy(shape_list)[:, 3:1:-1].astype(np.float32)
        return [self._page(*map(to_numpy, self._fields(one)), ratio) for one, ratio in zip(preds, ratios)]

    @staticmethod
    def _fields(page):
        return page["components"], page["pairs"], page["scores"]

    def _page(self, components, pairs, scores, ratios):
        quads = components[:, :8].reshape(-1, 4, 2)
        texts = connected_components(len(quads), *self._links(quads.mean(axis=1), pairs, scores).T)
        numbers, sizes = np.unique(texts, return_counts=True)
        members = [np.flatnonzero(texts == number) for number in numbers[sizes > 1].tolist()]
        return {
            "points": [(text_outline(quads[one]) / ratios).astype(np.float32) for one in members],
            "scores": [float(components[one, 8].mean()) for one in members],
        }

    def _links(self, centers, pairs, scores):
        """Returns the pairs that are linked, (L, 2)."""
        far = np.linalg.norm(centers[pairs[:, 0]] - centers[pairs[:, 1]], axis=1) > FARTHEST
        size = (max(len(centers), 1),) * 2
        links = np.ravel_multi_index(np.sort(pairs, axis=1).T, size)
        links, places, counts = np.unique(links, return_inverse=True, return_counts=True)
        means = np.bincount(places.ravel(), np.where(far, 0, scores), len(links)) / counts
        return np.stack(np.unravel_index(links[means >= self.link_thr], size), axis=1)
