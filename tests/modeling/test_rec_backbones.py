"""Backbones of text lines: sizes, channels and names, and what each is known for."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.backbones import build_backbone
from ppocr.modeling.backbones.rec_svtrnet import ConvMixer
from ppocr.modeling.layers.reparameterise import fuse_model

SMALL_SVTR = {
    "name": "SVTRNet",
    "img_size": [16, 32],
    "embed_dim": [8, 8, 16],
    "depth": [1, 1, 1],
    "num_heads": [2, 2, 2],
    "mixer": ["Local", "Conv", "Global"],
    "local_mixer": [[3, 3], [3, 3], [3, 3]],
    "out_channels": 12,
    "out_char_num": 5,
}
SMALL_SVTRV2 = {
    "name": "SVTRv2",
    "use_pos_embed": False,
    "dims": [8, 8, 16],
    "depths": [1, 2, 1],
    "num_heads": [2, 2, 2],
    "mixer": [["Conv"], ["Conv", "Global"], ["Global"]],
    "local_k": [[3, 3], [3, 3], [-1, -1]],
    "sub_k": [[2, 1], [2, 1], [-1, -1]],
}


def build(config, in_channels=3):
    return build_backbone(config, "rec", in_channels=in_channels)


def shape_of(net, *size, channels=3):
    net.eval()
    return net(paddle.rand([1, channels, *size])).shape


@pytest.mark.parametrize(
    "config, size, shape",
    [
        ({"scale": 0.25}, (32, 64), [1, 256, 1, 16]),
        (
            {"scale": 0.25, "last_conv_stride": [1, 2], "last_pool_type": "avg", "last_pool_kernel_size": [2, 2]},
            (48, 64),
            [1, 256, 1, 8],
        ),
        ({"scale": 0.125, "last_conv_stride": [1, 2], "last_pool_type": "avg"}, (48, 64), [1, 128, 1, 8]),
    ],
)
def test_mobilenet_v1_enhance(config, size, shape):
    net = build({"name": "MobileNetV1Enhance", **config})
    assert shape_of(net, *size) == shape and net.out_channels == shape[1]
    squeezed = [name for name in net.state_dict() if name.endswith("_se.conv1.weight")]
    assert squeezed == ["block_list.11._se.conv1.weight", "block_list.12._se.conv1.weight"]


def test_mobilenet_v1_enhance_leaves_its_norms_out_of_the_decay():
    net = build({"name": "MobileNetV1Enhance", "scale": 0.125})
    assert net.conv1._batch_norm.weight.regularizer._coeff == 0.0
    assert net.conv1._conv.weight.regularizer is None


def test_svtr_ends_in_one_vector_for_each_slot():
    net = build(SMALL_SVTR)
    assert shape_of(net, 16, 32) == [1, 12, 1, 5] and net.out_channels == 12
    state = net.state_dict()
    assert state["pos_embed"].shape == [1, 32, 8]
    assert state["blocks2.0.mixer.local_mixer.weight"].shape == [8, 4, 3, 3]
    assert "norm.weight" not in state and "norm.weight" in build({**SMALL_SVTR, "prenorm": False}).state_dict()


def test_svtr_without_its_last_stage_gives_tokens():
    assert shape_of(build({**SMALL_SVTR, "last_stage": False}), 16, 32) == [1, 8, 16]


@pytest.mark.parametrize("merging, tokens", [("Conv", 8), ("Pool", 8), (None, 32)])
def test_svtr_halves_the_height_between_stages(merging, tokens):
    dims = [8, 8, 8]
    net = build({**SMALL_SVTR, "embed_dim": dims, "patch_merging": merging, "last_stage": False})
    assert shape_of(net, 16, 32) == [1, tokens, 8]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"mixer": ["Local", "Global"]}, "'mixer' has 2 entries for 3 blocks"),
        ({"mixer": ["Local", "Globl", "Global"]}, r"'mixer\[1\]' must be one of Local, Global, Conv, not 'Globl'"),
        ({"depth": [1, 2]}, "'depth' must be a list of 3"),
    ],
)
def test_svtr_refuses_lists_that_do_not_fit(change, message):
    with pytest.raises(ConfigError, match=message):
        build({**SMALL_SVTR, **change})


def test_svtr_v2_takes_any_width():
    net = build(SMALL_SVTRV2)
    assert shape_of(net, 32, 32) == [1, 16, 2, 8] and shape_of(net, 32, 72) == [1, 16, 2, 18]
    assert net.out_channels == 16
    # the second stage has a layer without parameters where maps become tokens
    assert {n.split(".")[3] for n in net.state_dict() if n.startswith("stages.1.blocks")} == {"0", "2"}


def test_svtr_v2_pools_to_40_columns_in_training():
    net = build({**SMALL_SVTRV2, "use_pool": True})
    assert net(paddle.rand([1, 3, 48, 64])).shape == [1, 16, 1, 40]
    assert shape_of(net, 48, 64) == [1, 16, 1, 8]


def test_svtr_v2_with_positions_and_a_last_stage():
    config = {**SMALL_SVTRV2, "use_pos_embed": True, "max_sz": [32, 64], "last_stage": True, "out_channels": 7}
    net = build(config)
    assert net.state_dict()["pope.pos_embed"].shape == [1, 128, 8]
    assert shape_of(net, 32, 32) == [1, 7, 1, 8] and net.out_channels == 7


@pytest.mark.parametrize(
    "change, message",
    [
        ({"depths": [1, 1, 1]}, "'mixer' has 2 kinds for a stage of 1 blocks"),
        ({"num_heads": [2, 2]}, "'num_heads' has 2 entries, 'dims' has 3"),
        ({"mixer": [["Conv"], ["Global", "Conv"], ["Global"]]}, "Conv mixers, then Global ones"),
    ],
)
def test_svtr_v2_refuses_lists_that_do_not_fit(change, message):
    with pytest.raises(ConfigError, match=message):
        build({**SMALL_SVTRV2, **change})


def test_rep_svtr_gives_the_same_when_fused():
    net = build({"name": "RepSVTR"})
    for name, value in net.state_dict().items():
        if name.endswith(("_mean", "_variance")):
            value.set_value(paddle.rand(value.shape) + 0.5)
    net.eval()
    x = paddle.rand([1, 3, 48, 32])
    before = net(x).numpy()
    assert before.shape == (1, 384, 1, 4) and net.out_channels == 384
    count = len(net.state_dict())
    assert fuse_model(net) == 11  # all blocks but the two that shrink the map
    assert len(net.state_dict()) < count
    np.testing.assert_allclose(net(x).numpy(), before, atol=1e-4 * np.abs(before).max())


def test_resnet_fpn():
    net = build({"name": "ResNetFPN"}, in_channels=1)
    assert shape_of(net, 16, 32, channels=1) == [1, 512, 2, 4] and net.out_channels == 512
    state = net.state_dict()
    assert state["bottleneckBlock_2_0.conv1.conv.weight"].shape == [256, 256, 2, 2]
    assert state["F_-2_base_block_0.weight"].shape == [1024, 3072, 1, 1]


@pytest.mark.parametrize("cnn_num", [1, 2, 5])
def test_mtb_gives_a_vector_for_each_column(cnn_num):
    net = build({"name": "MTB", "cnn_num": cnn_num}, in_channels=1)
    assert shape_of(net, 32, 96, channels=1) == [1, 96 >> cnn_num, 512] and net.out_channels == 512
    x = paddle.rand([1, 1, 32, 96])
    y = x.clone()
    y[..., 60:] = 0.0
    near = np.abs((net(x) - net(y)).numpy()).max(axis=(0, 2)) > 0
    assert not near[: 28 >> cnn_num].any() and near[-1]
    with pytest.raises(ConfigError, match="MTB: reads images of height 32, not 48"):
        net(paddle.rand([1, 1, 48, 96]))


def test_resnet_31():
    config = {
        "name": "ResNet31",
        "layers": [1, 1, 2, 1],
        "channels": [4, 4, 8, 8, 16, 16, 12],
        "init_type": "KaimingNormal",
    }
    net = build(config)
    assert shape_of(net, 16, 32) == [1, 12, 2, 8] and net.out_channels == 12
    state = net.state_dict()
    assert state["block4.1.conv1.weight"].shape == [16, 16, 3, 3] and "block4.1.conv1.bias" not in state
    assert state["block4.0.downsample.0.weight"].shape == [16, 8, 1, 1] and "block3.0.downsample.0.weight" not in state
    assert shape_of(build({**config, "last_stage_pool": True}), 16, 32) == [1, 12, 1, 4]


SMALL_VITSTR = {"img_size": [8, 16], "patch_size": [4, 4], "embed_dim": 6, "num_heads": 2, "depth": 2, "seqlen": 4}


@pytest.mark.parametrize("scale, width", [("tiny", 192), ("small", 384)])
def test_vitstr_has_published_sizes(scale, width):
    net = build({"name": "ViTSTR", "scale": scale, "depth": 1, "img_size": [16, 32], "seqlen": 2}, in_channels=1)
    assert net.out_channels == width and net.state_dict()["pos_embed"].shape == [1, 3, width]


def test_vitstr_gives_its_first_tokens():
    net = build({"name": "ViTSTR", **SMALL_VITSTR}, in_channels=1)
    assert shape_of(net, 8, 16, channels=1) == [1, 6, 1, 4]
    whole = build({"name": "ViTSTR", **SMALL_VITSTR, "seqlen": 9}, in_channels=1)
    whole.set_state_dict(net.state_dict())
    whole.eval()
    x = paddle.rand([1, 1, 8, 16])
    np.testing.assert_allclose(whole(x).numpy()[..., :4], net(x).numpy(), atol=1e-6)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"patch_size": [4, 5]}, r"'patch_size' \[4, 5\] does not divide 'img_size' \[8, 16\]"),
        ({"seqlen": 10}, "'seqlen' 10 is above the number of tokens, 9"),
        ({"num_heads": 4}, "'embed_dim' must be a multiple of 'num_heads', 4, not 6"),
    ],
)
def test_vitstr_refuses_sizes_that_do_not_fit(change, message):
    with pytest.raises(ConfigError, match=message):
        build({"name": "ViTSTR", **SMALL_VITSTR, **change}, in_channels=1)


def test_shallow_cnn_halves_the_map_twice(pass_through):
    net = pass_through(build({"name": "ShallowCNN", "hidden_dim": 4}, in_channels=1))
    assert net.out_channels == 4
    x = np.arange(32, dtype="float32").reshape(1, 1, 4, 8)
    largest = x[:, :, 3::4, 3::4]
    np.testing.assert_allclose(net(paddle.to_tensor(x)).numpy(), np.repeat(largest, 4, axis=1), rtol=1e-5)


@pytest.mark.parametrize("strides, shape", [([2, 2, 2, 1, 1], [1, 512, 2, 4]), ([2, 1, 2, 1, 1], [1, 512, 4, 8])])
def test_resnet_45(strides, shape):
    net = build({"name": "ResNet45", "strides": strides})
    assert shape_of(net, 16, 32) == shape and net.out_channels == 512
    with pytest.raises(ConfigError, match="'strides' must be a list of 5"):
        build({"name": "ResNet45", "strides": [2, 2]})


def test_convolution_mixes_neighbours_of_the_map():
    layer, x = ConvMixer(4, 2, [3, 3], height=2), paddle.rand([1, 8, 4])
    y = x.clone()
    y[0, 0] = y[0, 0] + 1.0
    changed = np.abs((layer(y) - layer(x)).numpy()).max(axis=(0, 2)) > 1e-6
    assert changed.tolist() == [True, True, False, False, True, True, False, False]
