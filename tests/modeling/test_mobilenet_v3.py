"""MobileNetV3 in its detection and its recognition form."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.backbones import build_backbone
from ppocr.modeling.backbones.mobilenet_v3 import InvertedResidual, MobileNetV3Row


def build(scope, **config):
    return build_backbone({"name": "MobileNetV3", **config}, scope, in_channels=3)


def test_squeeze_excite_without_weights_halves():
    layer = InvertedResidual(8, MobileNetV3Row(3, 8, 8, True, "relu", 1)).mid_se
    for parameter in layer.parameters():
        parameter.set_value(paddle.zeros_like(parameter))
    x = paddle.rand([1, 8, 3, 3])
    np.testing.assert_allclose(layer(x).numpy(), x.numpy() / 2, rtol=1e-6)


def test_squeeze_excite_saturates_at_two_and_a_half():
    layer = InvertedResidual(4, MobileNetV3Row(3, 4, 4, True, "relu", 1)).mid_se
    layer.conv2.weight.set_value(paddle.zeros([4, 1, 1, 1]))
    layer.conv2.bias.set_value(paddle.to_tensor([2.5, -2.5, 1.0, -1.0]))
    gates = layer(paddle.ones([1, 4, 1, 1])).numpy().ravel()
    np.testing.assert_allclose(gates, [1.0, 0.0, 0.7, 0.3], atol=1e-6)


@pytest.mark.parametrize("stride, channels, added", [(1, 8, True), ((1, 1), 8, False), (1, 16, False)])
def test_shortcut_needs_the_number_1_and_equal_channels(stride, channels, added):
    block = InvertedResidual(8, MobileNetV3Row(3, 16, channels, True, "relu", stride))
    block.linear_conv.bn.weight.set_value(paddle.zeros([channels]))
    x = paddle.rand([2, 8, 4, 4])
    expected = x.numpy() if added else np.zeros([2, channels, 4, 4])
    np.testing.assert_array_equal(block(x).numpy(), expected)


@pytest.mark.parametrize(
    "scope, config, channels",
    [
        ("det", {"model_name": "large", "scale": 0.5}, [16, 24, 56, 480]),
        ("table", {"model_name": "small", "scale": 1.0, "disable_se": True}, [16, 24, 48, 576]),
    ],
)
def test_detection_gives_four_maps(scope, config, channels):
    net = build(scope, **config)
    maps = net(paddle.rand([1, 3, 64, 96]))
    assert net.out_channels == channels
    assert [m.shape for m in maps] == [[1, c, 64 // s, 96 // s] for c, s in zip(channels, (4, 8, 16, 32))]
    assert any("mid_se" in name for name in net.state_dict()) == (not config.get("disable_se", False))


def test_detection_names_its_parameters_by_stage():
    state = build("det").state_dict()
    assert state["conv.conv.weight"].shape == [8, 3, 3, 3]
    assert state["stage1.0.mid_se.conv1.weight"].shape == [10, 40, 1, 1]
    assert state["stage3.3.bn._mean"].shape == [480]


@pytest.mark.parametrize(
    "config, shape",
    [
        ({"model_name": "large"}, [1, 480, 1, 16]),
        ({"model_name": "small", "small_stride": [1, 2, 2, 2]}, [1, 288, 1, 16]),
        ({"model_name": "small", "scale": 0.35, "last_pool_type": "avg"}, [1, 200, 1, 16]),
        ({"model_name": "small", "last_pool_type": "avg", "last_pool_kernel_size": [1, 4]}, [1, 288, 1, 8]),
    ],
)
def test_recognition_keeps_a_quarter_of_the_width(config, shape):
    net = build("rec", **config)
    height = 32 if config["model_name"] == "large" or "small_stride" in config else 48
    if config.get("last_pool_kernel_size"):
        height = 32
    assert net(paddle.rand([1, 3, height, 64])).shape == shape
    assert net.out_channels == shape[1]


def test_classification_uses_the_recognition_form():
    assert "blocks.0.expand_conv.conv.weight" in build("cls", scale=0.35).state_dict()


@pytest.mark.parametrize("scope", ["det", "rec"])
def test_unknown_model_name_is_one_line(scope):
    with pytest.raises(ConfigError, match="must be one of large, small, not 'big'") as error:
        build(scope, model_name="big")
    assert "\n" not in str(error.value)


def test_strides_must_be_four():
    with pytest.raises(ConfigError, match="'small_stride' must be a list of 4, not .1, 2."):
        build("rec", small_stride=[1, 2])
