"""Closed outlines as Fourier series.

Zhu et al., Fourier Contour Embedding for Arbitrary-Shaped Text Detection (https://arxiv.org/abs/2104.10442).
"""

import numpy as np


def fourier_waves(degree: int, count: int) -> np.ndarray:
    """Returns the waves whose sums are outlines: ``exp(2 pi i k t / count)``, complex128 ``(2 degree + 1, count)``.

    Args:
        degree: the orders k are -degree ... degree, a row each.
        count: points t of the outline, 0 ... count - 1.
    """
    return np.exp(2j * np.pi * np.outer(np.arange(-degree, degree + 1), np.arange(count)) / count)


def outlines_of(coefficients, count: int) -> np.ndarray:
    """Returns the outlines (..., count, 2) that have complex coefficients (..., 2 degree + 1)."""
    points = coefficients @ fourier_waves(coefficients.shape[-1] // 2, count)
    return points.view(np.float64).reshape(*points.shape, 2)
