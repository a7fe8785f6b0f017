"""SequenceEncoder and DBFPN."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.necks import build_neck


def sequence(encoder_type, **config):
    return build_neck({"name": "SequenceEncoder", "encoder_type": encoder_type, **config}, "rec", in_channels=6)


def test_reshape_gives_the_columns():
    x = paddle.rand([2, 6, 1, 5])
    neck = sequence("reshape")
    np.testing.assert_array_equal(neck(x).numpy(), x.numpy()[:, :, 0].transpose(0, 2, 1))
    assert neck.out_channels == 6 and neck.state_dict() == {}


def test_fc_is_one_linear_layer():
    neck, x = sequence("fc", hidden_size=4), paddle.rand([2, 6, 1, 5])
    weight, bias = (neck.state_dict()[f"encoder.fc.{name}"].numpy() for name in ("weight", "bias"))
    expected = x.numpy()[:, :, 0].transpose(0, 2, 1) @ weight + bias
    np.testing.assert_allclose(neck(x).numpy(), expected, rtol=1e-4, atol=1e-5)
    assert neck.out_channels == 4


@pytest.mark.parametrize(
    "encoder_type, config, channels",
    [
        ("rnn", {"hidden_size": 4}, 8),
        ("cascadernn", {"hidden_size": 4}, 8),
        ("cascadernn", {"hidden_size": 4, "out_channels": [3, 7], "with_linear": True}, 7),
    ],
)
def test_every_step_of_a_recurrent_encoder_sees_both_sides(encoder_type, config, channels):
    neck = sequence(encoder_type, **config)
    x = paddle.rand([1, 6, 1, 5])
    out = neck(x).numpy()
    assert out.shape == (1, 5, channels) and neck.out_channels == channels
    for column in (0, 4):
        moved = x.numpy().copy()
        moved[..., column] += 1
        changed = np.abs(neck(paddle.to_tensor(moved)).numpy() - out).max(axis=2)
        assert (changed > 0).all()


def test_names_of_the_recurrent_encoders():
    assert sequence("rnn", hidden_size=4).state_dict()["encoder.lstm.weight_ih_l1_reverse"].shape == [16, 8]
    cascade = sequence("cascadernn", hidden_size=4, out_channels=[3, 7], with_linear=True).state_dict()
    assert cascade["encoder.encoder.1.rnn.weight_ih_l0"].shape == [16, 3]
    assert cascade["encoder.encoder.1.linear.weight"].shape == [8, 7]


def test_a_high_map_is_one_line():
    with pytest.raises(ConfigError, match="the map is 2 pixels high") as error:
        sequence("reshape")(paddle.rand([1, 6, 2, 5]))
    assert "\n" not in str(error.value)


def test_linear_layers_need_their_widths():
    with pytest.raises(ConfigError, match="'with_linear' needs two 'out_channels'"):
        sequence("cascadernn", with_linear=True)


def test_unknown_encoder_lists_the_known():
    with pytest.raises(ConfigError, match="must be one of reshape, fc, rnn, cascadernn"):
        sequence("rmm")


def test_dbfpn_adds_downwards_and_stacks_from_the_top():
    neck = build_neck({"name": "DBFPN", "out_channels": 4}, "det", in_channels=[1, 1, 1, 1])
    for level in (2, 3, 4, 5):
        neck.state_dict()[f"in{level}_conv.weight"].set_value(paddle.ones([4, 1, 1, 1]))
        tap = np.zeros([1, 4, 3, 3], "float32")
        tap[0, 0, 1, 1] = 1
        neck.state_dict()[f"p{level}_conv.weight"].set_value(tap)
    maps = [paddle.full([1, 1, 8 // 2**i, 8 // 2**i], 10.0**i) for i in range(4)]
    out = neck(maps).numpy()
    expected = np.array([1000.0, 1100.0, 1110.0, 1111.0]).reshape(1, 4, 1, 1)
    np.testing.assert_array_equal(out, np.broadcast_to(expected, [1, 4, 8, 8]))
    assert neck.out_channels == 4
