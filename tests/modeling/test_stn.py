"""The transform STN_ON."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.layers.control_points import pixel_centers
from ppocr.modeling.transforms import build_transform

STN_ON = {
    "name": "STN_ON",
    "tps_inputsize": [32, 64],
    "tps_outputsize": [8, 20],
    "num_control_points": 6,
    "tps_margins": [0.1, 0.2],
    "stn_activation": "none",
}


def test_pixels_lie_from_edge_to_edge():
    np.testing.assert_allclose(pixel_centers((2, 3)), [[0, 0], [0.5, 0], [1, 0], [0, 1], [0.5, 1], [1, 1]])


@pytest.mark.parametrize("activation", ["none", "sigmoid"])
def test_untrained_it_stretches_the_image_to_its_margins(activation):
    layer = build_transform({**STN_ON, "stn_activation": activation}, "rec", in_channels=1)
    ramp = paddle.linspace(0.0, 1.0, 65).expand([1, 1, 17, 65])
    y = layer(ramp).numpy()
    assert y.shape == (1, 1, 8, 20) and layer.out_channels == 1
    x = np.linspace(0.0, 1.0, 20)
    expected = np.clip((x - 0.1) / 0.8 * 0.98 + 0.01, 0.0, 1.0)
    np.testing.assert_allclose(y[0, 0], np.tile(expected, (8, 1)), atol=1e-4)


def test_control_points_are_trained():
    layer = build_transform(STN_ON, "rec", in_channels=3)
    (layer(paddle.rand([2, 3, 16, 40])) ** 2).mean().backward()
    assert float(layer.stn_head.stn_fc2.bias.grad.abs().max()) > 0


@pytest.mark.parametrize(
    "change, message",
    [
        ({"num_control_points": 5}, "'num_control_points' must be a whole number from 4 to 1,000, in steps of 2"),
        ({"tps_inputsize": [64, 64]}, r"'tps_inputsize\[0\]' must be one of 32, not 64"),
    ],
)
def test_wrong_sizes_are_one_line(change, message):
    with pytest.raises(ConfigError, match=message) as error:
        build_transform({**STN_ON, **change}, "rec", in_channels=3)
    assert "\n" not in str(error.value)
