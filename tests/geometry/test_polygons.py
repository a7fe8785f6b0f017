"""Areas, crossings and their repair."""

import numpy as np
import pytest

from ppocr.geometry.polygons import areas, crossing, in_order, untangled

SQUARE = np.array([[0.0, 0], [4, 0], [4, 3], [0, 3]])


def test_areas_whichever_way_round():
    polys = np.stack([SQUARE, SQUARE[::-1], SQUARE[[0, 1, 2, 2]], SQUARE[[0, 1, 1, 0]], SQUARE[[0, 1, 3, 2]]])
    assert areas(polys).tolist() == [12, 12, 6, 0, 0]
    assert areas(np.zeros((0, 4, 2))).tolist() == [] and areas(SQUARE[None, :2]).tolist() == [0]


def test_crossing_outlines():
    polys = np.stack([SQUARE, SQUARE[[0, 1, 2, 2]], SQUARE[[0, 1, 3, 2]], SQUARE[[0, 2, 1, 3]]])
    assert crossing(polys).tolist() == [False, False, True, True]
    assert crossing(SQUARE[None, :2]).tolist() == [False] and crossing(np.zeros((0, 4, 2))).tolist() == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 1, 3, 2), (0, 3, 1, 2), (0, 2, 1, 3)])
def test_corners_clockwise_from_the_first_one(order):
    np.testing.assert_array_equal(in_order(SQUARE[list(order)]), SQUARE)


def test_an_outline_of_two_equal_parts_is_not_guessed():
    bow = np.array([[0.0, 0], [2, 2], [4, 0], [4, 4], [2, 2.5], [2, 1.5], [0, 4]])
    assert untangled(bow) is None
    assert untangled(np.array([[0.0, 0], [1, 1], [2, 2], [3, 3], [1, 1]])) is None
