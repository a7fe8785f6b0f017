"""Suppression of outlines, against the plain rule and shapely."""

import numpy as np
import pytest
import shapely

from ppocr.geometry.fourier import outlines_of
from ppocr.geometry.outline_nms import suppress_outlines


def random_outlines(count, seed, spread):
    """Returns ellipses of one size with a few waves, around places ``spread`` apart."""
    rng = np.random.default_rng(seed)
    coefficients = np.zeros([count, 5], complex)
    coefficients[:, 2] = rng.normal(0, spread, count) + 1j * rng.normal(0, spread, count)
    coefficients[:, 3] = rng.uniform(8, 12, count)
    coefficients[:, [0, 1, 4]] = rng.normal(0, 1, (count, 3)) + 1j * rng.normal(0, 1, (count, 3))
    return outlines_of(coefficients, 24)


def plainly(outlines, scores, threshold, groups):
    kept, polygons = [], [shapely.Polygon(outline).buffer(0) for outline in outlines]
    for i in sorted(range(len(outlines)), key=lambda i: (-scores[i], -i)):
        rivals = [polygons[k] for k in kept if groups[k] == groups[i]]
        if all(r.intersection(polygons[i]).area <= threshold * r.union(polygons[i]).area for r in rivals):
            kept.append(i)
    return kept


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("spread", [1, 8, 40])
def test_what_stays_is_what_the_plain_rule_keeps(threshold, spread):
    outlines = random_outlines(40, spread, spread)
    rng = np.random.default_rng(3)
    scores, groups = rng.integers(0, 9, 40) / 8, rng.integers(0, 3, 40)
    assert suppress_outlines(outlines, scores, threshold, groups).tolist() == plainly(
        outlines, scores, threshold, groups
    )
    alone = np.zeros(40, int)
    assert suppress_outlines(outlines, scores, threshold).tolist() == plainly(outlines, scores, threshold, alone)


def test_nothing_stays_of_nothing():
    assert suppress_outlines(np.zeros((0, 24, 2)), np.zeros(0), 0.1).tolist() == []


@pytest.mark.parametrize("shift, kept", [(4.9, 1), (5.1, 2)])
def test_the_threshold_is_one_of_the_intersection_over_union(shift, kept):
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    # shifted by 5 they share 50 of 150
    assert len(suppress_outlines(np.stack([square, square + [shift, 0]]), np.array([1, 2]), 1 / 3)) == kept


def test_a_wave_of_order_one_is_a_circle():
    np.testing.assert_allclose(outlines_of(np.array([0, 5 + 1j, 2]), 4), [[7, 1], [5, 3], [3, 1], [5, -1]], atol=1e-12)
