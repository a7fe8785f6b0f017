"""SRNHead and VLHead."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.rec_srn_head import SemanticReasoning, SRNAttention
from ppocr.modeling.heads.rec_visionlan_head import PositionTable
from ppocr.optimizer.param_groups import stage_factors


@pytest.fixture(scope="module")
def srn():
    section = {"name": "SRNHead", "max_text_length": 4, "num_heads": 2, "num_decoder_TUs": 1, "hidden_dims": 16}
    return build_head(section, "rec", in_channels=16, out_channels=6)


def test_srn_gives_all_slots_of_all_lines_in_a_row(srn):
    srn.eval()
    out = srn(paddle.rand([2, 16, 8, 32]))
    assert {name: value.shape for name, value in out.items()} == {
        "predict": [8, 6],
        "pvam_feature": [2, 4, 16],
        "decoded_out": [8, 1],
        "word_out": [8, 6],
        "gsrm_out": [8, 7],
    }
    np.testing.assert_allclose(out["predict"].numpy().sum(axis=1), np.ones(8), rtol=1e-5)
    assert out["decoded_out"].flatten().tolist() == out["predict"].argmax(axis=1).tolist()
    assert srn.model_average is True


def test_srn_gives_logits_in_training(srn):
    srn.train()
    assert float(srn(paddle.rand([1, 16, 8, 32]))["predict"].exp().sum()) != pytest.approx(4.0, rel=1e-3)


def test_srn_checks_its_width():
    with pytest.raises(ConfigError, match="'hidden_dims' must be the channels of the map, 8, not 512"):
        build_head({"name": "SRNHead"}, "rec", in_channels=8, out_channels=6)


def test_the_language_model_tells_a_slot_from_all_others():
    paddle.seed(0)
    model = SemanticReasoning(classes=5, length=4, units=1, width=8, heads=2)
    model.eval()
    weight = np.zeros([8, 5], "float32")
    weight[:5] = 9 * np.eye(5)
    model.fc0.weight.set_value(weight)
    words = np.array([1, 2, 3, 4])

    def features(sequence):
        return model(paddle.to_tensor(np.eye(8, dtype="float32")[sequence][None]))[0].numpy()[0]

    base = features(words)
    for slot in range(4):
        other = words.copy()
        other[slot] = 1 + words[slot] % 4
        changed = np.abs(features(other) - base).max(axis=1) > 1e-6
        assert changed.tolist() == [i != slot for i in range(4)]


def vl_head(step):
    paddle.seed(0)
    section = {"name": "VLHead", "n_layers": 1, "n_position": 6, "n_dim": 16, "max_text_length": 3}
    head = build_head({**section, "training_step": step}, "rec", in_channels=16, out_channels=5)
    for layer in head.sublayers():
        if isinstance(layer, paddle.nn.Dropout):
            layer.p = 0.0
    return head


def vl_targets(places=(0, 2)):
    label = paddle.zeros([2, 3], "int64")
    return [label, label, label, paddle.to_tensor(list(places)), paddle.to_tensor([3, 3])]


def test_position_table():
    table = PositionTable(3, 4).pos_table.numpy()
    np.testing.assert_allclose(table[0, 2], [np.sin(2), np.cos(2), np.sin(0.02), np.cos(0.02)], rtol=1e-5)


def test_visionlan_reads_column_after_column():
    head, x = vl_head("LA"), paddle.rand([2, 16, 2, 3])
    head.eval()
    text, tokens = head(x)
    assert text.shape == [4, 2, 6] and tokens.shape == [2, 6, 16]
    np.testing.assert_array_equal(tokens[0, 1].numpy(), x[0, :, 1, 0].numpy())


@pytest.mark.parametrize("step, outputs", [("LF_1", 1), ("LF_2", 3), ("LA", 3)])
def test_each_step_of_visionlan_trains_its_part(step, outputs):
    head, x = vl_head(step), paddle.rand([2, 16, 2, 3])
    texts = head(x, vl_targets())
    assert [text.shape for text in texts] == [[4, 2, 6]] * outputs
    sum((text**2).sum() for text in texts).backward()
    finder = head.MLM_VRM.MLM.we.weight.grad
    assert (finder is not None) == (step != "LF_1")
    for name, parameter in head.named_parameters():
        assert parameter.stop_gradient == (parameter.grad is None), name
    assert float(head.MLM_VRM.Prediction.w_vrm.weight.grad.abs().max()) > 0


def test_what_the_first_step_freezes_is_what_the_second_trains_at_the_full_rate():
    frozen = {name for name, parameter in vl_head("LF_1").named_parameters() if parameter.stop_gradient}
    head = vl_head("LF_2")
    names = [name for name, _ in head.named_parameters()]
    rates = stage_factors(head, names, "LF_2")
    assert {name for name, rate in rates.items() if rate == 1.0} == frozen
    assert {rates[name] for name in names if name not in frozen} == {0.1}


def test_only_the_last_step_hides_a_character_and_only_in_half_of_the_batch():
    x = paddle.rand([2, 16, 2, 3])
    whole = {step: vl_head(step)(x, vl_targets())[0].numpy() for step in ("LF_1", "LF_2", "LA")}
    np.testing.assert_allclose(whole["LF_2"], whole["LF_1"], atol=1e-6)
    np.testing.assert_allclose(whole["LA"][:, 1], whole["LF_1"][:, 1], atol=1e-6)
    assert np.abs(whole["LA"][:, 0] - whole["LF_1"][:, 0]).max() > 1e-3


def test_an_unknown_step_is_one_line():
    with pytest.raises(ConfigError, match="must be one of LF_1, LF_2, LA, not 'LF_3'"):
        vl_head("LF_3")


@pytest.mark.parametrize(
    "channels, width, message",
    [(16, 24, "must be the channels of the map, 16, not 24"), (12, 12, "from 8 to 4,096, in steps of 8, not 12")],
)
def test_visionlan_checks_its_width(channels, width, message):
    with pytest.raises(ConfigError, match=message):
        build_head({"name": "VLHead", "n_dim": width}, "rec", in_channels=channels, out_channels=5)


def test_attention_of_srn_scales_with_the_whole_width():
    layer = SRNAttention(4, heads=2)
    for fc in (layer.q_fc, layer.k_fc, layer.v_fc, layer.proj_fc):
        fc.weight.set_value(np.eye(4, dtype="float32"))
    layer.eval()
    x = np.array([[2.0, 0, 0, 0], [0, 0, 0, 0]])
    weight = 1 / (1 + np.exp(-4 / 2))  # the product is 4, the square root of the width 2
    out = layer(paddle.to_tensor(x[None].astype("float32"))).numpy()[0]
    shrunk = 1 - layer.dropout.p  # weights in evaluation
    np.testing.assert_allclose(out, [[2 * weight * shrunk, 0, 0, 0], [1.0 * shrunk, 0, 0, 0]], rtol=1e-5)
