"""A model that the labels of an evaluation guide: every tool says so, with both numbers."""

from types import SimpleNamespace

import cv2
import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.commands import eval as eval_tool
from ppocr.config import load, override
from ppocr.deploy.exporting import export
from ppocr.deploy.verification import Samples
from ppocr.engine.preparation import resolve
from ppocr.inference.in_use import differences, guided_layers, without_guide
from ppocr.inference.loading import from_config, from_exported
from ppocr.modeling.heads import build_head
from ppocr.modeling.heads.rec_can_head import CANHead
from ppocr.utils.save_load import save_model

HEAD = "{name: CANHead, max_text_length: 6, attdecoder: {input_size: 8, hidden_size: 8, attention: {attention_dim: 8}}}"
TRANSFORMS = (
    "[DecodeImage: {}, NormalizeImage: {mean: [0, 0, 0], std: [1, 1, 1], order: hwc}, "
    "GrayImageChannelFormat: {inverse: true}, CANLabelEncode: {}, KeepKeys: {keep_keys: [image, label]}]"
)
OVERRIDES = [
    f"Architecture={{model_type: rec, in_channels: 1, Backbone: {{name: DenseNet, growthRate: 1}}, Head: {HEAD}}}",
    "Loss={name: CANLoss}",
    "PostProcess={name: CANLabelDecode}",
    "Metric={name: CANMetric, main_indicator: word_rate}",
    *(f"{section}.dataset.transforms={TRANSFORMS}" for section in ("Train", "Eval")),
    *(f"{section}.loader.collate_fn=DyMaskCollator" for section in ("Train", "Eval")),
]
STRONG = "head.decoder.word_embedding_weight.weight"
LABELS = ["x", "x + y", "y y y y +", "+ x"]


@pytest.fixture
def site(trained, tmp_path):
    """A run whose model tells a symbol by the one before it above all, and images of several sizes with formulas."""
    (tmp_path / "symbols.txt").write_text("eos\nsos\nx\ny\n+\n")
    for number in range(len(LABELS)):
        image = np.random.default_rng(number).integers(0, 255, (32 + 16 * number, 64 + 24 * number, 3))
        cv2.imwrite(str(tmp_path / f"{number}.png"), image.astype(np.uint8))
    lines = [f"{number}.png\t{label}\n" for number, label in enumerate(LABELS)]
    (tmp_path / "label.txt").write_text("".join(lines))
    folder = trained("rec", f"Global.character_dict_path={tmp_path}/symbols.txt", *OVERRIDES)
    kept = paddle.load(f"{folder}/best_accuracy.pdparams", return_numpy=True)
    save_model(folder / "best_accuracy", {".pdparams": {**kept, STRONG: kept[STRONG] * 100}})
    return folder


def weights(folder):
    return [f"Global.checkpoints={folder}/best_accuracy", "Global.device=cpu"]


def evaluate(folder, *overrides):
    return eval_tool.main(["-c", str(folder / "config.yml"), "-o", *weights(folder), *overrides])


def test_an_evaluation_gives_what_is_read_alone_too(site, capsys):
    found = evaluate(site)
    assert f"note: {CANHead.guided_remark}" in capsys.readouterr().out
    alone = evaluate(site, "Architecture.Head.attdecoder.is_train=false", "Eval.loader.batch_size_per_card=1")
    assert f"note: {CANHead.guided_remark}" not in capsys.readouterr().out and "in_use_exp_rate" not in alone
    in_use = {name: found[f"in_use_{name}"] for name in ("word_rate", "exp_rate")}
    assert in_use == {name: alone[name] for name in in_use} != {name: found[name] for name in in_use}


@pytest.mark.slow
def test_an_exported_model_gives_what_is_read_alone(site, tmp_path):
    config = resolve(override(load(site / "config.yml"), ["Global.device=cpu"]))
    made = export(config, site / "best_accuracy", tmp_path / "made", onnx=True, verify=Samples(count=4))
    found = evaluate(site)
    assert not made.problems
    assert made.measured[0].metrics == {name: found[f"in_use_{name}"] for name in ("word_rate", "exp_rate")}
    images = [cv2.imread(str(tmp_path / f"{number}.png")) for number in range(len(LABELS))]
    read = from_config(site / "config.yml", weights(site), 8, "rec").predictor(images)
    assert read == from_exported(tmp_path / "made", ["Global.device=cpu"], 8, "rec").predictor(images)


def test_a_layer_is_guided_again_afterwards():
    head = build_head({"name": "CANHead"}, "rec", in_channels=8, out_channels=5)
    with pytest.raises(KeyError), without_guide(head):
        assert guided_layers(head) == [] and not head.guided
        raise KeyError
    assert guided_layers(head) == [head]


class OtherGuided(nn.Layer):
    guided, guided_remark = True, "this layer reads labels of its own"


def test_each_guided_layer_says_what_is_to_be_said_of_it(site):
    config = resolve(override(load(site / "config.yml"), ["Global.device=cpu"]))
    both = nn.LayerList([OtherGuided(), OtherGuided(), nn.Linear(1, 1)])
    assert differences(config, both, SimpleNamespace(wider=0, samples=1)) == [OtherGuided.guided_remark]
