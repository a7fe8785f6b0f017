"""SRMetric: decibels and structural similarity."""

import numpy as np
import pytest

from ppocr.metrics import build_metric
from ppocr.metrics.sr_metric import SIGMA, psnr, ssim

RNG = np.random.default_rng(0)


def window_means(x):
    """Gaussian means around each pixel, by the definition: 11 x 11 pixels, with 0 beyond the image."""
    places = np.arange(-5, 6)
    weights = np.exp(-(places**2) / (2 * SIGMA**2))
    weights = np.outer(weights, weights) / weights.sum() ** 2
    padded = np.pad(x, 5)
    return np.array(
        [[(weights * padded[i : i + 11, j : j + 11]).sum() for j in range(x.shape[1])] for i in range(len(x))]
    )


def test_the_similarity_is_that_of_the_definition():
    x, y = RNG.random((2, 9, 12))
    means, squares = [window_means(one) for one in (x, y)], [window_means(one * one) for one in (x, y)]
    var_x, var_y = (square - mean**2 for square, mean in zip(squares, means))
    both = window_means(x * y) - means[0] * means[1]
    light = (2 * means[0] * means[1] + 1e-4) / (means[0] ** 2 + means[1] ** 2 + 1e-4)
    expected = (light * (2 * both + 9e-4) / (var_x + var_y + 9e-4)).mean()
    assert ssim(x[None], y[None]) == pytest.approx(expected)
    assert ssim(x[None], x[None]) == pytest.approx(1.0)


def test_decibels():
    image = RNG.random((3, 4, 5))
    assert psnr(image, image) == 100.0
    assert psnr(np.zeros((3, 4, 5)), np.full((3, 4, 5), 0.01)) == pytest.approx(40.0)


def test_values_that_no_image_has_are_cut_off_and_the_truth_may_come_with_the_result():
    metric = build_metric({"name": "SRMetric"})
    white = np.ones([1, 3, 4, 4])
    assert metric({"sr_img": 1.5 * white, "hr_img": white})["psnr_avg"] == 100.0
    metric.add_unreadable(["a"])
    assert metric.get_metric() == pytest.approx({"psnr_avg": 50.0, "ssim_avg": 0.5, "all": 50.5})
