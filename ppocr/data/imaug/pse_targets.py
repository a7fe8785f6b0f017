"""Targets of the PSE text detector: text regions, shrunk more and more.

Wang et al., Shape Robust Text Detection with Progressive Scale Expansion Network, 2019.
"""

from typing import Annotated

import cv2
import numpy as np

from ppocr.data.imaug.db_maps import LESS_THAN_A_PIXEL
from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.data.imaug.resize_det import check_size
from ppocr.geometry.polygons import offset_polygon, perimeters, signed_areas
from ppocr.registry import OPERATORS
from ppocr.values import Fraction, Range, Side


def shrink(polygon, ratio: float) -> np.ndarray:
    """Moves the outline of a polygon (K x 2) inwards by ``area * (1 - ratio^2) / length``.

    Returns:
        The shrunk polygon on whole pixels, ``int32``; the polygon itself where nothing would be left.
    """
    length = perimeters(polygon[None])[0] + 1e-3
    shrunk = offset_polygon(polygon, -abs(signed_areas(polygon[None])[0]) * (1 - ratio * ratio) / length)
    return shrunk[0] if shrunk and len(shrunk[0]) > 2 else polygon.astype(np.int32)


@OPERATORS.register()
class MakePseGt(Operator):
    """Enlarges small images and draws ``gt_kernels``: the texts at ever smaller sizes.

    Args:
        kernel_num: n, number of kernels.
        size: an image with a shorter side below this is enlarged, with its polygons.
        min_shrink_ratio: r: kernel i (1 ... n) is shrunk by the ratio ``1 - (1 - r) i / (n - 1)``, as PaddleOCR has it.

    Sets ``gt_kernels`` (n x H x W), ``gt_text`` (H x W, the first of them) and ``mask`` (H x W, 0 in the texts that are
    to be ignored), all ``float32`` of 0 and 1.
    """

    reads = ("image", "polys", "ignore_tags")
    writes = ("image", "polys", "gt_kernels", "gt_text", "mask")

    def __init__(
        self, kernel_num: Annotated[int, Range(2, 100)] = 7, size: Side = 640, min_shrink_ratio: Fraction = 0.4
    ):
        self.ratios = 1 - (1 - min_shrink_ratio) / (kernel_num - 1) * np.arange(1, kernel_num + 1)
        self.size = size

    def __call__(self, data):
        image = data["image"]
        polys = np.asarray(data["polys"], np.float32)
        scale = self.size / min(image.shape[:2])
        if scale > 1:
            check_size(image, *np.multiply(image.shape[:2], scale))
            image = cv2.resize(image, None, fx=scale, fy=scale)
            polys = polys * np.float32(scale)
        note_lost_boxes(
            data, LESS_THAN_A_PIXEL, (np.abs(signed_areas(polys)) < 1) & ~np.asarray(data["ignore_tags"], bool)
        )
        kernels = np.zeros((len(self.ratios), *image.shape[:2]), np.float32)
        for kernel, ratio in zip(kernels, self.ratios):
            for polygon in polys:
                cv2.fillPoly(kernel, [shrink(polygon, max(ratio, 0))], 1)
        mask = np.ones(image.shape[:2], np.float32)
        for polygon in polys[np.asarray(data["ignore_tags"], bool)]:
            cv2.fillPoly(mask, [polygon.astype(np.int32)], 0)
        data.update(image=image, polys=polys, gt_kernels=kernels, gt_text=kernels[0].copy(), mask=mask)
        return data
