"""Skeletons and centre lines in reading order."""

import numpy as np
import pytest

from ppocr.geometry.center_lines import (
    gathering_lines,
    in_reading_order,
    made_longer,
    skeleton_lines,
    without_gaps,
)
from ppocr.geometry.thinning import thinned


def bar(left, right, size=(12, 40)):
    mask = np.zeros(size, np.uint8)
    mask[3:8, left:right] = 1
    return mask


def ways(y, x, size=(12, 40)):
    """Ways to the next character that are the same everywhere."""
    return np.stack([np.full(size, x, np.float32), np.full(size, y, np.float32)])


def in_order(points, field):
    (line,) = in_reading_order([points], field)
    return line


def longer(points, field, mask):
    (line,) = made_longer([points], field, mask)
    return line[:, 1].tolist()


def test_a_bar_becomes_its_middle_line():
    rows, columns = np.nonzero(thinned(bar(5, 30)))
    assert set(rows.tolist()) == {5} and len(columns) > 18


def test_a_skeleton_is_a_pixel_wide_and_hangs_together_as_before():
    rng = np.random.default_rng(1)
    for _ in range(20):
        mask = np.zeros((30, 40), np.uint8)
        for top, left, height, width in rng.integers((0, 0, 3, 3), (24, 30, 6, 10), (4, 4)):
            mask[top : top + height, left : left + width] = 1
        thin = thinned(mask)
        assert not (thin > mask).any()
        assert len(skeleton_lines(mask, 1)) == len(skeleton_lines(thin, 1))
        squares = thin[1:, 1:] + thin[:-1, 1:] + thin[1:, :-1] + thin[:-1, :-1]
        assert (squares == 4).sum() <= 1  # what crosses may be a little wider


@pytest.mark.parametrize("mask", [np.zeros((4, 5), np.uint8), np.eye(6, dtype=np.uint8)])
def test_what_is_thin_stays(mask):
    np.testing.assert_array_equal(thinned(mask), mask)


def test_short_skeletons_are_left_out():
    mask = bar(2, 20) | bar(30, 36)
    long, short = sorted(map(len, skeleton_lines(mask, 1)), reverse=True)
    assert [len(line) for line in skeleton_lines(mask, short + 1)] == [long]


def test_points_run_along_the_ways():
    (line,) = skeleton_lines(bar(5, 30), 3)
    forward, back = (in_order(line, ways(0, x)) for x in (6, -6))
    assert (np.diff(forward[:, 1]) > 0).all()
    np.testing.assert_array_equal(forward[::-1], back)


def test_each_half_of_a_bent_line_is_put_in_order():
    angles = np.linspace(np.pi, 2 * np.pi, 40)
    arch = np.stack([30 + 20 * np.sin(angles), 25 + 20 * np.cos(angles)], axis=1)
    points = np.unique(np.rint(arch).astype(int), axis=0)
    field = np.zeros((2, 40, 60), np.float32)
    y, x = np.mgrid[:40, :60] - np.array([30, 25])[:, None, None]
    field[0], field[1] = -y, x  # about the middle, from the left over the top to the right
    ordered = in_order(points, field)
    assert ordered[0, 1] == 5 and ordered[-1, 1] == 45
    assert np.abs(np.diff(ordered, axis=0)).max() <= 2


def test_a_line_grows_to_the_ends_of_its_mask_but_not_far():
    mask, points = bar(5, 30), np.array([[5, x] for x in range(10, 20)])
    assert longer(points, ways(0, 2), mask) == [8, 9, *range(10, 20), 20, 21]
    assert longer(points, ways(0, 20), mask) == list(range(5, 26))  # the mask ends on the left
    assert longer(points, ways(0, 2), np.zeros_like(mask)) == list(range(10, 20))


def test_gaps_are_filled_on_the_straight_way_but_not_from_line_to_line():
    line = np.array([[0, 0], [1, 1], [1, 5], [4, 6], [4, 6]])
    filled = [[0, 0], [1, 1], [1, 2], [1, 3], [1, 4], [1, 5], [2, 5], [3, 6], [4, 6], [4, 6]]
    lines = without_gaps([line, np.array([[3, 40]]), line])
    assert [one.tolist() for one in lines] == [filled, [[3, 40]], filled]


def test_a_gathering_line_may_have_holes():
    points, mask = np.array([[5, 10], [5, 14], [5, 12]]), bar(5, 30)
    with_holes, without = (gathering_lines([points], ways(0, 3), mask, holes) for holes in (False, True))
    assert with_holes[0][:, 1].tolist() == [8, 9, 10, 12, 14, 15, 16]
    assert without[0][:, 1].tolist() == list(range(8, 17))
    assert gathering_lines([], ways(0, 3), mask, True) == []


def test_lines_do_not_depend_on_their_neighbours():
    rng = np.random.default_rng(0)
    field, mask = rng.normal(0, 8, (2, 40, 50)).astype(np.float32), (rng.random((40, 50)) < 0.8).astype(np.uint8)
    lines = [rng.integers(0, 40, (count, 2)) for count in (3, 40, 1, 15, 16, 5)]
    together = gathering_lines(lines, field, mask, True)
    for line, found in zip(lines, together):
        (alone,) = gathering_lines([line], field, mask, True)
        np.testing.assert_array_equal(found, alone)
