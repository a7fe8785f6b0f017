"""Fused layers give what their branches gave, for single layers and for whole models."""

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.modeling.architectures import build_model
from ppocr.modeling.backbones import build_backbone
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.large_kernel import DilatedRepConv
from ppocr.modeling.layers.rep_conv import RepConv, RepDepthwise
from ppocr.modeling.layers.reparameterise import (
    add_kernels,
    dilate_kernel,
    fold_norm,
    fuse_model,
    identity_kernel,
    kernel_of,
    make_conv,
)
from ppocr.modeling.necks import build_neck


def randomise(layer, seed=0):
    """Gives every parameter and statistic a value that a fresh layer does not have."""
    rng = np.random.default_rng(seed)
    for name, tensor in layer.state_dict().items():
        noise = 0.2 * rng.standard_normal(tensor.shape)
        if name.endswith("_variance"):
            noise = rng.uniform(0.5, 1.5, tensor.shape)
        elif len(tensor.shape) == 1 and name.endswith(("weight", "scale")):
            noise = 1.0 + noise
        elif len(tensor.shape) == 4:
            noise = rng.standard_normal(tensor.shape) / np.sqrt(np.prod(tensor.shape[1:]))
        tensor.set_value(noise.astype("float32"))
    layer.eval()


def outputs(layer, x):
    out = layer(x)
    out = out if isinstance(out, (list, tuple)) else [out]
    return [t.numpy() for t in out]


def assert_fused_alike(layer, x, layers):
    randomise(layer)
    before = outputs(layer, x)
    weights = len(layer.state_dict())
    assert fuse_model(layer) == layers
    for old, new in zip(before, outputs(layer, x)):
        np.testing.assert_allclose(new, old, rtol=1e-4, atol=1e-4 * np.abs(old).max())
    assert len(layer.state_dict()) < weights
    fused = {name: value.numpy() for name, value in layer.state_dict().items()}
    fuse_model(layer)
    assert all((value.numpy() == fused[name]).all() for name, value in layer.state_dict().items())


def test_folding_a_norm_scales_and_shifts():
    norm = nn.BatchNorm2D(2, epsilon=0.0)
    for name, value in {"weight": [2, 3], "bias": [1, -1], "_mean": [4, 0], "_variance": [4, 9]}.items():
        getattr(norm, name).set_value(paddle.to_tensor(value, dtype="float32"))
    weight, bias = fold_norm((np.ones([2, 1, 1, 1]), np.array([1.0, 2.0])), norm)
    np.testing.assert_allclose(weight.ravel(), [1.0, 1.0])  # 2 / 2 and 3 / 3
    np.testing.assert_allclose(bias, [1 + (1 - 4) * 1, -1 + 2 * 1])


def test_kernels_are_dilated_and_added_at_their_centres():
    np.testing.assert_array_equal(
        dilate_kernel(np.array([[[[1, 2], [3, 4]]]]), 2)[0, 0], [[1, 0, 2], [0, 0, 0], [3, 0, 4]]
    )
    weight, bias = add_kernels([(np.full([1, 1, 1, 1], 5.0), np.ones(1)), (np.ones([1, 1, 3, 3]), np.ones(1))], 3)
    np.testing.assert_array_equal(weight[0, 0], [[1, 1, 1], [1, 6, 1], [1, 1, 1]])
    assert bias == [2.0]


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_identity_kernel_gives_its_input(groups):
    x = paddle.rand([1, 4, 3, 5])
    np.testing.assert_array_equal(make_conv(identity_kernel(4, groups, 3), groups=groups)(x).numpy(), x.numpy())


def test_kernel_of_a_convolution_without_bias():
    conv = nn.Conv2D(2, 3, 1, bias_attr=False)
    weight, bias = kernel_of(conv)
    np.testing.assert_array_equal(weight, conv.weight.numpy())
    np.testing.assert_array_equal(bias, np.zeros(3))


@pytest.mark.parametrize(
    "shape, stride, groups",
    [((4, 4, 3), 1, 4), ((4, 4, 5), 2, 4), ((4, 4, 3), (2, 1), 4), ((4, 4, 1), 1, 1), ((4, 6, 1), 1, 1)],
)
def test_rep_conv(shape, stride, groups):
    layer = RepConv(*shape, stride, groups=groups)
    assert_fused_alike(layer, paddle.randn([2, 4, 8, 8]), 1)
    assert set(layer.state_dict()) == {"fused.weight", "fused.bias", "act.lab.scale", "act.lab.bias"}


def test_rep_depthwise():
    layer = RepDepthwise(4, ConvNormAct(4, 4, 3, groups=4), bias=True)
    assert_fused_alike(layer, paddle.randn([2, 4, 6, 7]), 1)


@pytest.mark.parametrize("size", [5, 7, 9])
def test_dilated_rep_conv(size):
    layer = DilatedRepConv(3, size)
    assert_fused_alike(layer, paddle.randn([1, 3, 12, 10]), 1)
    assert set(layer.state_dict()) == {"fused.weight", "fused.bias"}


@pytest.mark.parametrize(
    "config, layers",
    [
        ({"name": "PPLCNetV3", "scale": 0.25, "det": True}, 2 * 14),
        ({"name": "PPLCNetV3", "scale": 0.25, "conv_kxk_num": 2}, 2 * 14),
        ({"name": "PPLCNetV4", "model_size": "tiny", "det": True}, 10),
        ({"name": "PPLCNetV4", "model_size": "tiny"}, 7),
        ({"name": "RepSVTR_det"}, 10),
    ],
)
def test_whole_backbones(config, layers):
    backbone = build_backbone(config, "det", in_channels=3)
    assert_fused_alike(backbone, paddle.randn([1, 3, 48 if "det" not in str(config) else 32, 32]), layers)


@pytest.mark.parametrize("name, layers", [("RepLKFPN", 4), ("RepLKPAN", 8)])
def test_whole_necks(name, layers):
    neck = build_neck({"name": name, "out_channels": 16}, "det", in_channels=[2, 3, 4, 5])
    maps = [paddle.randn([1, c, 16 // 2**i, 16 // 2**i]) for i, c in enumerate((2, 3, 4, 5))]
    assert_fused_alike(neck, maps, layers)


def test_whole_model_is_set_to_evaluation():
    config = {
        "model_type": "det",
        "Backbone": {"name": "PPLCNetV3", "scale": 0.25, "det": True},
        "Neck": {"name": "RepLKFPN", "out_channels": 16},
        "Head": {"name": "DBHead"},
    }
    model, x = build_model(config), paddle.randn([1, 3, 32, 32])
    randomise(model)
    before = model(x)["maps"].numpy()
    model.train()
    assert fuse_model(model) == 2 * 14 + 4
    assert not model.training
    np.testing.assert_allclose(model(x)["maps"].numpy(), before, atol=1e-4)
