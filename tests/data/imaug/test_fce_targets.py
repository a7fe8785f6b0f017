"""Targets of FCENet."""

import numpy as np

from ppocr.data.imaug.fce_targets import FCENetTargets, fourier_coefficients, resample_outline

BOX = np.array([[40, 40], [120, 40], [120, 64], [40, 64]], np.float32)


def outline(coefficients, count=200):
    """Returns the points that coefficients -k ... k stand for."""
    degree = len(coefficients) // 2
    turns = np.exp(2j * np.pi * np.outer(np.arange(count) / count, np.arange(-degree, degree + 1)))
    return turns @ coefficients


def test_a_circle_is_its_centre_and_its_radius():
    angles = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    circle = np.stack([50 + 20 * np.cos(angles), 30 + 20 * np.sin(angles)], axis=1)
    for points in (circle, circle[::-1]):
        coefficients = fourier_coefficients(points, 5)
        np.testing.assert_allclose(coefficients[5], 50 + 30j, atol=0.1)
        np.testing.assert_allclose(coefficients[6], -20j, atol=0.5)  # starts at the top, y points down
        assert np.abs(np.delete(coefficients, [5, 6])).max() < 0.1


def test_coefficients_give_the_outline_back():
    points = outline(fourier_coefficients(BOX, 40))
    outside = np.maximum(np.abs(points.real - 80) - 40, np.abs(points.imag - 52) - 12)
    assert np.abs(outside).max() < 1.5
    assert (abs(points[0].real - 80) < 1) and points[0].imag < 42


def test_points_of_an_outline():
    points = resample_outline(np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float), 8)
    assert points.tolist() == [[0, 0], [2, 0], [4, 0], [4, 2], [4, 4], [2, 4], [0, 4], [0, 2]]
    assert not fourier_coefficients(np.zeros((4, 2)), 5).any()


def targets(*polys, size=(320, 320)):
    data = {"image": np.zeros((*size, 3), np.uint8), "polys": np.array(polys, np.float32)}
    return FCENetTargets(fourier_degree=5)(data)


def test_each_scale_shows_the_texts_of_its_size():
    data = targets(BOX, BOX * 2.5, BOX * 0.5)  # 81, 201 and 41 of 320 pixels
    assert [data[f"p{i}_maps"].shape for i in (3, 4, 5)] == [(25, 40, 40), (25, 20, 20), (25, 10, 10)]
    assert data["p3_maps"][0, 3, 5] == 1 and data["p3_maps"][0, 20, 30] == 0  # only the smallest
    assert data["p4_maps"][0, 3, 5] == 1 and data["p4_maps"][0, 8, 12] == 1  # the other two
    assert data["p5_maps"][0, 4, 6] == 1 and data["p5_maps"][0].sum() == np.count_nonzero(data["p5_maps"][0])
    assert all((data[f"p{i}_maps"][2] == 1).all() for i in (3, 4, 5))


def test_every_pixel_of_a_text_leads_to_its_outline():
    maps = targets(BOX)["p4_maps"]
    text, center = maps[0] > 0, maps[1] > 0
    assert center.any() and (text | ~center).all()
    for y, x in np.argwhere(text):
        points = outline(maps[3:14, y, x] + 1j * maps[14:, y, x]) + x + 1j * y
        outside = np.maximum(np.abs(points.real * 16 - 80) - 40, np.abs(points.imag * 16 - 52) - 12)
        assert np.abs(outside).max() < 8
    assert not maps[3:, ~text].any()


def test_an_image_without_text():
    data = FCENetTargets()({"image": np.zeros((64, 64, 3), np.uint8), "polys": np.zeros((0, 4, 2), np.float32)})
    assert data["p3_maps"].sum() == 64
