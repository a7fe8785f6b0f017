"""The backbones of PP-OCRv4 to v6, RepSVTR and plain ResNet: layers against NumPy, shapes, names, options."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.backbones import build_backbone, det_resnet, pphgnet, pphgnet_v2, pplcnet_v4, repsvtr
from ppocr.modeling.backbones.pplcnet_v3 import pool_text_line
from ppocr.modeling.backbones.rep_layers import Affine, NormedConv, RepConv, RepDepthwise
from ppocr.modeling.backbones.squeeze_excite import SqueezeExcite
from ppocr.modeling.backbones.stem import TwoPathStem


def build(name, **config):
    return build_backbone({"name": name, **config}, "det", in_channels=3)


def fill(layer, value):
    """Sets all convolutions to one value and leaves normalisations as they start."""
    for tensor in layer.state_dict().values():
        if len(tensor.shape) == 4:
            tensor.set_value(paddle.full(tensor.shape, value))
    layer.eval()
    return layer


def without_epsilon(layer):
    """Makes fresh normalisations the identity in evaluation."""
    for part in layer.sublayers():
        if hasattr(part, "_epsilon"):
            part._epsilon = 0.0
    return layer


# ------------------------------------------------------------------------------------------------ layers
@pytest.mark.parametrize("slope, expected", [(1 / 6, [0.75, 1 / 3]), (0.2, [0.8, 0.3])])
def test_gate_of_squeeze_and_excitation(slope, expected):
    layer = SqueezeExcite(4, reduction=2, slope=slope)
    layer.conv2.weight.set_value(paddle.zeros([4, 2, 1, 1]))
    layer.conv2.bias.set_value(paddle.to_tensor([1.5, -1.0, 9.0, -9.0]))
    x = paddle.full([1, 4, 2, 2], 2.0)
    np.testing.assert_allclose(layer.gate(x).numpy().ravel(), [*expected, 1.0, 0.0], rtol=1e-5)
    np.testing.assert_allclose(layer(x).numpy()[0, :, 0, 0], 2 * np.array([*expected, 1.0, 0.0]), rtol=1e-5)


def test_affine_scales_then_shifts_and_learns_slowly():
    layer = Affine(rate=0.1)
    layer.scale.set_value(paddle.to_tensor([3.0]))
    layer.bias.set_value(paddle.to_tensor([-1.0]))
    np.testing.assert_allclose(layer(paddle.to_tensor([2.0, 0.0])).numpy(), [5.0, -1.0])
    before = layer.bias.item()
    optimizer = paddle.optimizer.SGD(1.0, parameters=layer.parameters())
    layer(paddle.zeros([1])).sum().backward()
    optimizer.step()
    assert layer.bias.item() == pytest.approx(before - 0.1)


@pytest.mark.parametrize("stride, activated", [(1, True), (2, False), ((2, 1), True)])
def test_rep_conv_adds_its_branches_and_skips_the_activation_at_stride_2(stride, activated):
    layer = without_epsilon(fill(RepConv(1, 1, 3, stride, branches=2), 1.0))
    x = paddle.full([1, 1, 3, 3], 0.25)
    total = 2 * 9 * 0.25 + 0.25 + (0.25 if stride == 1 else 0)  # two 3x3, the 1x1, the input
    expected = total * min(total + 3, 6) / 6 if activated else total
    out = layer(x).numpy()
    centre = out[0, 0, 1, 1] if stride == 1 else layer(paddle.full([1, 1, 5, 5], 0.25)).numpy()[0, 0, 1, 1]
    assert centre == pytest.approx(expected, rel=1e-5)
    assert (layer.identity is None) == (stride != 1)


def test_rep_depthwise_adds_both_convolutions_and_the_input():
    layer = without_epsilon(fill(RepDepthwise(2, NormedConv(2, 2, 3, groups=2), bias=False), 0.5))
    out = layer(paddle.ones([1, 2, 3, 3])).numpy()
    np.testing.assert_allclose(out[0, :, 1, 1], [9 * 0.5 + 0.5 + 1] * 2, rtol=1e-5)


def test_stem_joins_the_maximum_and_the_convolutions():
    stem = without_epsilon(fill(TwoPathStem(1, (2, 3), last_stride=1), 1.0))
    x = paddle.zeros([1, 1, 8, 8])
    x[0, 0, 4, 4] = 1.0
    first = F.conv2d(x, paddle.ones([1, 1, 3, 3]), stride=2, padding=1).numpy()[0, 0]
    padded = np.pad(first, ((0, 1), (0, 1)))
    windows = np.stack([padded[:-1, :-1], padded[1:, :-1], padded[:-1, 1:], padded[1:, 1:]])
    small = 2 * windows.sum(axis=0)  # two channels into one
    small = np.pad(small, ((0, 1), (0, 1)))
    small = small[:-1, :-1] + small[1:, :-1] + small[:-1, 1:] + small[1:, 1:]
    both = np.pad(2 * windows.max(axis=0) + 2 * small, 1)
    third = sum(both[i : i + 4, j : j + 4] for i in range(3) for j in range(3))
    np.testing.assert_allclose(stem(x).numpy(), np.broadcast_to(2 * third, [1, 3, 4, 4]), rtol=1e-5)


def test_text_lines_are_pooled_to_40_columns_in_training():
    x = paddle.to_tensor(np.arange(3 * 8, dtype="float32").reshape(1, 1, 3, 8))
    np.testing.assert_allclose(pool_text_line(x, False).numpy(), [[[[8.5, 10.5, 12.5, 14.5]]]])
    assert pool_text_line(x, True).shape == [1, 1, 1, 40]
    np.testing.assert_allclose(pool_text_line(x, True).numpy()[0, 0, 0, ::5], np.arange(8.0, 16.0))


@pytest.mark.parametrize("module, gated", [(pphgnet, True), (pphgnet_v2, False)])
def test_aggregation_stacks_the_input_and_every_layer(module, gated):
    stage = pphgnet.Stage(2, 4, 1) if gated else pphgnet_v2.Stage(2, 4, 1, False)
    block = without_epsilon(fill(module.AggregationBlock(4, stage, shortcut=True), 0.0))
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


@pytest.mark.parametrize("module", [pplcnet_v4, repsvtr])
@pytest.mark.parametrize("kind", ["D", "S", "P"])
def test_kinds_of_blocks(module, kind):
    stage = module.Stage("blocks1", 16, kind) if module is pplcnet_v4 else module.Stage(16, kind)
    in_channels = 8 if kind == "D" else 16
    block = module.Block(in_channels, stage, kind)
    size = 2 if kind == "D" else 4
    assert block(paddle.rand([1, in_channels, 4, 4])).shape == [1, 16, size, size]
    names = " ".join(block.state_dict())
    assert ("se.conv1" in names or "token_mixer.1.fc1" in names) == (kind == "S")


def test_blocks_without_weights_halve_what_is_squeezed():
    block = fill(repsvtr.Block(8, repsvtr.Stage(8, "S"), "S"), 0.0)
    for name, tensor in block.state_dict().items():
        if name.endswith("bias"):
            tensor.set_value(paddle.zeros_like(tensor))
    x = paddle.rand([1, 8, 3, 3])
    np.testing.assert_allclose(without_epsilon(block)(x).numpy(), x.numpy() / 2, rtol=1e-5)


# ------------------------------------------------------------------------------------------------ backbones
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
