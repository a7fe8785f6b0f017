"""SequenceEncoder with the encoders svtr and lightsvtr."""

import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.necks import build_neck


def sequence(encoder_type, **config):
    return build_neck({"name": "SequenceEncoder", "encoder_type": encoder_type, **config}, "rec", in_channels=16)


SMALL = {
    "svtr": {"dims": 6, "depth": 1, "hidden_dims": 8, "kernel_size": [1, 3]},
    "lightsvtr": {"dims": 8, "depth": 1, "mlp_ratio": 2.0, "local_kernel": 3},
}


@pytest.mark.parametrize("kind", SMALL)
def test_every_step_sees_the_whole_line(kind):
    neck = sequence(kind, **SMALL[kind])
    neck.eval()
    x = paddle.rand([1, 16, 1, 9])
    y = neck(x)
    assert y.shape == [1, 9, SMALL[kind]["dims"]] and neck.out_channels == SMALL[kind]["dims"]
    moved = x.clone()
    moved[..., 0] = moved[..., 0] + 1.0
    assert float((neck(moved) - y).abs().max(axis=2).min()) > 0


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("guided", [True, False])
def test_a_guided_encoder_sends_nothing_back(kind, guided):
    x = paddle.rand([2, 16, 1, 5])
    x.stop_gradient = False
    (sequence(kind, use_guide=guided, **SMALL[kind])(x) ** 2).sum().backward()
    assert (x.grad is None or float(x.grad.abs().max()) == 0) == guided


def test_names():
    svtr, light = (sequence(kind, **SMALL[kind]).state_dict() for kind in SMALL)
    assert svtr["encoder.conv1.conv.weight"].shape == [2, 16, 1, 3]
    assert svtr["encoder.conv4.conv.weight"].shape == [2, 32, 1, 3]
    assert svtr["encoder.svtr_block.0.mlp.fc1.weight"].shape == [8, 16]
    assert light["encoder.local_conv.0.weight"].shape == [8, 1, 1, 3]
    assert light["encoder.skip_conv.conv.weight"].shape == [8, 16, 1, 1]


@pytest.mark.parametrize(
    "kind, config, message",
    [
        ("rnn", {"dims": 64}, "the encoder 'rnn' has no key 'dims'"),
        ("svtr", {"local_kernel": 7}, "the encoder 'svtr' has no key 'local_kernel'"),
        ("reshape", {"hidden_size": 7}, "the encoder 'reshape' has no key 'hidden_size'"),
    ],
)
def test_a_key_of_another_encoder_is_one_line(kind, config, message):
    with pytest.raises(ConfigError, match=message) as error:
        sequence(kind, **config)
    assert "\n" not in str(error.value)
