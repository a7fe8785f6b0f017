"""The transform GA_SPIN."""

import numpy as np
import paddle
import pytest

from ppocr.modeling.layers.thin_plate_spline import GridGenerator, read_at, rising_points
from ppocr.modeling.transforms import build_transform
from ppocr.modeling.transforms.gaspin import Curves, exponents

GA_SPIN = {"name": "GA_SPIN", "offsets": True, "default_type": 2, "loc_lr": 0.1}


def test_exponents_stand_in_pairs_of_a_number_and_its_inverse():
    # log(5/6) / log(1/6) = 0.10, log(2/3) / log(1/3) = 0.37
    assert exponents(2) == [0.1, 10.0, 0.37, 2.7, 1.0]


def test_curves_are_normalised_sums_of_powers():
    layer, image = Curves(1, 1), np.random.default_rng(0).random((2, 1, 3, 4)).astype("float32")
    weights = np.array([[0.5, 1.0, 2.0], [1.0, 0.0, 0.0]], "float32")
    below, above, straight = exponents(1)
    mapped = sum(image**power * weights[:, i].reshape(2, 1, 1, 1) for i, power in enumerate((below, above, straight)))
    mean, variance = mapped.mean(axis=(2, 3), keepdims=True), mapped.var(axis=(2, 3), keepdims=True)
    expected = 2 / (1 + np.exp(-(mapped - mean) / np.sqrt(variance + 1e-5))) - 1
    given = layer(paddle.to_tensor(image), paddle.to_tensor(weights)).numpy()
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_it_begins_with_the_image_itself_along_lines_that_rise():
    layer = build_transform(GA_SPIN, "rec", in_channels=1)
    image = 2 * paddle.rand([2, 1, 32, 48]) - 1
    layer.eval()
    straight = layer.sp_net(0.5 * (image + 1), paddle.to_tensor([[0.0, 0.0, 0.0, 0.0, 5.0]] * 2))
    points = paddle.to_tensor(rising_points(20).astype("float32")).expand([2, 20, 2])
    expected = read_at(straight, GridGenerator(20)(points, (32, 48)), False, "border")
    assert float((layer(image) - expected).abs().max()) < 0.1  # offsets have a share of 0.7 %


@pytest.mark.parametrize("parts", [{"offsets": False}, {"stn": False}, {"offsets": False, "stn": False}])
def test_parts_can_be_left_out(parts):
    layer = build_transform({**GA_SPIN, **parts}, "rec", in_channels=1)
    y = layer(2 * paddle.rand([2, 1, 32, 48]) - 1)
    y.square().mean().backward()
    assert y.shape == [2, 1, 32, 48]
    assert np.isfinite(layer.stucture_fc2.bias.grad.numpy()).all()
    present = [hasattr(layer, name) for name in ("offset_fc1", "GridGenerator")]
    assert present == [parts.get("offsets", True), parts.get("stn", True)]
