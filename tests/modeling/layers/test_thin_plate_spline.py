import numpy as np
import paddle

from ppocr.modeling.layers.thin_plate_spline import (
    GridGenerator,
    border_points,
    radial_basis,
    read_at,
    rising_points,
    spline_inverse,
    spline_matrix,
)

CENTERS = 2.0 * border_points(6, (0.0, 0.0)) - 1.0


def test_points_along_both_edges():
    np.testing.assert_allclose(
        border_points(6, (0.1, 0.2)),
        [[0.1, 0.2], [0.5, 0.2], [0.9, 0.2], [0.1, 0.8], [0.5, 0.8], [0.9, 0.8]],
    )


def test_points_that_rise():
    upper, lower = rising_points(6).reshape(2, 3, 2)
    np.testing.assert_allclose(upper, [[-1, 0], [0, -0.5], [1, -1]])
    np.testing.assert_allclose(lower, [[-1, 1], [0, 0.5], [1, 0]])


def test_radial_basis():
    values = radial_basis(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 4.0]]))
    np.testing.assert_allclose(values, [[0.0, 12.5 * np.log(25.0)]])


def test_spline_passes_through_its_points_and_keeps_straight_lines():
    centers = border_points(6, (0.0, 0.0))
    y, x = np.divmod(np.arange(25), 5)
    pixels = np.stack([x, y], axis=1) / 4
    matrix = spline_matrix(pixels, centers)
    np.testing.assert_allclose(matrix @ centers, pixels, atol=1e-12)
    moved = centers + np.random.default_rng(0).normal(size=centers.shape)
    np.testing.assert_allclose((matrix @ moved)[[0, 2, 4, 20, 22, 24]], moved, atol=1e-12)


def test_the_coefficients_meet_the_side_conditions():
    values = np.random.default_rng(1).normal(size=9)
    radial = (spline_inverse(CENTERS) @ values)[:6]
    np.testing.assert_allclose([radial.sum(), *(radial @ CENTERS)], values[6:], atol=1e-12)


def test_points_that_lie_on_the_edges_leave_every_pixel_where_it_is():
    grid = GridGenerator(6)(paddle.to_tensor(CENTERS[None].astype("float32")), (4, 5)).numpy()
    np.testing.assert_allclose(grid[0, :, 0, 1], [-0.75, -0.25, 0.25, 0.75], atol=1e-5)
    np.testing.assert_allclose(grid[0, 0, :, 0], [-0.8, -0.4, 0, 0.4, 0.8], atol=1e-5)


def test_the_grid_is_the_spline_through_the_points():
    moved = CENTERS + np.random.default_rng(2).normal(size=CENTERS.shape)
    grid = GridGenerator(6)(paddle.to_tensor(moved[None].astype("float32")), (3, 5)).numpy()
    y, x = np.divmod(np.arange(15), 5)
    pixels = np.stack([(2 * x + 1) / 5 - 1, (2 * y + 1) / 3 - 1], axis=1)
    np.testing.assert_allclose(grid.reshape(15, 2), spline_matrix(pixels, CENTERS) @ moved, atol=1e-4)


def test_the_layer_of_the_side_conditions_gives_x_y_and_sum_and_gets_gradients_of_zero():
    layer, conditions = GridGenerator(6), np.arange(6).reshape(3, 2)
    layer.fc.bias.set_value(conditions.flatten().astype("float32"))
    grid = layer(paddle.to_tensor(CENTERS[None].astype("float32"), stop_gradient=False), (3, 5))
    full = spline_inverse(CENTERS) @ np.concatenate([CENTERS, conditions[[2, 0, 1]]])
    terms = np.concatenate([radial_basis(np.zeros([1, 2]), CENTERS), [[1.0, 0.0, 0.0]]], axis=1)
    np.testing.assert_allclose(grid.numpy()[0, 1, 2], (terms @ full)[0], atol=1e-4)
    grid.sum().backward()
    assert not layer.fc.weight.grad.numpy().any()


def test_points_in_16_bits_give_a_grid_in_float32():
    points = paddle.to_tensor(CENTERS[None].astype("float32"))
    grid = GridGenerator(6)(points.astype("bfloat16"), (4, 300))
    assert grid.dtype == paddle.float32
    np.testing.assert_allclose(grid[0, 0, :, 0].numpy(), (2 * np.arange(300) + 1) / 300 - 1, atol=1e-5)


def test_what_lies_outside_is_zero_and_the_grid_gets_a_gradient():
    image = paddle.to_tensor([[[[1.0, 3.0]]]])
    grid = paddle.to_tensor([[[[0.0, 0.0], [4.0, 0.0]]]], stop_gradient=False)
    read = read_at(image, grid, training=True)
    np.testing.assert_allclose(read.numpy(), [[[[2.0, 0.0]]]])
    read.sum().backward()
    assert float(grid.grad[0, 0, 0, 0]) == 1.0  # from 1 to 3 within 2
    np.testing.assert_allclose(read_at(image, grid, training=False, outside="border").numpy(), [[[[2.0, 3.0]]]])
