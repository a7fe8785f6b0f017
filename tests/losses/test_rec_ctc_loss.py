"""CTCLoss against the sum over all paths."""

import itertools

import numpy as np
import paddle
import pytest

from ppocr.losses import build_loss


def collapse(path):
    return [symbol for symbol, _ in itertools.groupby(path) if symbol != 0]


def line_loss(logits, label):
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    steps, classes = logits.shape
    paths = (p for p in itertools.product(range(classes), repeat=steps) if collapse(p) == label)
    return -np.log(sum(np.prod([probability[t, symbol] for t, symbol in enumerate(path)]) for path in paths))


@pytest.fixture
def case():
    logits = np.random.default_rng(3).normal(size=(2, 4, 3)).astype("float32")
    batch = [paddle.zeros([2, 1]), paddle.to_tensor([[1, 2], [2, 0]]), paddle.to_tensor([2, 1])]
    return logits, batch, np.array([line_loss(logits[0], [1, 2]), line_loss(logits[1], [2])])


def test_mean_over_the_lines(case):
    logits, batch, expected = case
    loss = build_loss({"name": "CTCLoss"})(paddle.to_tensor(logits), batch)
    assert list(loss) == ["loss"]
    assert float(loss["loss"]) == pytest.approx(expected.mean(), rel=1e-5)


def test_focal_loss_weighs_each_line(case):
    logits, batch, expected = case
    loss = build_loss({"name": "CTCLoss", "use_focal_loss": True})(paddle.to_tensor(logits), batch)
    assert float(loss["loss"]) == pytest.approx((expected * (1 - np.exp(-expected)) ** 2).mean(), rel=1e-5)


def test_the_last_of_several_outputs_is_scored(case):
    logits, batch, expected = case
    loss = build_loss({"name": "CTCLoss"})((paddle.zeros([2, 4, 7]), paddle.to_tensor(logits)), batch)
    assert float(loss["loss"]) == pytest.approx(expected.mean(), rel=1e-5)


def test_gradient_matches_finite_differences(case):
    logits, batch, _ = case
    loss = build_loss({"name": "CTCLoss"})
    preds = paddle.to_tensor(logits, stop_gradient=False)
    loss(preds, batch)["loss"].backward()
    for index in [(0, 0, 1), (0, 3, 2), (1, 2, 0)]:
        ends = []
        for step in (1e-2, -1e-2):
            moved = logits.copy()
            moved[index] += step
            ends.append(float(loss(paddle.to_tensor(moved), batch)["loss"]))
        assert preds.grad.numpy()[index] == pytest.approx((ends[0] - ends[1]) / 2e-2, rel=1e-2, abs=1e-4)
