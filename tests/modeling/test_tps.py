"""The transform TPS."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.layers.thin_plate_spline import rising_points
from ppocr.modeling.transforms import build_transform

TPS = {"name": "TPS", "num_fiducial": 6, "loc_lr": 0.1, "model_name": "small"}


def test_it_begins_with_points_that_rise():
    layer = build_transform(TPS, "rec", in_channels=3)
    points = layer.loc_net(paddle.rand([2, 3, 16, 40])).numpy()
    np.testing.assert_allclose(points, np.tile(rising_points(6).astype("float32"), (2, 1, 1)))


def test_points_on_the_edges_read_the_image_as_it_is():
    layer = build_transform(TPS, "rec", in_channels=1)
    edges = np.array([[-1, -1], [0, -1], [1, -1], [-1, 1], [0, 1], [1, 1]], "float32")
    layer.loc_net.fc2.bias.set_value(edges.flatten())
    ramp = paddle.linspace(-1.0, 1.0, 33).expand([1, 1, 16, 33])
    read = layer(ramp).numpy()
    assert read.shape == (1, 1, 16, 33)
    # the centre of pixel i of the result is (2 i + 1) / 33 - 1, the value of the ramp there
    np.testing.assert_allclose(read[0, 0, 8], (2 * np.arange(33) + 1) / 33 - 1, atol=1e-4)


def test_control_points_are_trained_and_their_layers_have_a_rate_of_their_own():
    layer = build_transform(TPS, "rec", in_channels=3)
    (layer(paddle.rand([2, 3, 16, 40])) ** 2).mean().backward()
    assert float(layer.loc_net.fc2.bias.grad.abs().max()) > 0
    rates = {name: p.optimize_attr["learning_rate"] for name, p in layer.named_parameters()}
    assert {name for name, rate in rates.items() if rate == 0.1} == {
        f"loc_net.{layer}.{part}" for layer in ("fc1", "fc2") for part in ("weight", "bias")
    }


def test_an_odd_number_of_points_is_one_line():
    with pytest.raises(ConfigError, match="'num_fiducial' must be a whole number from 4 to 1,000, in steps of 2"):
        build_transform({**TPS, "num_fiducial": 7}, "rec", in_channels=3)
