"""Sampling of rotated boxes, on maps whose means can be told."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.layers.rotated_roi_align import rotated_roi_align


def slopes(height=40, width=50):
    """Maps of the coordinates x and y: the middle of a pixel is half a pixel from its corner."""
    y, x = np.mgrid[:height, :width] + 0.5
    return paddle.to_tensor(np.stack([x, y]).astype("float32"), stop_gradient=False)


@pytest.mark.parametrize("degrees", [0, 30, 90, 200])
def test_bins_lie_along_the_sides_of_a_box(degrees):
    turn = np.deg2rad(degrees)
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    center = np.array([25.0, 20.0])
    pooled = rotated_roi_align(slopes(), center[None], 9 * across[None], 16 * along[None], (3, 4)).numpy()
    assert pooled.shape == (1, 2, 3, 4)
    for row in range(3):
        for column in range(4):
            expected = center + across * 3 * (row - 1) + along * 4 * (column - 1.5)
            np.testing.assert_allclose(pooled[0, :, row, column], expected, rtol=1e-5)


def test_boxes_of_other_sizes_are_read_as_well():
    centers, rows, columns = (
        np.array([[10.0, 10], [30, 20]]),
        np.array([[0, 2.0], [0, 12]]),
        np.array([[3.0, 0], [30, 0]]),
    )
    pooled = rotated_roi_align(slopes(), centers, rows, columns, (2, 3)).numpy()
    np.testing.assert_allclose(pooled[0, 0, 0], [9, 10, 11], rtol=1e-5)
    np.testing.assert_allclose(pooled[0, 1, :, 0], [9.5, 10.5], rtol=1e-5)
    np.testing.assert_allclose(pooled[1, 0, 0], [20, 30, 40], rtol=1e-5)
    np.testing.assert_allclose(pooled[1, 1, :, 0], [17, 23], rtol=1e-5)


def test_a_box_that_covers_pixels_gives_their_mean():
    features = np.random.default_rng(0).random((1, 8, 8)).astype("float32")
    box = (np.array([[4.0, 4]]), np.array([[0, 4.0]]), np.array([[4.0, 0]]))
    pooled = rotated_roi_align(paddle.to_tensor(features), *box, (1, 1)).numpy()
    np.testing.assert_allclose(pooled.ravel(), features[0, 2:6, 2:6].mean(), rtol=1e-5)


def test_outside_is_nothing_and_gradients_go_to_the_pixels_read():
    features = paddle.ones([1, 8, 8])
    features.stop_gradient = False
    box = (np.array([[0.0, 4]]), np.array([[0, 2.0]]), np.array([[4.0, 0]]))
    pooled = rotated_roi_align(features, *box, (1, 2))
    np.testing.assert_allclose(pooled.numpy().ravel(), [0, 1], atol=1e-6)
    pooled.sum().backward()
    gradient = features.grad.numpy()[0]
    np.testing.assert_allclose(gradient[3:5, :2], 0.25, atol=1e-6)
    assert np.count_nonzero(gradient) == 4
