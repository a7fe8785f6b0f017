"""Text components: rectangles that stand across a text, one after the other along it.

Zhang et al., Deep Relational Reasoning Graph Network for Arbitrary Shape Text Detection
(https://arxiv.org/abs/2003.07493), section 3.2.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ppocr.geometry.local_graphs import squared_distances
from ppocr.geometry.outline_nms import suppress_outlines
from ppocr.geometry.regions import numbered_regions

LEAST_HEIGHT = 2.0  # pixels
MOST = 3000  # components of an image
MOST_OF_REGION = 300
MOST_SQUARES = 20_000
OVER_TEXT = 0.5  # share of the area of a region's components


class Components(NamedTuple):
    """N components.

    Attributes:
        centers: float (N, 2), x first.
        heights, widths: float (N), pixels across and along the text.
        ways: float (N, 2), cosine and sine of the direction from the bottom to the top; the sine is negative upwards.
    """

    centers: np.ndarray
    heights: np.ndarray
    widths: np.ndarray
    ways: np.ndarray

    @classmethod
    def of(cls, attributes):
        """Takes x, y, height, width, cosine and sine (N, 6); the last two need not be of one length."""
        return cls(attributes[:, :2], attributes[:, 2], attributes[:, 3], unit(attributes[:, 4:]))

    def attributes(self) -> np.ndarray:
        """Returns x, y, height, width, cosine and sine, (N, 6)."""
        return np.column_stack(self)

    def kept(self, chosen) -> "Components":
        """Returns some of them."""
        return Components(*(part[chosen] for part in self))

    @property
    def up(self) -> np.ndarray:
        """The ways from the bottom to the top, (N, 2)."""
        return self.ways * self.heights[:, None]

    @property
    def along(self) -> np.ndarray:
        """The ways from the left to the right side, as the text is read, (N, 2)."""
        return reading_ways(self.ways) * self.widths[:, None]

    def quads(self) -> np.ndarray:
        """Returns the corners, clockwise from the top left as the text is read, (N, 4, 2)."""
        up, along = self.up / 2, self.along / 2
        return np.stack([up - along, up + along, along - up, -up - along], axis=1) + self.centers[:, None]


def unit(ways) -> np.ndarray:
    """Returns ways (N, 2) at the length 1."""
    return ways / np.maximum(np.hypot(*ways.T), 1e-8)[:, None]


def reading_ways(ways) -> np.ndarray:
    """Returns in which directions texts (..., 2) are read whose tops are in some directions."""
    return np.stack([-ways[..., 1], ways[..., 0]], axis=-1)


@dataclass(frozen=True)
class ComponentFinder:
    """Finds components on the maps of a network.

    Attributes:
        text_thr: probability from which on a pixel is one of a text.
        center_thr: the same of a text's centre region.
        least_area: pixels that a centre region must exceed.
        score_thr: probability of text that the pixels of a centre region must exceed.
        overlap: intersection over union above which the worse of two components of a region goes.
        shrink: height of a component, as a part of the text's.
        ratio: width of a component, as a part of the text's height.
        widths: least and most width, in pixels.
    """

    text_thr: float
    center_thr: float
    least_area: float
    score_thr: float
    overlap: float
    shrink: float
    ratio: float
    widths: tuple

    def __call__(self, maps):
        """Finds the components of an image.

        Args:
            maps: float32 (6, H, W): probabilities of text and of a centre region, sine and cosine of the direction from
                the bottom to the top, pixels to the top and to the bottom.

        Returns:
            :class:`Components`, and their mean probabilities of text (N).
        """
        text = (maps[0] > self.text_thr).view(np.uint8)
        regions = numbered_regions(text & (maps[1] > self.center_thr).view(np.uint8))
        components, scores, sums, groups = self._squares(maps, regions)
        best = suppress_outlines(components.quads(), sums, self.overlap, groups, MOST_OF_REGION)[:MOST]
        best = best[_over_text(components.kept(best).quads(), groups[best], text)]
        return components.kept(best), scores[best]

    def _squares(self, maps, regions):
        """Returns what the pixels of each small square of a region say on the average.

        Pixels closer than half of the least width see nearly the same component.

        Returns:
            Components, mean and sum of the probabilities of text, and the number of the region; the likeliest first.
        """
        large = np.bincount(regions.ravel()) > self.least_area
        large[0] = False
        ys, xs = np.nonzero(large[regions] & (maps[0] > self.score_thr))
        side = max(int(self.widths[0] / 2), 1)
        size = (len(large), *(length // side + 1 for length in regions.shape))
        squares = np.ravel_multi_index((regions[ys, xs], ys // side, xs // side), size)
        squares, places, counts = np.unique(squares, return_inverse=True, return_counts=True)
        values = (xs, ys, *maps[:, ys, xs][[0, 2, 3, 4, 5]])
        means = [np.bincount(places.ravel(), one, len(squares)) / counts for one in values]
        components, scores = self._components(*means)
        order = np.argsort(-scores * counts, kind="stable")
        heights = components.heights[order]
        order = order[(heights >= LEAST_HEIGHT) & (heights <= max(regions.shape))][:MOST_SQUARES]
        groups = np.unravel_index(squares[order], size)[0]
        return components.kept(order), scores[order], (scores * counts)[order], groups

    def _components(self, x, y, score, sin, cos, above, below):
        ways = unit(np.stack([cos, sin], axis=1))
        heights, off = (above + below) * self.shrink, (above - below) * self.shrink / 2
        centers = np.stack([x, y], axis=1) + ways * off[:, None]
        return Components(centers, heights, np.clip(heights * self.ratio, *self.widths), ways), score


def _over_text(quads, groups, text):
    """Tells of which components the region lies over text; (N)."""
    owners = np.zeros(text.shape, np.int32)
    for quad, group in zip(quads.astype(np.int32), groups.tolist()):
        cv2.fillConvexPoly(owners, quad, group)
    areas, covered = np.bincount(owners.ravel()), np.bincount(owners.ravel(), text.ravel())
    shares = np.zeros(groups.max(initial=0) + 1)
    shares[: len(areas)] = covered / np.maximum(areas, 1)
    return shares[groups] >= OVER_TEXT


def text_outline(quads) -> np.ndarray:
    """Returns the outline of a text, float (2 (N + 2), 2): along the tops of its components and back.

    Args:
        quads: (N, 4, 2), in any order; see :meth:`Components.quads`.
    """
    quads = quads[reading_path(quads)]
    lines = np.stack([quads[:, 0] + quads[:, 1], quads[:, 3] + quads[:, 2]]) / 2
    top, bottom = np.concatenate([quads[None, 0, [0, 3]], lines.swapaxes(0, 1), quads[None, -1, [1, 2]]]).swapaxes(0, 1)
    return np.concatenate([top, bottom[::-1]])


def reading_path(quads) -> list:
    """Returns the order in which a text's components (N, 4, 2) are read.

    A path that begins anywhere grows at either end by the component that is nearest to it.
    """
    centers = (quads[:, :2] + quads[:, 2:]).sum(axis=1) / 4
    distances = squared_distances(centers)
    distances[:, 0] = np.inf
    before, after = [0], [0]
    for _ in range(len(quads) - 1):
        first, last = distances[before[-1]], distances[after[-1]]
        to_first, to_last = first.argmin(), last.argmin()
        side, nearest = (before, to_first) if first[to_first] < last[to_last] else (after, to_last)
        side.append(nearest)
        distances[:, nearest] = np.inf
    path = before[:0:-1] + after
    steps = np.diff(centers[path], axis=0)
    reads = (quads[:, 1:3] - quads[:, [0, 3]]).sum(axis=1)[path]
    return path if (steps * (reads[1:] + reads[:-1])).sum() >= 0 else path[::-1]
