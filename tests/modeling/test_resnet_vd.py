"""ResNet-vd in its detection and its recognition form."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.backbones import build_backbone
from ppocr.modeling.backbones.resnet_vd import basic_block, bottleneck_block


def build(scope, name, **config):
    return build_backbone({"name": name, **config}, scope, in_channels=3)


def silence(conv):
    conv._batch_norm.weight.set_value(paddle.zeros_like(conv._batch_norm.weight))


def test_shortcut_is_the_mean_over_the_stride():
    block, channels = basic_block(2, 2, (2, 1), first=True, deformable=False)
    silence(block.conv1)
    block.short._conv.weight.set_value(np.eye(2, dtype="float32").reshape(2, 2, 1, 1))
    block.eval()
    x = paddle.to_tensor(np.arange(8, dtype="float32").reshape(1, 2, 2, 2))
    np.testing.assert_allclose(block(x).numpy(), [[[[1, 2]], [[5, 6]]]], rtol=1e-4)
    assert channels == 2


def test_later_blocks_add_their_input():
    block, channels = bottleneck_block(8, 2, 1, first=False, deformable=False)
    silence(block.conv2)
    x = paddle.rand([1, 8, 3, 3])
    np.testing.assert_allclose(block(x).numpy(), x.numpy(), rtol=1e-6)
    assert channels == 8 and block.short is None


@pytest.mark.parametrize("layers, channels", [(18, [64, 128, 256, 512]), (50, [256, 512, 1024, 2048])])
def test_detection_gives_four_maps(layers, channels):
    net = build("det", "ResNet_vd", layers=layers)
    maps = net(paddle.rand([1, 3, 32, 64]))
    assert net.out_channels == channels
    assert [m.shape for m in maps] == [[1, c, 32 // s, 64 // s] for c, s in zip(channels, (4, 8, 16, 32))]


def test_detection_with_deformable_stages_and_chosen_maps():
    net = build("det", "ResNet_vd", layers=50, dcn_stage=[False, True, True, True], out_indices=[1, 2, 3])
    state = net.state_dict()
    assert state["bb_1_0.conv1._conv.conv_offset.weight"].shape == [54, 128, 3, 3]
    assert state["bb_0_0.conv1._conv.weight"].shape == [64, 64, 3, 3]
    assert [m.shape for m in net(paddle.rand([1, 3, 32, 32]))] == [[1, 512, 4, 4], [1, 1024, 2, 2], [1, 2048, 1, 1]]
    assert net.out_channels == [512, 1024, 2048]


def test_recognition_keeps_a_quarter_of_the_width():
    net = build("rec", "ResNet", layers=34)
    assert net(paddle.rand([1, 3, 32, 40])).shape == [1, 512, 1, 10]
    assert net.out_channels == 512
    assert "bb_2_5.conv1._batch_norm._variance" in net.state_dict()


@pytest.mark.parametrize(
    "config, message",
    [
        ({"layers": 35}, "must be one of 18, 34, 50, 101, 152, 200, not 35"),
        ({"dcn_stage": [True]}, "'dcn_stage' must be a list of 4"),
        ({"out_indices": [1, 4]}, r"'out_indices\[1\]' must be one of 0, 1, 2, 3"),
        ({"layer": 18}, "no key 'layer' .did you mean 'layers'"),
    ],
)
def test_what_does_not_fit_is_one_line(config, message):
    with pytest.raises(ConfigError, match=message) as error:
        build("det", "ResNet_vd", **config)
    assert "\n" not in str(error.value)
