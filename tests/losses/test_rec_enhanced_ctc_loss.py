"""Aggregation cross entropy, center loss, and CTC with both."""

import pickle

import numpy as np
import paddle
import pytest

from ppocr.errors import DataError
from ppocr.losses import build_loss


@pytest.fixture
def case():
    rng = np.random.default_rng(2)
    scores, features = rng.normal(size=(2, 5, 4)).astype("float32"), rng.normal(size=(2, 5, 3)).astype("float32")
    batch = [paddle.zeros([2, 1]), paddle.to_tensor([[1, 1, 3], [2, 0, 0]]), paddle.to_tensor([3, 1])]
    return scores, features, batch


def run(config, preds, batch):
    preds = tuple(paddle.to_tensor(p) for p in preds) if isinstance(preds, tuple) else paddle.to_tensor(preds)
    return {name: float(value) for name, value in build_loss(config)(preds, batch).items()}


def ace(scores):
    told = (np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)).mean(axis=1)
    wanted = np.array([[2, 2, 0, 1], [4, 0, 1, 0]]) / 5
    return -(wanted * np.log(told)).sum(axis=1).mean()


def test_ace_counts_characters_and_blanks(case):
    scores, _, batch = case
    assert run({"name": "ACELoss"}, scores, batch)["loss_ace"] == pytest.approx(ace(scores), rel=1e-5)


def write_centers(path, centers):
    path.write_bytes(pickle.dumps(centers, protocol=4))
    return {"name": "CenterLoss", "num_classes": 4, "feat_dim": 3, "center_file_path": str(path)}


def test_center_loss_with_centers_of_a_file(case, tmp_path):
    scores, features, batch = case
    centers = np.arange(12, dtype="float32").reshape(4, 3)
    config = write_centers(tmp_path / "centers.pkl", {i: center for i, center in enumerate(centers)})
    expected = ((features - centers[scores.argmax(-1)]) ** 2).sum(-1).mean()
    assert run(config, (features, scores), batch)["loss_center"] == pytest.approx(expected, rel=1e-5)


def test_drawn_centers_are_always_the_same(case):
    scores, features, batch = case
    config = {"name": "CenterLoss", "num_classes": 4, "feat_dim": 3}
    paddle.seed(1)
    first = run(config, (features, scores), batch)
    paddle.seed(2)
    assert run(config, (features, scores), batch) == first
    centers = build_loss(config).centers.numpy()
    assert len(np.unique(centers)) == 12


@pytest.mark.parametrize(
    "stored, message", [([1], "must hold a mapping"), ({9: np.zeros(3)}, "class 9 does not fit 4 x 3")]
)
def test_a_wrong_file_of_centers_is_one_line(stored, message, tmp_path):
    with pytest.raises(DataError, match=message) as error:
        build_loss(write_centers(tmp_path / "centers.pkl", stored))
    assert "\n" not in str(error.value)


def test_enhanced_ctc_adds_its_terms(case):
    scores, features, batch = case
    config = {"use_ace_loss": True, "ace_loss_weight": 0.5, "use_center_loss": True, "center_loss_weight": 0.25}
    sizes = {"num_classes": 4, "feat_dim": 3}
    losses = run({"name": "EnhancedCTCLoss", **config, **sizes}, (features, scores), batch)
    expected = {
        "loss_ctc": run({"name": "CTCLoss"}, scores, batch)["loss"],
        "loss_ace": 0.5 * ace(scores),
        "loss_center": 0.25 * run({"name": "CenterLoss", **sizes}, (features, scores), batch)["loss_center"],
    }
    assert losses == pytest.approx({"loss": sum(expected.values()), **expected}, rel=1e-5)
    plain = run({"name": "EnhancedCTCLoss"}, scores, batch)
    assert plain == pytest.approx({"loss": expected["loss_ctc"], "loss_ctc": expected["loss_ctc"]})
