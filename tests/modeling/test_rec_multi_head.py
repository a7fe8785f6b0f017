"""MultiHead and what CTCHead does with a guide."""

import numpy as np
import paddle
import pytest

from ppocr.config import validate
from ppocr.data.batch import Batch
from ppocr.errors import ConfigError
from ppocr.losses import build_loss
from ppocr.modeling.heads import build_head

CTC = {"CTCHead": {"Neck": {"name": "svtr", "dims": 6, "depth": 1, "hidden_dims": 8}, "Head": {"fc_decay": 1e-5}}}
SAR = {"SARHead": {"enc_dim": 16, "d_k": 4, "max_text_length": 5}}
NRTR = {"NRTRHead": {"nrtr_dim": 32, "max_text_length": 5, "num_decoder_layers": 1}}
CLASSES = {"CTCLabelDecode": 7, "SARLabelDecode": 9, "NRTRLabelDecode": 10}


def build(*heads, **config):
    section = {"name": "MultiHead", "head_list": list(heads), "out_channels_list": CLASSES, **config}
    return build_head(section, "rec", in_channels=16)


def targets():
    label, length = paddle.to_tensor([[8, 1, 2, 8, 9]] * 2) % 9, paddle.to_tensor([2, 2])
    return [label, label, length, paddle.to_tensor([0.5, 1.0])]


@pytest.mark.parametrize("guide, branch, shape", [(SAR, "sar", [2, 5, 8]), (NRTR, "gtc", [2, 4, 11])])
def test_the_guide_is_there_in_training_only(guide, branch, shape):
    head, x = build(CTC, guide), paddle.rand([2, 16, 1, 9])
    out = head(x, targets())
    assert {name: value.shape for name, value in out.items()} == {
        "ctc": [2, 9, 7],
        "ctc_neck": [2, 9, 6],
        branch: shape,
    }
    head.eval()
    probabilities = head(x).numpy()
    assert probabilities.shape == (2, 9, 7)
    np.testing.assert_allclose(probabilities.sum(axis=2), np.ones([2, 9]), rtol=1e-5)


def test_the_nrtr_guide_is_a_decoder_alone():
    state = build(CTC, NRTR).state_dict()
    assert state["before_gtc.1.fc.weight"].shape == [16, 32]
    assert state["gtc_head.decoder.0.mlp.fc1.weight"].shape == [32, 128]
    assert state["gtc_head.embedding.embedding.weight"].shape == [11, 32]
    assert not any(name.startswith("gtc_head.encoder") for name in state)


@pytest.mark.parametrize("tokens", [True, False])
def test_three_rows_are_pooled(tokens):
    head = build(CTC, NRTR, use_pool=True, use_pos=True)
    assert head.state_dict()["before_gtc.2.dec_pos_embed"].shape == [1, 80, 32]
    x = paddle.rand([2, 16, 3, 8])
    head.eval()
    out = head(x.flatten(2).transpose([0, 2, 1]) if tokens else x)
    plain = build(CTC, NRTR)
    plain.set_state_dict(head.state_dict())
    plain.eval()
    pooled = x.numpy().reshape(2, 16, 3, 4, 2).mean(axis=(2, 4))[:, :, None]
    np.testing.assert_allclose(out.numpy(), plain(paddle.to_tensor(pooled)).numpy(), rtol=1e-4, atol=1e-6)


def test_a_head_without_guide():
    head, loss = build(CTC), build_loss({"name": "MultiLoss", "loss_config_list": [{"CTCLoss": None}]})
    outputs = head(paddle.rand([2, 16, 1, 4]))
    assert set(outputs) == {"ctc", "ctc_neck"} and head.feed == ()
    fields = [paddle.to_tensor([2, 2]), paddle.to_tensor([[1, 2], [3, 4]])]
    losses = loss(outputs, Batch(fields, names=("length", "label_ctc")))
    assert float(losses["loss"]) == float(losses["CTCLoss"]) > 0


@pytest.mark.parametrize(
    "heads, config, message",
    [
        ([SAR], {}, "'head_list' must be CTCHead and SARHead or NRTRHead, not SARHead"),
        ([CTC, {"AttnHead": {}}], {}, "not CTCHead, AttnHead"),
        ([CTC], {"out_channels_list": {}}, "lacks CTCLabelDecode, which follows from the dictionary"),
    ],
)
def test_wrong_lists_are_one_line(heads, config, message):
    with pytest.raises(ConfigError, match=message) as error:
        build(*heads, **config)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "head_list, messages",
    [
        ([CTC, NRTR], []),
        ([CTC, SAR], []),
        (5, ["head_list: 'head_list' must be a list that is not empty, each a mapping, not 5"]),
        ([CTC, 5], ["head_list.1: 'head_list[1]' must be a mapping, not 5"]),
        ([{"CTCHead": 3}], ["head_list.0.CTCHead: 'head_list[0][CTCHead]' must be a mapping, not 3"]),
        ([{"CTCHead": {"Neck": 3}}], ["head_list.0.CTCHead.Neck: 'Neck' must be a mapping, not 3"]),
        ([{"CTCHead": {"Nek": None}}], ["head_list.0.CTCHead.Nek: CTCHead has no key 'Nek' (did you mean 'Neck'?)"]),
        (
            [{"CTCHead": {"Neck": {"name": "svtr", "dims": 0}}}],
            ["head_list.0.CTCHead.Neck.dims: 'dims' must be a whole number from 1 to 16,384, not 0"],
        ),
        (
            [{"CTCHead": {"Neck": {"name": "svtr", "hidden_dims": 30}}}],
            ["head_list.0.CTCHead.Neck.hidden_dims: 'hidden_dims': 30 must be a multiple of its 8 heads"],
        ),
        (
            [{"CTCHead": {"Neck": {"name": "reshape", "depth": 2}}}],
            ["head_list.0.CTCHead.Neck.depth: the encoder 'reshape' has no key 'depth'; known: none"],
        ),
        (
            [CTC, {"NRTRHead": {"nrtr_dimm": 32}}],
            ["head_list.1.NRTRHead.nrtr_dimm: NRTRHead has no key 'nrtr_dimm' (did you mean 'nrtr_dim'?)"],
        ),
        (
            [CTC, {"NRTRHead": {"nrtr_dim": 30}}],
            [
                "head_list.1.NRTRHead.nrtr_dim: 'nrtr_dim' must be a whole number from 32 to 2,048, in steps of 32, "
                "not 30"
            ],
        ),
        (
            [CTC, {"SARHead": {"enc_dim": "wide"}}],
            ["head_list.1.SARHead.enc_dim: 'enc_dim' must be a whole number from 1 to 16,384, not 'wide'"],
        ),
    ],
)
def test_validation_reaches_every_branch(head_list, messages):
    section = {"model_type": "rec", "Head": {"name": "MultiHead", "head_list": head_list}}
    found = [problem for problem in validate({"Architecture": section}) if problem.path[0] == "Architecture"]
    assert [str(problem).removeprefix("Architecture.Head.") for problem in found] == messages


@pytest.mark.parametrize("branch", [{"CTCHead": {"Neck": 3}}, {"CTCHead": {"Head": [1]}}])
def test_a_branch_of_the_wrong_kind_is_one_line_when_it_is_built_too(branch):
    with pytest.raises(ConfigError, match=r"head_list: '(Neck|Head)' must be a mapping, not"):
        build(branch)


def test_a_guided_ctc_head_looks_two_steps_aside():
    head = build_head({"name": "CTCHead", "use_guide": True, "mid_channels": 5}, "rec", in_channels=4, out_channels=3)
    head.eval()
    x = paddle.rand([1, 9, 4])
    moved = x.clone()
    moved[0, 4] = moved[0, 4] + 1.0
    changed = (head(moved) - head(x)).abs().max(axis=2)[0].numpy() > 1e-7
    assert changed.tolist() == [False, False, True, True, True, True, True, False, False]
    assert head.state_dict()["guide_layer.3.weight"].shape == [4, 4, 1]
