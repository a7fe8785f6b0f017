"""Affine matrices, the warp, and measures of polygons."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.imaug import create_operators, transform
from ppocr.data.imaug.perspective import warp_projection
from ppocr.errors import Dropped
from ppocr.geometry.polygons import following, perimeters, signed_areas
from ppocr.geometry.warps import IDENTITY, map_points, rotation, scaling, then, translation, warp


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def test_matrices():
    assert map_points([[1, 2]], scaling(3, 4)).tolist() == [[3, 8]]
    assert map_points([[1, 2]], translation(3, 4)).tolist() == [[4, 6]]
    assert map_points([[1, 2]], then(scaling(3, 4), translation(1, 1))).tolist() == [[4, 9]]
    # clockwise on the screen, where y grows downwards: right goes to below
    np.testing.assert_allclose(map_points([[7, 5]], rotation(90, (5, 5))), [[5, 7]], atol=1e-6)


def test_identity_gives_the_image_itself(image):
    assert warp(image, IDENTITY, 30, 20) is image


def test_flips_and_crops_move_whole_pixels(image):
    mirror = then(scaling(-1, 1), translation(30, 0))
    assert (warp(image, mirror, 30, 20) == image[:, ::-1]).all()
    upside_down = then(scaling(1, -1), translation(0, 20))
    assert (warp(image, upside_down, 30, 20) == image[::-1]).all()
    assert (warp(image, translation(-4, -3), 10, 8) == image[3:11, 4:14]).all()
    shifted = warp(image, translation(4, 3), 30, 20)
    assert (shifted[3:, 4:] == image[:-3, :-4]).all()
    assert not shifted[:3].any() and not shifted[:, :4].any()


def test_quarter_turn_moves_whole_pixels(image):
    square = image[:, :20]
    turned = warp(square, rotation(90, (10, 10)), 20, 20)
    assert (turned == np.rot90(square, -1)).all()


@settings(max_examples=40, deadline=None)
@given(st.floats(-180, 180), st.floats(0.3, 4), st.floats(-900, 500), st.floats(-900, 500))
def test_large_results_are_those_of_opencv(degrees, factor, x, y):
    page = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    matrix = then(then(rotation(degrees, (60, 45)), scaling(factor, factor)), translation(x, y))
    on_centers = then(then(translation(0.5, 0.5), matrix), translation(-0.5, -0.5))
    for interpolation in (cv2.INTER_LINEAR, cv2.INTER_CUBIC):
        expected = cv2.warpAffine(page, on_centers, (320, 256), flags=interpolation)
        out = np.full((256, 320, 3), 7, np.uint8)
        assert warp(page, matrix, 320, 256, out=out, interpolation=interpolation) is out
        difference = np.abs(out.astype(int) - expected)
        assert difference.max() <= 3 and (difference > 0).mean() < 0.02


def test_transparent_borders_keep_what_is_there(image):
    out = np.full((300, 300, 3), 7, np.uint8)
    warp(image, then(rotation(5, (0, 0)), translation(50, 50)), 300, 300, out=out, border=cv2.BORDER_TRANSPARENT)
    assert (out[200:] == 7).all() and (out[55:65, 55:65] != 7).any()


@pytest.mark.parametrize("size, target", [((1, 40000), (10, 10)), ((10, 10), (2, 33000))])
def test_what_opencv_cannot_warp_is_dropped(size, target):
    image, (height, width) = np.zeros((*size, 3), np.uint8), target
    for change, matrix in ((warp, rotation(5, (0, 0))), (warp_projection, np.eye(3))):
        with pytest.raises(Dropped, match="too_large: .* no side may be longer than 32766"):
            change(image, matrix, width, height)


@pytest.mark.parametrize("entry", [{"RandAugment": {"prob": 1.0, "num_layers": 20}}, {"RecAug": {"tia_prob": 1.0}}])
def test_operators_on_text_lines_drop_it_too(entry):
    data = {"image": np.zeros((20, 40000, 3), np.uint8)}
    assert transform(data, create_operators([entry]), np.random.default_rng(0)) is None


def test_out_is_written_in_place(image):
    for matrix in (
        then(scaling(0.5, 0.5), translation(0.3, 0)),
        scaling(0.5, 0.5),
        then(scaling(-0.5, 0.5), translation(15, 0)),
    ):
        canvas = np.full((12, 20, 3), 7, np.uint8)
        warp(image, matrix, 15, 10, out=canvas[:10, :15])
        assert (canvas[:10, :15] == warp(image, matrix, 15, 10)).all()
        assert (canvas[10:] == 7).all() and (canvas[:, 15:] == 7).all()


def test_point_and_pixel_move_together():
    image = np.zeros((60, 80), np.uint8)
    image[30, 50] = 255
    matrix = then(then(rotation(25, (40, 30)), scaling(1.5, 1.5)), translation(3.5, -2))
    moved = warp(image, matrix, 120, 90).astype(float)
    ys, xs = np.mgrid[:90, :120] + 0.5
    center = [(xs * moved).sum() / moved.sum(), (ys * moved).sum() / moved.sum()]
    np.testing.assert_allclose(center, map_points([50.5, 30.5], matrix), atol=0.1)


def test_measures():
    square = [[0, 0], [4, 0], [4, 4], [0, 4]]
    assert signed_areas([square, square[::-1]]).tolist() == [16, -16]
    assert perimeters(np.array([square, [[0, 0], [3, 4], [3, 4], [3, 4]]])).tolist() == [16, 10]
    assert following(np.array([1, 2, 3])).tolist() == [2, 3, 1]


@settings(max_examples=40, deadline=None)
@given(st.floats(-180, 180), st.floats(0.3, 3), st.floats(-20, 20), st.floats(-20, 20))
def test_areas_scale_with_the_matrix(degrees, factor, x, y):
    matrix = then(then(rotation(degrees, (3, 4)), scaling(factor, 2 * factor)), translation(x, y))
    polygon = np.array([[[0, 0], [10, 1], [9, 5], [-1, 6]]], np.float64)
    area = signed_areas(map_points(polygon, matrix))[0]
    assert area == pytest.approx(signed_areas(polygon)[0] * 2 * factor**2, rel=1e-3)
