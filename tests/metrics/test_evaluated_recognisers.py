"""From the output of each kind of recogniser, in training and in evaluation, to the values of its metric."""

from typing import NamedTuple

import numpy as np
import paddle
import pytest

from ppocr import config as configuration
from ppocr.data.batch import Batch, SampleFacts
from ppocr.data.imaug import create_operators, run_operators
from ppocr.engine.averaging import WindowAverage, build_averaging
from ppocr.engine.evaluator import TrainingMetric, as_arrays
from ppocr.engine.forward import call_model, to_float32
from ppocr.engine.stepper import Stepper
from ppocr.losses import build_loss
from ppocr.metrics import build_metric
from ppocr.metrics.rec_metric import RecMetric
from ppocr.modeling.architectures import build_model
from ppocr.options import GlobalOptions
from ppocr.postprocess import build_post_process

TEXTS = ["ab", "c0d"]
LENGTH = 4
CTC = {"CTCHead": {"Neck": {"name": "reshape"}}}
SAR = {"SARHead": {"enc_dim": 4, "max_text_length": LENGTH, "d_k": 4}}
NRTR = {"NRTRHead": {"nrtr_dim": 32, "max_text_length": LENGTH, "num_decoder_layers": 1}}
SRN = {
    "name": "SRNHead",
    "hidden_dims": 8,
    "num_heads": 2,
    "num_encoder_TUs": 1,
    "num_decoder_TUs": 1,
    "max_text_length": LENGTH,
}
VISIONLAN = {"name": "VLHead", "n_layers": 1, "n_position": 4, "n_dim": 8, "max_text_length": LENGTH}
REC = {"name": "RecMetric"}
DISTILLED = {"name": "DistillationMetric", "base_metric_name": "RecMetric", "key": "Student"}
TO_SAR, TO_NRTR = ({"MultiLabelEncode": options} for options in ({}, {"gtc_encode": "NRTRLabelEncode"}))
LINE = (8, 1, 8)  # shape of the map that a head reads


class Case(NamedTuple):
    """A recogniser that reads maps, how it is decoded and measured, and how its labels are made."""

    architecture: dict
    post_process: dict
    metric: dict
    encode: dict
    shape: tuple


def several(guide):
    return {"Head": {"name": "MultiHead", "head_list": [CTC, guide]}, "in_channels": 8}


def networks(guide):
    return {
        "name": "DistillationModel",
        "Models": {name: {**several(guide), "return_all_feats": True} for name in ("Teacher", "Student")},
    }


def two(names):
    return {"name": "DistillationCTCLabelDecode", "model_name": names, "key": "head_out", "multi_head": True}


def visionlan(step):
    head = {**VISIONLAN, "training_step": step}
    return Case({"Head": head, "in_channels": 8}, {"name": "VLLabelDecode"}, REC, {"VLLabelEncode": {}}, (8, 2, 2))


CASES = {
    "ctc and sar": Case(several(SAR), {"name": "CTCLabelDecode"}, REC, TO_SAR, LINE),
    "ctc and nrtr": Case(several(NRTR), {"name": "CTCLabelDecode"}, REC, TO_NRTR, LINE),
    "srn": Case({"Head": SRN, "in_channels": 8}, {"name": "SRNLabelDecode"}, REC, {"SRNLabelEncode": {}}, (8, 8, 32)),
    "visionlan 1": visionlan("LF_1"),
    "visionlan 2": visionlan("LF_2"),
    "visionlan 3": visionlan("LA"),
    "both networks": Case(networks(SAR), two(["Student", "Teacher"]), DISTILLED, TO_SAR, LINE),
    "the student": Case(networks(NRTR), two(["Student"]), DISTILLED, TO_NRTR, LINE),
}
KEPT = {
    "MultiLabelEncode": ("label_ctc", "label_sar", "label_gtc", "length"),
    "SRNLabelEncode": ("label", "length"),
    "VLLabelEncode": ("label", "label_res", "label_sub", "label_id", "length"),
}


def batch_of(case, texts=TEXTS):
    """Random maps with the labels of two texts, in the order of ``keep_keys``."""
    ((name, options),) = case.encode.items()
    size = LENGTH + 2 if name == "MultiLabelEncode" else LENGTH
    ops = create_operators([{name: {**options, "max_text_length": size}}])
    samples = [run_operators({"label": text, "facts": {}}, ops, np.random.default_rng(0)) for text in texts]
    fields = [np.random.default_rng(1).normal(size=(len(TEXTS), *case.shape)).astype("float32")]
    fields += [np.stack([sample[key] for sample in samples]) for key in KEPT[name] if key in samples[0]]
    if name == "MultiLabelEncode":
        fields.append(np.ones(len(TEXTS), "float32"))
    return [paddle.to_tensor(field) for field in fields]


def build(case):
    """Model and decoder of a case; the sizes follow from the dictionary."""
    paddle.seed(0)
    decode = build_post_process(case.post_process, {"max_text_length": LENGTH})
    resolved = configuration.resolve({"Architecture": {"model_type": "rec", **case.architecture}}, decode)
    return build_model(resolved["Architecture"]), decode


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_outputs_become_values(case, training):
    model, decode = build(case)
    model.train() if training else model.eval()
    batch = batch_of(case)
    predictions, arrays = to_float32(call_model(model, batch)), as_arrays(batch)
    results = decode.process(predictions, arrays)
    of_networks = results if isinstance(results, dict) else {"": results}
    for texts, labels in of_networks.values():
        assert labels == [(text, 1.0) for text in TEXTS]
        assert len(texts) == len(TEXTS) and all(np.isfinite(confidence) for _, confidence in texts)
    right = RecMetric()(of_networks.get("Student") or of_networks[""])
    metric = build_metric(case.metric)
    metric.update(results, arrays)
    values = metric.get_metric()
    assert {name: values[name] for name in right} == right
    others = [name for name in of_networks if name not in ("", "Student")]
    assert set(values) - set(right) == {f"{network}_{name}" for network in others for name in right}
    assert set(TrainingMetric(decode, metric)(predictions, batch)) == set(values)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_truth_is_the_text_and_not_what_the_dictionary_can_write_of_it(case):
    model, decode = build(case)
    model.eval()
    batch = Batch(batch_of(case), facts=[SampleFacts(0, "ab#"), SampleFacts(1, "")])
    results = decode.process(to_float32(call_model(model, batch)), as_arrays(batch))
    for texts, labels in results.values() if isinstance(results, dict) else [results]:
        assert labels == [("ab#", 1.0), ("", 1.0)] and len(texts) == 2


LOSSES = {
    "ctc and sar": {"name": "MultiLoss", "loss_config_list": [{"CTCLoss": None}, {"SARLoss": {"ignore_index": 38}}]},
    "ctc and nrtr": {"name": "MultiLoss", "loss_config_list": [{"CTCLoss": None}, {"NRTRLoss": None}]},
    "srn": {"name": "SRNLoss"},
    "visionlan 1": {"name": "VLLoss", "mode": "LF_1"},
    "visionlan 2": {"name": "VLLoss", "mode": "LF_2"},
    "visionlan 3": {"name": "VLLoss", "mode": "LA"},
}


@pytest.mark.parametrize("texts", [("", "c0d"), ("", "")])
@pytest.mark.parametrize("name", LOSSES)
def test_an_empty_text_trains(name, texts):
    model, _ = build(CASES[name])
    model.train()
    batch = batch_of(CASES[name], texts)
    loss = build_loss(LOSSES[name])(to_float32(call_model(model, batch)), batch)["loss"]
    loss.backward()
    gradients = [parameter.grad.numpy() for parameter in model.parameters() if parameter.grad is not None]
    assert np.isfinite(float(loss)) and gradients and all(np.isfinite(values).all() for values in gradients)


def test_right_scores_give_right_texts_of_visionlan_in_both_modes():
    """Training gives logits of the parts of the texts too, evaluation the tokens."""
    case = CASES["visionlan 3"]
    _, decode = build(case)
    batch = as_arrays(batch_of(case))
    label = np.concatenate([batch[1], np.zeros((2, 1), "int64")], axis=1)
    logits = 9 * np.eye(37, dtype="float32")[label].transpose(1, 0, 2)
    for preds in ((logits, logits[::-1], logits[::-1]), (logits, "tokens")):
        texts, labels = decode.process(preds, batch)
        assert [text for text, _ in texts] == [text for text, _ in labels] == TEXTS


def test_two_detectors():
    paddle.seed(0)
    head = {"name": "DBHead", "k": 50}
    section = {"name": "DistillationModel", "model_type": "det"}
    networks = {name: {"Head": head, "in_channels": 4} for name in ("Student", "Student2", "Teacher")}
    model = build_model({**section, "Models": networks})
    model.eval()
    find = build_post_process({"name": "DistillationDBPostProcess", "model_name": ["Student", "Student2"]})
    metric = build_metric({"name": "DistillationMetric", "base_metric_name": "DetMetric", "key": "Student"})
    box = np.array([[[0, 0], [9, 0], [9, 9], [0, 9]]])
    batch = [paddle.rand([1, 4, 8, 8]), paddle.to_tensor([[32.0, 32.0, 1.0, 1.0]]), [box], [[False]]]
    arrays = as_arrays(batch)
    metric.update(find.process(call_model(model, batch), arrays), arrays)
    values = metric.get_metric()
    assert {"hmean", "precision", "recall", "Student2_hmean"} <= set(values) and len(values) == 6


def test_srn_is_evaluated_with_the_mean_of_its_weights():
    case = CASES["srn"]
    model, decode = build(case)
    averaging = build_averaging(GlobalOptions(), model)
    assert isinstance(averaging, WindowAverage)
    optimizer = paddle.optimizer.SGD(0.05, parameters=model.parameters())
    stepper = Stepper(model, build_loss({"name": "SRNLoss"}), optimizer, 0.05, averaging=averaging)
    batch, name = batch_of(case), "head.vsfd.fc1.weight"
    after = []
    for step in range(3):
        stepper([batch], step)
        after.append(model.state_dict()[name].numpy().copy())
    model.eval()
    last = call_model(model, batch)["predict"].numpy()
    with averaging.applied(model):
        np.testing.assert_allclose(model.state_dict()[name].numpy(), np.mean(after, axis=0), atol=1e-6)
        mean = call_model(model, batch)["predict"].numpy()
        texts, labels = decode.process(call_model(model, batch), as_arrays(batch))
    assert np.abs(mean - last).max() > 1e-4 and len(texts) == len(labels) == len(TEXTS)
    np.testing.assert_array_equal(model.state_dict()[name].numpy(), after[-1])
    np.testing.assert_array_equal(call_model(model, batch)["predict"].numpy(), last)
