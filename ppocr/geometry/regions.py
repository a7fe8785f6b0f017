"""Regions of a map: pixels that hang together, and regions that grow until they meet."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Region:
    """Some pixels of a map.

    Attributes:
        left, top: of the smallest upright rectangle around them.
        mask: uint8 (height, width) of that rectangle: 1 for each pixel of the region.
    """

    left: int
    top: int
    mask: np.ndarray

    @property
    def area(self) -> int:
        """Number of pixels."""
        return cv2.countNonZero(self.mask)

    def cut(self, plane) -> np.ndarray:
        """Returns the part of a map (H, W) in the rectangle."""
        height, width = self.mask.shape
        return plane[self.top : self.top + height, self.left : self.left + width]

    def outline(self) -> np.ndarray:
        """Returns the outline of a region that hangs together, int32 (points, 2), x first."""
        contours = cv2.findContours(self.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(self.left, self.top))
        return contours[-2][0][:, 0]

    def labelled(self, labels) -> list:
        """Returns the parts that have labels above 0, given for each pixel of the rectangle, as regions."""
        found = np.flatnonzero(np.bincount(labels.reshape(-1)))
        return [self._within((labels == label).view(np.uint8)) for label in found.tolist() if label]

    def _within(self, mask):
        left, top, width, height = cv2.boundingRect(mask)
        return Region(self.left + left, self.top + top, mask[top : top + height, left : left + width])


def outer_regions(mask):
    """Yields the regions of a map, uint8 (H, W) of 0 and 1; what lies in a hole of a region belongs to it.

    Pixels hang together by their sides and corners.
    """
    for contour in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]:
        left, top, width, height = cv2.boundingRect(contour)
        inside = np.zeros((height, width), np.uint8)
        cv2.drawContours(inside, [contour], 0, 1, cv2.FILLED, offset=(-left, -top))
        yield Region(left, top, inside & mask[top : top + height, left : left + width])


def numbered_regions(mask) -> np.ndarray:
    """Returns the numbers, from 1 on, of the regions of a map, uint8 (H, W) of 0 and 1, for each pixel; int32 (H, W).

    Pixels hang together by their sides and corners; a region has no holes.
    """
    contours = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]
    filled = cv2.drawContours(np.zeros(mask.shape, np.uint8), contours, -1, 1, cv2.FILLED)
    return cv2.connectedComponents(filled, connectivity=8)[1]


def grown_regions(kernel, levels: int, least_area: int):
    """Lets the parts of the smallest kernel grow through the larger ones, and yields what they have become.

    Pixels hang together by their sides.  Where parts meet, the first to reach a pixel has it.

    Source: progressive scale expansion (https://arxiv.org/abs/1903.12473), algorithm 1.

    Args:
        kernel: called with a level, from 0, the largest, to ``levels - 1``, the smallest; gives uint8 (H, W) of 0 and
            1.  It is asked for others than these two only where parts compete, again and again.
        levels: number of kernels.
        least_area: pixels that a part of the smallest kernel needs.

    Yields:
        :class:`Region`: in no particular order.
    """
    ground, smallest = kernel(0), kernel(levels - 1)
    whole = Region(0, 0, ground)
    if _hangs_together(ground):  # as most often, and then there is nothing to cut out
        windows = [whole]
    else:
        windows = outer_regions(ground)
    for window in windows:
        count, seeds = _seeds(window.cut(smallest) & window.mask, least_area)
        if count == 1 and (window is whole or _hangs_together(window.mask)):
            yield window
        elif count:
            kernels = (window.cut(kernel(level)) for level in range(1, levels - 1))
            yield from window.labelled(_claimed(window.mask, seeds, kernels))


def _hangs_together(mask) -> bool:
    return cv2.connectedComponents(mask, connectivity=4)[0] == 2


def _seeds(mask, least_area):
    """Returns how many parts of a mask are large enough, and their numbers, from 1 on, for each pixel."""
    count, labels = cv2.connectedComponents(mask, connectivity=4)
    if count <= 2:
        return int(cv2.countNonZero(mask) >= max(least_area, 1)), labels
    large = np.bincount(labels.reshape(-1)) >= least_area
    large[0] = False
    if not large[1:].all():
        labels = np.where(large, np.arange(count, dtype=labels.dtype), 0)[labels]
    return int(large.sum()), labels


def _claimed(mask, seeds, kernels):
    """Returns whose each pixel of a mask is, 0 for nobody's.

    A part of the mask with one seed in it is that seed's; where several are, these grow in the next smaller kernel
    first.

    Args:
        mask: uint8 (H, W), with all seeds in it.
        seeds: int32 (H, W), numbers from 1 on.
        kernels: iterator over the smaller kernels, uint8 (H, W), from the largest on.
    """
    count, parts = cv2.connectedComponents(mask, connectivity=4)
    part_of = np.zeros(seeds.max() + 1, np.intp)
    where = np.flatnonzero(seeds)
    part_of[seeds.reshape(-1)[where]] = parts.reshape(-1)[where]  # a seed hangs together, so it lies in one part
    rivals = np.bincount(part_of, minlength=count)
    rivals[0] = 0
    owners = np.zeros(count, seeds.dtype)
    owners[part_of] = np.arange(len(part_of))
    labels = np.where(rivals == 1, owners, 0)[parts]
    if (rivals > 1).any():
        contested = (rivals > 1)[parts]
        seeds = np.where(contested, seeds, 0)
        smaller = next(kernels, None)
        if smaller is not None:
            seeds = _claimed(((smaller > 0) | (seeds > 0)).view(np.uint8) & contested.view(np.uint8), seeds, kernels)
        labels += _spread(seeds, contested & (seeds == 0))
    return labels


def _spread(labels, free):
    """Returns labels (H, W; 0 is none) spread over the free pixels, a step to each side at a time."""
    labels, free = np.pad(labels, 1), np.pad(free, 1)
    near = cv2.dilate(free.view(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    front = np.flatnonzero(near.view(bool) & (labels > 0))
    width, flat, free = labels.shape[1], labels.reshape(-1), free.reshape(-1)
    while len(front):
        reached = []
        for step in (-width, width, -1, 1):
            places = front + step
            taken = free[places]
            places = places[taken]
            flat[places] = flat[front[taken]]
            free[places] = False
            reached.append(places)
        front = np.concatenate(reached)
    return labels[1:-1, 1:-1]
