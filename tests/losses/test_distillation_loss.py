"""CombinedLoss and the losses between networks."""

import numpy as np
import paddle
import pytest

from ppocr.config import validate
from ppocr.errors import ConfigError
from ppocr.losses import build_loss
from ppocr.losses.basic_loss import DistanceLoss, DKDLoss, DMLLoss, KLCTCLogits

RNG = np.random.default_rng(11)
PAIR = {"model_name_pairs": [["Student", "Teacher"]], "key": "head_out"}


def array(*shape):
    return RNG.normal(size=shape).astype("float32")


def tensors(*arrays):
    return [paddle.to_tensor(a) for a in arrays]


def softmax(x):
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def kl(p, q):
    return (p * np.log(p / q)).sum(axis=-1)


def combined(preds, batch, *items):
    losses = build_loss({"name": "CombinedLoss", "loss_config_list": list(items)})(preds, batch)
    return {name: float(value) for name, value in losses.items()}


def networks(**outputs):
    return {
        model: {key: paddle.to_tensor(value) for key, value in zip(outputs, values)}
        for model, values in zip(("Student", "Teacher"), zip(*outputs.values()))
    }


def test_mutual_learning_of_sequences():
    a, b = array(2, 3, 4), array(2, 3, 4)
    p, q = softmax(a), softmax(b)
    expected = 0.5 * (kl(p, q) + kl(q, p)).sum() / 2
    assert float(DMLLoss("softmax", use_log=True)(*tensors(a, b))) == pytest.approx(expected, rel=1e-5)


def test_mutual_learning_of_maps_gives_a_value_for_each_image():
    p, q = RNG.uniform(0.1, 0.9, (2, 2, 3, 4)).astype("float32")
    expected = 0.5 * ((p - q) * np.log(p / q)).mean(axis=(1, 2))
    np.testing.assert_allclose(DMLLoss()(*tensors(p, q)).numpy(), expected, rtol=1e-3)


@pytest.mark.parametrize(
    "mode, expected", [("l1", 1.25), ("l2", (9 + 4 + 0 + 0) / 4), ("smooth_l1", (2.5 + 1.5 + 0 + 0) / 4)]
)
def test_distances_by_hand(mode, expected):
    a, b = tensors(np.array([[3.0, -2.0], [1.0, 5.0]], "float32"), np.array([[0.0, 0.0], [1.0, 5.0]], "float32"))
    assert float(DistanceLoss(mode)(a, b)) == pytest.approx(expected)


def dkd(student, teacher, target, alpha, beta):
    p, q = softmax(teacher.astype("float64")), softmax(student.astype("float64"))
    values = []
    for p_row, q_row, right in zip(p, q, target):
        pair = kl(np.array([p_row[right], 1 - p_row[right]]), np.array([q_row[right], 1 - q_row[right]]))
        rest = [np.delete(row, right) / (1 - row[right]) for row in (p_row, q_row)]
        values.append(alpha * pair + beta * kl(*rest))
    return np.array(values)


def test_decoupled_distillation():
    student, teacher, target = array(5, 4), array(5, 4), np.array([0, 3, 1, 2, 2])
    loss = DKDLoss(alpha=0.5, beta=2.0)(*tensors(student, teacher, target))
    np.testing.assert_allclose(loss.numpy(), dkd(student, teacher, target, 0.5, 2.0), rtol=1e-4, atol=1e-6)
    warm = DKDLoss(temperature=2.0)(*tensors(student, teacher, target))
    np.testing.assert_allclose(warm.numpy(), 4 * dkd(student / 2, teacher / 2, target, 1, 1), rtol=1e-4, atol=1e-6)


def test_alignments_are_compared_by_their_mean():
    student, teacher = array(2, 5, 4), array(2, 7, 4)
    p, q = (softmax(x / 0.5).mean(axis=1) for x in (teacher, student))
    assert float(KLCTCLogits()(*tensors(student, teacher))) == pytest.approx(kl(p, q).mean(), rel=1e-3)


def test_weights_and_names_of_a_combination():
    a, b = array(2, 3, 4), array(2, 3, 4)
    preds = networks(backbone_out=(a, b), head_out=(a, b))
    losses = combined(
        preds,
        [],
        {"DistillationDMLLoss": {"weight": 0.5, "act": "softmax", "use_log": True, "name": "dml_x", **PAIR}},
        {"DistillationDistanceLoss": {"model_name_pairs": ["Student", "Teacher"], "key": "backbone_out", "weight": 2}},
    )
    p, q = softmax(a), softmax(b)
    expected = {
        "dml_x_0": 0.25 * (kl(p, q) + kl(q, p)).sum() / 2,
        "loss_distance_l2_Student_Teacher_0": 2 * ((a - b) ** 2).mean(),
    }
    assert losses == pytest.approx({"loss": sum(expected.values()), **expected}, rel=1e-5)


def test_a_loss_of_its_own_counts_with_its_total():
    scores, batch = array(2, 4, 3), tensors(np.zeros([2, 1]), np.array([[1, 2], [2, 0]]), np.array([2, 1]))
    ctc = float(build_loss({"name": "CTCLoss"})(paddle.to_tensor(scores), batch)["loss"])
    losses = combined(paddle.to_tensor(scores), batch, {"CTCLoss": {"weight": 0.25}}, {"ACELoss": None})
    assert losses["CTCLoss"] == pytest.approx(ctc / 4) and losses["loss"] > ctc / 4
    assert losses["loss"] == pytest.approx(losses["CTCLoss"] + losses["loss_ace"], rel=1e-5)


def test_one_value_for_each_image_trains_with_their_sum():
    maps = [RNG.uniform(0.1, 0.9, (3, 3, 2, 2)).astype("float32") for _ in range(2)]
    preds = {name: {"maps": paddle.to_tensor(value)} for name, value in zip("ab", maps)}
    preds["a"]["maps"].stop_gradient = False
    item = {"DistillationDMLLoss": {"model_name_pairs": ["a", "b"], "maps_name": "thrink_maps", "key": "maps"}}
    losses = build_loss({"name": "CombinedLoss", "loss_config_list": [item]})(preds, [])
    p, q = (m[:, 0] for m in maps)
    expected = 0.5 * ((p - q) * np.log(p / q)).mean()
    assert float(losses["loss"]) == pytest.approx(expected, rel=1e-3)
    assert float(losses["dml_thrink_maps_0"]) == pytest.approx(expected, rel=1e-3)
    losses["loss"].backward()
    gradient = 0.5 * (np.log(p / q) + (p - q) / p) / 4  # a mean over 4 pixels, but a sum over 3 images
    np.testing.assert_allclose(preds["a"]["maps"].grad.numpy()[:, 0], gradient, rtol=1e-2, atol=1e-4)


def test_losses_of_every_network():
    scores = [array(2, 6, 4) for _ in range(2)]
    sar = [array(2, 4, 5) for _ in range(2)]
    gtc = [array(2, 3, 6) for _ in range(2)]
    fields = [np.zeros([2, 1]), np.array([[1, 2], [3, 0]]), np.array([[4, 0, 4, 5], [4, 1, 2, 4]]), np.array([2, 1])]
    batch = tensors(*fields, np.ones(2))
    preds = {
        name: {"head_out": dict(zip(("ctc", "sar", "gtc"), tensors(*outputs)))}
        for name, outputs in zip(("Student", "Teacher"), zip(scores, sar, gtc))
    }
    both = {"model_name_list": ["Student", "Teacher"], "key": "head_out", "multi_head": True}
    losses = combined(
        preds,
        batch,
        {"DistillationCTCLoss": both},
        {"DistillationSARLoss": {**both, "ignore_index": 5}},
        {"DistillationNRTRLoss": {**both, "smoothing": False, "model_name_list": ["Student"]}},
    )
    for i, name in enumerate(("Student", "Teacher")):
        ctc = build_loss({"name": "CTCLoss"})(paddle.to_tensor(scores[i]), tensors(*fields[:2], fields[3]))
        seen = build_loss({"name": "SARLoss", "ignore_index": 5})(
            paddle.to_tensor(sar[i]), tensors(fields[0], fields[2])
        )
        assert losses[f"loss_ctc_{name}_{i}"] == pytest.approx(float(ctc["loss"]), rel=1e-5)
        assert losses[f"loss_sar_{name}_{i}"] == pytest.approx(float(seen["loss"]), rel=1e-5)
    nrtr = build_loss({"name": "NRTRLoss", "smoothing": False})
    expected = nrtr(paddle.to_tensor(gtc[0]), tensors(fields[0], *fields[2:]))["loss"]
    assert losses["loss_nrtr_Student_0"] == pytest.approx(float(expected), rel=1e-5)


def test_the_guide_is_distilled_up_to_the_longest_text():
    student, teacher = array(2, 4, 5), array(2, 4, 5)
    label, lengths = np.array([[2, 4, 3, 0, 0], [2, 4, 1, 3, 0]]), np.array([1, 2])
    preds = networks(gtc=(student, teacher))
    preds = {name: {"head_out": outputs} for name, outputs in preds.items()}
    batch = tensors(np.zeros([2, 1]), label, label, lengths)
    losses = combined(preds, batch, {"DistillationDKDLoss": {**PAIR, "multi_head": True, "beta": 2.0, "weight": 0.1}})
    rows = dkd(student[:, :3].reshape(6, 5), teacher[:, :3].reshape(6, 5), label[:, 1:4].ravel(), 1.0, 2.0)
    assert losses["dkd_0"] == pytest.approx(0.1 * rows.mean(), rel=1e-4)


def test_alignments_of_student_and_teacher():
    student, teacher = array(2, 5, 4), array(2, 5, 4)
    preds = {
        name: {"head_out": {"ctc": paddle.to_tensor(x)}} for name, x in (("Student", student), ("Teacher", teacher))
    }
    losses = combined(preds, [], {"DistillCTCLogits": {"reduction": "mean", **PAIR}})
    p, q = (softmax(x / 0.5).mean(axis=1) for x in (teacher, student))
    assert losses["ctc_logits_0"] == pytest.approx(kl(p, q).mean(), rel=1e-3)


@pytest.mark.parametrize(
    "item, message",
    [
        ({"DistillationDMLLoss": {"model_name_pairs": [["a"]]}}, r"\'model_name_pairs\[0\]\' must be a list of 2, not"),
        ({"DistillationDMLLoss": {**PAIR, "maps_name": "shrink_maps"}}, "'maps_name' must be one of thrink_maps"),
        ({"DistillationCTCLoss": {"model_name_list": ["a"], "keys": "x"}}, "no key 'keys' .did you mean 'key'"),
        ("CTCLoss", r"'loss_config_list\[0\]' must be a mapping of 1, not 'CTCLoss'"),
        (5, r"'loss_config_list\[0\]' must be a mapping of 1, not 5"),
        ({"CTCLoss": 3}, r"'loss_config_list\[0\]\[CTCLoss\]' must be a mapping, not 3"),
        ({"CTCLoss": {"weight": -1}}, "CTCLoss: 'weight' must be a number from 0 to 1,000,000, not -1"),
    ],
)
def test_wrong_items_are_one_line(item, message):
    with pytest.raises(ConfigError, match=message) as error:
        build_loss({"name": "CombinedLoss", "loss_config_list": [item]})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "path, message", [(("Teecher", "x"), "output 'Teecher'"), (("Student", "x"), "gives head_out")]
)
def test_an_output_that_is_not_there_is_one_line(path, message):
    preds = networks(head_out=(array(1, 2, 3), array(1, 2, 3)))
    item = {"DistillationCTCLoss": {"model_name_list": [path[0]], "key": path[1]}}
    with pytest.raises(ConfigError, match=message):
        combined(preds, tensors(np.zeros([1]), np.zeros([1, 1], int), np.ones([1], int)), item)


def test_a_combination_can_be_validated():
    items = [{"CTCLoss": {"weight": "heavy", "use_focal_loss": 5}}, {"DistillationDMLLoss": {**PAIR, "name": "x"}}]
    config = {"Loss": {"name": "CombinedLoss", "loss_config_list": items}}
    place = "Loss.loss_config_list.0.CTCLoss"
    assert [str(problem) for problem in validate(config) if problem.path[0] == "Loss"] == [
        f"{place}.weight: 'weight' must be a number from 0 to 1,000,000, not 'heavy'",
        f"{place}.use_focal_loss: 'use_focal_loss' must be true or false, not 5",
    ]
