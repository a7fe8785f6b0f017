"""Text outlines as pairs of points on a top and a bottom line."""

import numpy as np
import pytest

from ppocr.data.imaug.text_ribbon import Ribbon, distinct, fill_boxes, pixels_of, resample, ribbon_of, sides

BOX = np.array([[0, 0], [40, 0], [40, 10], [0, 10]], float)


def arch(count):
    """A text along the upper half of a ring between the radii 70 and 100, from left to right."""
    angles = np.linspace(np.pi, 2 * np.pi, count)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([200 + 100 * ring, (200 + 70 * ring)[::-1]])


@pytest.mark.parametrize("turn", range(4))
def test_sides_of_a_box_do_not_depend_on_where_it_starts(turn):
    top, bottom = sides(np.roll(BOX, turn, axis=0))
    assert sorted(top.tolist()) == [[0, 0], [40, 0]]
    assert (top[:, 0] == bottom[:, 0]).all() and (bottom[:, 1] == 10).all()


def test_a_box_in_reading_order_runs_from_its_first_point():
    top, bottom = sides(BOX)
    assert (top.tolist(), bottom.tolist()) == ([[0, 0], [40, 0]], [[0, 10], [40, 10]])


def test_an_upright_box_runs_downwards_and_a_squat_one_does_not():
    top, bottom = sides(BOX[:, ::-1])
    assert sorted(top[:, 1].tolist()) == [0, 40] and len(set(top[:, 0].tolist())) == 1
    assert len(set(sides(BOX * (0.3, 1))[0][:, 1].tolist())) == 1  # 12 x 10


@pytest.mark.parametrize("turn", range(14))
def test_sides_of_a_curved_text(turn):
    top, bottom = sides(np.roll(arch(7), turn, axis=0))
    radii = [np.hypot(*(line - 200).T) for line in (top, bottom)]
    assert (len(top), len(bottom)) == (7, 7)
    np.testing.assert_allclose(np.sort(np.mean(radii, axis=1)), [70, 100])
    np.testing.assert_allclose(np.hypot(*(top - bottom).T), 30)


def test_resampling_keeps_the_ends_and_equal_steps():
    line = np.array([[0, 0], [6, 0], [6, 2]], float)
    assert resample(line, 5).tolist() == [[0, 0], [2, 0], [4, 0], [6, 0], [6, 2]]
    assert resample(line, 3, 0.25, 0.75).tolist() == [[2, 0], [4, 0], [6, 0]]


def test_ribbon_of_a_box():
    ribbon = ribbon_of(BOX, 8.0)
    assert len(ribbon.top) == 6 and (ribbon.center[:, 1] == 5).all()
    assert ribbon.end_widths().tolist() == [10, 10]
    assert ribbon.narrowed(0.4).top[:, 1].tolist() == [3] * 6
    assert ribbon.trimmed(1, 1).top[:, 0].tolist() == pytest.approx([8, 16, 24, 32])
    assert len(ribbon.trimmed(2, 1).top) == 6  # too little would be left
    assert ribbon.reversed().top[0].tolist() == [40, 0]


def test_repeated_points_do_not_count():
    padded = np.concatenate([BOX, BOX[-1:], BOX[-1:]])
    assert distinct(padded).tolist() == BOX.tolist()
    triangle = np.array([[0, 0], [10, 0], [0, 10], [0, 10]], float)
    assert distinct(triangle).shape == (4, 2)


def test_drawing_boxes_and_their_pixels():
    mask = np.zeros((12, 12), np.uint8)
    fill_boxes(mask, Ribbon(np.array([[2.0, 3], [6, 3]]), np.array([[2.0, 5], [6, 5]])))
    assert mask.sum() == 15 and mask[3:6, 2:7].all()
    ys, xs = pixels_of(np.array([[-3, 4], [2, 4], [2, 30], [-3, 30]]), (12, 12))
    assert (xs.min(), xs.max(), ys.min(), ys.max(), len(xs)) == (0, 2, 4, 11, 24)
    assert pixels_of(np.array([[20, 4], [30, 4], [30, 9]]), (12, 12)).shape == (2, 0)
