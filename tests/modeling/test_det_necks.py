"""The necks of the PP-OCR detectors, against sums done by hand."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.layers.axis_attention import CrossAttention
from ppocr.modeling.necks import build_neck
from ppocr.modeling.necks.db_fpn import AdaptiveScaleFusion

ONES = [1, 1, 1, 1]


def constant_maps(size=8):
    return [paddle.full([1, 1, size // 2**i, size // 2**i], 10.0**i) for i in range(4)]


def build(name, **config):
    return build_neck({"name": name, **config}, "det", in_channels=ONES)


def spread(values, channels, size=8):
    """Returns the stack of constant levels, each with ``channels`` channels."""
    return np.broadcast_to(np.repeat(values, channels).reshape(1, -1, 1, 1), [1, 4 * channels, size, size])


@pytest.mark.parametrize("shortcut, factor", [(True, 1.5**2), (False, 0.5**2)])
def test_rsefpn_gates_before_and_behind_the_pyramid(shortcut, factor, pass_through):
    neck = pass_through(build("RSEFPN", out_channels=16, shortcut=shortcut))
    expected = factor * np.array([1000.0, 1100.0, 1110.0, 1111.0])
    np.testing.assert_allclose(neck(constant_maps()).numpy(), spread(expected, 4), rtol=1e-5)
    assert neck.out_channels == 16


@pytest.mark.parametrize("size, branches", [(5, 3), (7, 4), (9, 5)])
def test_replkfpn_adds_the_branches_of_its_large_convolutions(size, branches, pass_through):
    neck = pass_through(build("RepLKFPN", out_channels=16, dilated_kernel_size=size, shortcut=True))
    expected = 1.5 * 1.5 * branches * np.array([1000.0, 1100.0, 1110.0, 1111.0])
    np.testing.assert_allclose(neck(constant_maps()).numpy(), spread(expected, 4), rtol=1e-5)


def test_lkpan_goes_down_and_up_again(pass_through):
    neck = pass_through(build("LKPAN", out_channels=4))
    down = np.array([1111.0, 1110.0, 1100.0, 1000.0])
    expected = np.cumsum(down)[::-1]
    np.testing.assert_allclose(neck(constant_maps()).numpy(), spread(expected, 1), rtol=1e-5)
    assert neck.state_dict()["pan_lat_conv.3.weight"].shape == [1, 1, 9, 9]


def test_reppan_is_a_lkpan_of_separable_convolutions(pass_through):
    neck = pass_through(build("RepLKPAN", out_channels=4))
    down = 5 * np.array([1111.0, 1110.0, 1100.0, 1000.0])
    expected = 5 * np.cumsum(down)[::-1]
    np.testing.assert_allclose(neck(constant_maps()).numpy(), spread(expected, 1), rtol=1e-5)


def test_fpn_smooths_each_sum_and_stacks_the_largest_level_first(pass_through):
    neck = pass_through(build("FPN", out_channels=2))
    expected = np.array([1111.0, 1110.0, 1100.0, 1000.0])
    np.testing.assert_allclose(neck(constant_maps()).numpy(), spread(expected, 2), rtol=1e-5)
    slope = [paddle.zeros([1, 1, 8 // 2**i, 8 // 2**i]) for i in range(3)]
    top = neck([*slope[:2], paddle.to_tensor([[[[0.0, 4.0]] * 2]]), paddle.zeros([1, 1, 1, 1])]).numpy()[0, 0, 0]
    np.testing.assert_allclose(top, np.interp(np.arange(8), [1.5, 5.5], [0, 4]), atol=1.0)  # not in two steps
    assert len(set(np.round(top, 3))) > 4


@pytest.mark.parametrize("name", ["LKPAN", "RepLKPAN"])
def test_context_is_one_layer_a_level(name):
    names = build(name, out_channels=8, intracl=True).state_dict()
    assert {n.split(".")[0] for n in names if n.startswith("incl")} == {"incl1", "incl2", "incl3", "incl4"}
    assert not any(n.startswith("incl") for n in build(name, out_channels=8).state_dict())


@pytest.mark.parametrize("name", ["RepLKFPN", "RepLKPAN"])
def test_further_maps_come_with_training(name):
    neck = build(name, out_channels=16)
    fused, levels = neck(constant_maps(16))
    assert fused.shape == [1, 16, 16, 16]
    assert [level.shape for level in levels] == [[1, 16, 16, 16], [1, 16, 8, 8], [1, 16, 4, 4]]
    neck.eval()
    assert neck(constant_maps(16)).shape == [1, 16, 16, 16]


def test_scale_fusion_weighs_the_levels():
    fusion = AdaptiveScaleFusion(8)
    for parameter in fusion.parameters():
        parameter.set_value(paddle.zeros_like(parameter))
    fusion.conv.bias.set_value(paddle.to_tensor([1.0, 0.0]))
    scale = fusion.state_dict()["channel_scale.0.weight"]
    scale.set_value(np.array([[2, 0], [0, 2], [-2, 0], [0, 0]], "float32").reshape(4, 2, 1, 1))
    levels = [paddle.full([1, 2, 3, 3], 1.0 + i) for i in range(4)]
    attention = np.array([1.5, 0.5])  # the fused channels, and the gate of their mean on top
    weights = 1 / (1 + np.exp(-np.array([2 * attention[0], 2 * attention[1], -2 * attention[0], 0.0])))
    out = fusion(paddle.concat(levels, axis=1), levels).numpy()
    np.testing.assert_allclose(out[0, ::2, 1, 1], weights * [1, 2, 3, 4], rtol=1e-5)
    np.testing.assert_array_equal(out[:, ::2], out[:, 1::2])


def test_dbfpn_with_scale_fusion():
    neck = build("DBFPN", out_channels=8, use_asf=True)
    assert neck(constant_maps()).shape == [1, 8, 8, 8]
    assert neck.state_dict()["asf.spatial_scale.2.weight"].shape == [1, 1, 1, 1]
    assert not any(name.startswith("asf") for name in build("DBFPN", out_channels=8).state_dict())


def test_unknown_kernel_size_is_one_line():
    with pytest.raises(ConfigError, match="must be one of 5, 7, 9, not 6") as error:
        build("RepLKFPN", out_channels=16, dilated_kernel_size=6)
    assert "\n" not in str(error.value)


def test_eastfpn_joins_each_map_with_the_doubled_smaller_one(fill):
    neck = fill(build("EASTFPN", model_name="small"), 1 / 8)
    assert [neck.h1_conv.conv.weight.shape[1], neck.g0_deconv.deconv.weight.shape] == [65, [1, 64, 4, 4]]
    last, first = np.zeros([64, 65, 3, 3], "float32"), np.zeros([64, 64, 3, 3], "float32")
    last[0, 64, 1, 1] = first[0, 0, 1, 1] = 1.0  # the last of the joined channels is that of the largest map
    neck.h3_conv.conv.weight.set_value(last)
    neck.g3_conv.conv.weight.set_value(first)
    maps = constant_maps()
    maps[0] = paddle.rand([1, 1, 8, 8])
    np.testing.assert_allclose(neck(maps)[0, 0].numpy(), maps[0][0, 0].numpy(), rtol=1e-4)


def test_attention_along_rows_and_columns_sees_no_other_pixels(fill):
    layer = fill(CrossAttention(2), 0.5)
    x = paddle.rand([1, 2, 4, 5])
    x.stop_gradient = False
    layer(x)[0, 0, 1, 2].backward()
    seen = np.abs(x.grad.numpy()[0]).sum(axis=0) > 0
    expected = np.zeros((4, 5), bool)
    expected[1], expected[:, 2] = True, True
    assert seen.tolist() == expected.tolist()


def test_attention_of_a_constant_map_is_the_map(fill, without_epsilon):
    layer = without_epsilon(fill(CrossAttention(2), 0.5))
    # value 3; 3 attended and 3 kept; the last layer halves four channels of 6
    np.testing.assert_allclose(layer(paddle.full([1, 2, 4, 5], 3.0)).numpy(), np.full([1, 2, 4, 5], 12.0), rtol=1e-5)


@pytest.mark.parametrize("with_cab", [False, True])
def test_sastfpn_adds_what_goes_down_and_what_comes_up(fill, with_cab):
    neck = build_neck({"name": "SASTFPN", "with_cab": with_cab}, "det", in_channels=[1] * 7)
    names = neck.state_dict()
    assert any(name.startswith("cross_attention") for name in names) == with_cab
    fill(neck, 0.0)
    maps = [paddle.rand([1, 1, 64 // 2**i, 64 // 2**i]) for i in range(7)]
    neck.FPN_Down_Fusion.g2_conv[1].bn.bias.set_value(paddle.full([128], 2.0))
    neck.FPN_Up_Fusion.g4_conv[1].bn.bias.set_value(paddle.full([128], 3.0))
    fused = neck.FPN_Down_Fusion(maps[:3]) + neck.FPN_Up_Fusion(maps[:1:-1])
    np.testing.assert_allclose(fused.numpy(), np.full([1, 128, 16, 16], 5.0), rtol=1e-5)
    if not with_cab:
        np.testing.assert_allclose(neck(maps).numpy(), fused.numpy())


def test_pgfpn_adds_what_goes_down_and_what_comes_up(fill):
    neck = fill(build_neck({"name": "PGFPN"}, "e2e", in_channels=[1] * 7), 0.0)
    maps = [paddle.rand([1, 1, 64 // 2**i, 64 // 2**i]) for i in range(7)]
    neck.conv_bn_layer_8._batch_norm.bias.set_value(paddle.full([128], 2.0))
    neck.convf._batch_norm.bias.set_value(paddle.full([128], 3.0))
    np.testing.assert_allclose(neck(maps).numpy(), np.full([1, 128, 16, 16], 5.0), rtol=1e-5)
