"""Losses of detectors that learn together, against NumPy."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.losses import build_loss
from ppocr.losses.det_distillation_loss import dilate

SHAPE = (2, 4, 6)


@pytest.fixture
def case():
    rng = np.random.default_rng(5)
    preds = {
        name: {"maps": paddle.to_tensor(rng.uniform(0.05, 0.95, (2, 3, 4, 6)).astype("float32"))}
        for name in ("Student", "Student2", "Teacher")
    }
    targets = [rng.random(SHAPE) < p for p in (0.5, 0.5, 0.3, 0.8)]
    return preds, [paddle.zeros([1])] + [paddle.to_tensor(t.astype("float32")) for t in targets]


def dice(pred, target, mask):
    return 1 - 2 * (pred * target * mask).sum() / ((pred * mask).sum() + (target * mask).sum())


def test_db_loss_of_every_network_without_its_sum(case):
    preds, batch = case
    config = {"balance_loss": True, "alpha": 5, "beta": 10, "ohem_ratio": 3}
    loss = build_loss({"name": "DistillationDBLoss", "model_name_list": ["Student", "Teacher"], **config})
    got = {name: float(value) for name, value in loss(preds, batch).items()}
    expected = {}
    for model in ("Student", "Teacher"):
        single = build_loss({"name": "DBLoss", **config})(preds[model], batch)
        expected.update({f"db_{model}_{name}": float(v) for name, v in single.items() if name != "loss"})
    assert got == pytest.approx(expected, rel=1e-6)
    assert len(got) == 8


def test_label_begins_the_names(case):
    preds, batch = case
    loss = build_loss({"name": "DistillationDBLoss", "model_name_list": ["Student"], "label": "DBLoss"})
    assert "DBLoss_Student_loss_shrink_maps" in loss(preds, batch)


def test_dilation_reaches_right_and_down():
    maps = paddle.zeros([1, 3, 4])
    maps[0, 1, 1], maps[0, 0, 3] = 1.0, 0.5
    np.testing.assert_array_equal(dilate(maps).numpy()[0], [[0, 0, 0, 0.5], [0, 1, 1, 0.5], [0, 1, 1, 0]])


def test_student_learns_the_dilated_text_of_its_teacher(case):
    preds, batch = case
    pairs = [["Student", "Teacher"], ["Student2", "Teacher"]]
    loss = build_loss({"name": "DistillationDilaDBLoss", "model_name_pairs": pairs, "alpha": 2})
    text = np.pad(preds["Teacher"]["maps"].numpy()[:, 0] > 0.3, ((0, 0), (1, 0), (1, 0)))
    target = text[:, 1:, 1:] | text[:, :-1, 1:] | text[:, 1:, :-1] | text[:, :-1, :-1]
    mask = batch[4].numpy()
    got = {name: float(value) for name, value in loss(preds, batch).items()}
    expected = {}
    for student, teacher in pairs:
        maps = preds[student]["maps"].numpy()
        value = 2 * dice(maps[:, 0], target, mask) + dice(maps[:, 2], target, mask)
        expected[f"dila_dbloss_{student}_{teacher}"] = value
    assert got == pytest.approx(expected, rel=1e-4)


def test_teacher_gets_no_gradient(case):
    preds, batch = case
    for outputs in preds.values():
        outputs["maps"].stop_gradient = False
    loss = build_loss({"name": "DistillationDilaDBLoss", "model_name_pairs": ["Student", "Teacher"]})
    sum(loss(preds, batch).values()).backward()
    assert float(preds["Student"]["maps"].grad.abs().sum()) > 0
    assert preds["Teacher"]["maps"].grad is None


@pytest.mark.parametrize(
    "config, message",
    [
        ({"name": "DistillationDBLoss", "model_name_list": ["Pupil"]}, "Pupil"),
        ({"name": "DistillationDilaDBLoss", "model_name_pairs": ["Student", "Master"]}, "Master"),
    ],
)
def test_unknown_network_is_one_line(case, config, message):
    with pytest.raises(ConfigError, match=message) as error:
        build_loss(config)(*case)
    assert "\n" not in str(error.value)
