"""The backbones of PP-OCRv4 to v6, RepSVTR and plain ResNet: layers against NumPy, shapes, names, options."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.backbones import build_backbone, det_resnet, pphgnet, pphgnet_v2
from ppocr.modeling.backbones.pplcnet_v4 import LCNetV4Block
from ppocr.modeling.backbones.repsvtr import RepSVTRBlock
from ppocr.modeling.layers.stages import MixerStage


def build(name, **config):
    return build_backbone({"name": name, **config}, "det", in_channels=3)


@pytest.mark.parametrize("gated", [True, False])
def test_aggregation_stacks_the_input_and_every_layer(gated, fill, without_epsilon):
    stage = pphgnet.HGNetStage(2, 4, 1) if gated else pphgnet_v2.HGNetV2Stage(2, 4, 1, False)
    make = pphgnet.HGNetBlock if gated else pphgnet_v2.HGNetV2Block
    block = without_epsilon(fill(make(4, stage, shortcut=True), 0.0))
    for layer in block.layers:
        layer.conv.weight.set_value(_centre(layer.conv.weight.shape))
    outer = ["aggregation_conv"] if gated else ["aggregation_squeeze_conv", "aggregation_excitation_conv"]
    for name in outer:
        conv = getattr(block, name).conv
        conv.weight.set_value(paddle.ones_like(conv.weight))
    outputs = [4.0] + [2 * 4.0 * 2**i for i in range(6)]  # each layer sums its channels, two after the first
    stacked = outputs[0] + sum(outputs[1:])
    expected = 1 + (stacked if gated else 2 * stacked) * (0.5 if gated else 1.0)
    if gated:
        block.att.conv.bias.set_value(paddle.zeros([4]))
    np.testing.assert_allclose(block(paddle.ones([1, 4, 2, 2])).numpy(), np.full([1, 4, 2, 2], expected), rtol=1e-5)


def _centre(shape):
    kernel = np.zeros(shape, "float32")
    kernel[:, :, 1, 1] = 1.0
    return paddle.to_tensor(kernel)


@pytest.mark.parametrize("make", [LCNetV4Block, RepSVTRBlock])
@pytest.mark.parametrize("kind", ["D", "S", "P"])
def test_kinds_of_blocks(make, kind):
    in_channels = 8 if kind == "D" else 16
    block = make(in_channels, MixerStage(16, kind), kind)
    size = 2 if kind == "D" else 4
    assert block(paddle.rand([1, in_channels, 4, 4])).shape == [1, 16, size, size]
    names = " ".join(block.state_dict())
    assert ("se.conv1" in names or "token_mixer.1.fc1" in names) == (kind == "S")


def test_blocks_without_weights_halve_what_is_squeezed(fill, without_epsilon):
    block = fill(RepSVTRBlock(8, MixerStage(8, "S"), "S"), 0.0)
    for name, tensor in block.state_dict().items():
        if name.endswith("bias"):
            tensor.set_value(paddle.zeros_like(tensor))
    x = paddle.rand([1, 8, 3, 3])
    np.testing.assert_allclose(without_epsilon(block)(x).numpy(), x.numpy() / 2, rtol=1e-5)


FEATURES = [
    (
        {"name": "PPLCNetV3", "scale": 0.75, "det": True},
        [12, 18, 42, 360],
        {
            "blocks6.2.dw_conv.conv_kxk.3.conv.weight": [384, 1, 5, 5],
            "blocks5.1.pw_conv.identity._mean": [192],
            "blocks2.0.dw_conv.act.lab.scale": [1],
            "layer_list.3.weight": [360, 384, 1, 1],
        },
    ),
    (
        {"name": "PPLCNetV4", "model_size": "tiny", "det": True},
        [32, 48, 64, 160],
        {
            "stem.stem2a.conv.weight": [8, 16, 2, 2],
            "blocks_s3.3.token_mixer.se.conv1.weight": [16, 64, 1, 1],
            "blocks_s4.0.channel_mixer.compress.conv.weight": [160, 128, 1, 1],
        },
    ),
    (
        {"name": "PPHGNet_small", "det": True},
        [256, 512, 768, 1024],
        {
            "stages.1.downsample.conv.weight": [256, 1, 3, 3],
            "stages.2.blocks.1.aggregation_conv.conv.weight": [768, 1920, 1, 1],
        },
    ),
    (
        {"name": "PPHGNetV2_B4", "det": True},
        [128, 512, 1024, 2048],
        {
            "stages.3.blocks.0.layers.0.conv2.conv.weight": [384, 1, 5, 5],
            "last_conv.weight": [2048, 2048, 1, 1],
        },
    ),
    (
        {"name": "RepSVTR_det"},
        [48, 96, 192, 384],
        {"features.11.token_mixer.2.c.weight": [384, 192, 1, 1], "features.1.token_mixer.1.fc1.weight": [16, 48, 1, 1]},
    ),
    (
        {"name": "ResNet", "layers": 18, "dcn_stage": [False, True, False, False]},
        [64, 128, 256, 512],
        {"res3a.conv1._conv.conv_offset.weight": [27, 128, 3, 3], "res5b.conv0._batch_norm._mean": [512]},
    ),
    (
        {"name": "ResNet"},
        [256, 512, 1024, 2048],
        {"res4f.conv1._batch_norm._variance": [256], "res2a.short._conv.weight": [256, 64, 1, 1]},
    ),
]


@pytest.mark.parametrize("config, channels, shapes", FEATURES)
def test_detection_gives_four_maps(config, channels, shapes):
    net = build(**config)
    net.eval()
    maps = net(paddle.rand([1, 3, 32, 64]))
    assert net.out_channels == channels
    assert [m.shape for m in maps] == [[1, c, 32 // s, 64 // s] for c, s in zip(channels, (4, 8, 16, 32))]
    assert all(float(m.std()) > 0 for m in maps[:2])
    state = net.state_dict()
    assert {name: state[name].shape for name in shapes} == shapes
    assert not any(name.startswith(("stages.0.downsample", "fc.")) for name in state)


LINES = [
    ({"name": "PPLCNetV3", "scale": 0.95}, 480, {"blocks6.1.se.conv1.weight": [120, 480, 1, 1]}),
    ({"name": "PPLCNetV4", "model_size": "tiny"}, 160, {"conv1.2.conv.weight": [48, 24, 3, 3]}),
    ({"name": "PPLCNetV4"}, 384, {"conv1.stem2a.conv.weight": [24, 48, 2, 2]}),
    ({"name": "PPHGNet_small"}, 1024, {"stages.0.downsample.conv.weight": [128, 1, 3, 3]}),
    ({"name": "PPHGNetV2_B4", "text_rec": True}, 2048, {"fc.weight": [2048, 1000]}),
]


@pytest.mark.parametrize("config, channels, shapes", LINES)
def test_text_lines_give_one_row(config, channels, shapes):
    net = build(**config)
    net.eval()
    assert net(paddle.rand([1, 3, 48, 64])).shape == [1, channels, 1, 8]
    assert net.out_channels == channels
    state = net.state_dict()
    assert {name: state[name].shape for name in shapes} == shapes


def test_long_stages_of_resnet_are_numbered():
    suffixes = [det_resnet._suffix(23, i) for i in (0, 1, 22)] + [det_resnet._suffix(6, 5)]
    assert suffixes == ["a", "b1", "b22", "f"]


def test_learning_rates_and_decay_of_parameters():
    net = build("PPLCNetV3", scale=0.25, lr_mult_list=[0.5, 1, 1, 1, 1, 2], lab_lr=0.1)
    rates = {name: parameter.optimize_attr["learning_rate"] for name, parameter in net.named_parameters()}
    assert rates["conv1.conv.weight"] == 0.5
    assert rates["blocks4.0.dw_conv.lab.bias"] == pytest.approx(0.1)
    assert rates["blocks6.0.pw_conv.lab.scale"] == pytest.approx(0.2)
    decays = {name: parameter.regularizer for name, parameter in net.named_parameters()}
    assert decays["conv1.conv.weight"] is None and decays["conv1.bn.bias"] is not None


def test_norms_do_not_decay():
    layer = build("PPLCNetV4", model_size="tiny", det=True).stem.stem1
    norm, conv = layer.bn.weight, layer.conv.weight
    before = conv.numpy().copy()
    optimizer = paddle.optimizer.SGD(1.0, parameters=[norm, conv], weight_decay=0.5)
    (layer(paddle.rand([1, 3, 4, 4])) * 0.0).sum().backward()
    optimizer.step()
    np.testing.assert_array_equal(norm.numpy(), np.ones(16))
    np.testing.assert_allclose(conv.numpy(), 0.5 * before, rtol=1e-5)


@pytest.mark.parametrize(
    "config, message",
    [
        ({"name": "PPLCNetV3", "lr_mult_list": [1, 1]}, "'lr_mult_list' must be a list of 6"),
        ({"name": "PPLCNetV4", "model_size": "huge"}, "must be one of tiny, small, medium, not 'huge'"),
        ({"name": "PPHGNetV2_B4"}, "set one of det and text_rec"),
        ({"name": "ResNet", "dcn_stage": [True]}, "'dcn_stage' must be a list of 4"),
        ({"name": "RepSVTR_det", "scale": 1}, "has no key 'scale'"),
    ],
)
def test_what_does_not_fit_is_one_line(config, message):
    with pytest.raises(ConfigError, match=message) as error:
        build(**config)
    assert "\n" not in str(error.value)
