"""How close enlarged images come to the true ones."""

import math
from typing import Literal

import cv2
import numpy as np

from ppocr.data.batch import fields_of
from ppocr.metrics.base import Metric
from ppocr.registry import METRICS

MOST_DB = 100.0  # of images that are the same
WINDOW, SIGMA = 11, 1.5
STEADY = 0.01**2, 0.03**2


def psnr(one, other) -> float:
    """Returns the peak signal-to-noise ratio of images with values from 0 to 1, in decibels, 100 at most."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return MOST_DB if error == 0 else min(-10 * math.log10(error), MOST_DB)


def ssim(one, other) -> float:
    """Returns the structural similarity of images ``(C, H, W)`` with values from 0 to 1; beyond them is 0.

    Source: Image Quality Assessment: From Error Visibility to Structural Similarity (TIP 2004).
    """
    return float(np.mean([_ssim_of_channel(*pair) for pair in zip(one.astype(np.float64), other.astype(np.float64))]))


def _ssim_of_channel(x, y):
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x, var_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    both = _blurred(x * y) - mean_x * mean_y
    light, contrast = STEADY
    above = (2 * mean_x * mean_y + light) * (2 * both + contrast)
    return (above / ((mean_x**2 + mean_y**2 + light) * (var_x + var_y + contrast))).mean()


def _blurred(x):
    return cv2.GaussianBlur(x, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_CONSTANT)


@METRICS.register()
class SRMetric(Metric):
    """Means over all images of the peak signal-to-noise ratio, in decibels, and of the structural similarity.

    Results count as they are written, with values below 0 and above 1 cut off.

    Args:
        main_indicator: ``all``, the sum of both, or one of them.
    """

    counts = ("psnr", "ssim", "samples")
    reads = ("img_hr",)
    task = "sr"

    def __init__(self, main_indicator: Literal["all", "psnr_avg", "ssim_avg"] = "all"):
        super().__init__(main_indicator)

    def __call__(self, preds, batch=None) -> dict:
        """Counts a batch and returns the values of this batch alone.

        Args:
            preds: ``sr_img`` ``(N, C, H, W)``, and ``hr_img`` where there is no ``batch``.
            batch: has ``img_hr``.
        """
        large = preds["hr_img"] if batch is None else fields_of(batch, self.reads)[0]
        pairs = zip(np.asarray(preds["sr_img"]).clip(0, 1), np.asarray(large))
        return self._count([(psnr(*pair), ssim(*pair), 1) for pair in pairs])

    def update(self, result, batch):
        """See :class:`Metric`."""
        return self(result, batch)

    def add_unreadable(self, labels):
        """Counts samples without a result as 0."""
        self._count([(0.0, 0.0, 1)] * len(labels))

    def all_right(self) -> bool:
        """See :class:`Metric`; no image is wrong, some are only closer to the truth than others."""
        return True

    def summarise(self, totals) -> dict:
        """Returns ``psnr_avg``, ``ssim_avg`` and ``all``."""
        samples = max(totals["samples"], 1)
        means = {"psnr_avg": totals["psnr"] / samples, "ssim_avg": totals["ssim"] / samples}
        return {**means, "all": sum(means.values())}
