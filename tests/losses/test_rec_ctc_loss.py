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


IMPOSSIBLE = [[1, 1, 1], [1, 2, 2]]  # in 4 steps; [1, 2, 2] needs these 4, [1, 1, 1] needs 5


@pytest.mark.parametrize("focal", [False, True])
def test_a_line_that_cannot_be_aligned_is_no_part_of_the_mean(case, focal):
    logits, (images, labels, lengths), _ = case
    labels, lengths = paddle.to_tensor([[1, 2, 0], [2, 0, 0]]), paddle.to_tensor([2, 1])
    loss = build_loss({"name": "CTCLoss", "use_focal_loss": focal})
    expected = float(loss(paddle.to_tensor(logits), [images, labels, lengths])["loss"])
    more = np.concatenate([logits[:1], logits[:1], logits[1:]])
    preds = paddle.to_tensor(more, stop_gradient=False)
    batch = [images, paddle.to_tensor([[1, 2, 0], IMPOSSIBLE[0], [2, 0, 0]]), paddle.to_tensor([2, 3, 1])]
    found = loss(preds, batch)["loss"]
    assert float(found) == pytest.approx(expected, rel=1e-6)
    found.backward()
    gradient = np.abs(preds.grad.numpy()).sum(axis=(1, 2))
    assert gradient[1] == 0 and min(gradient[0], gradient[2]) > 0


def test_the_last_step_counts():
    logits = np.random.default_rng(4).normal(size=(2, 4, 3)).astype("float32")
    batch = [None, paddle.to_tensor(IMPOSSIBLE), paddle.to_tensor([3, 3])]
    loss = build_loss({"name": "CTCLoss"})
    assert float(loss(paddle.to_tensor(logits), batch)["loss"]) == pytest.approx(
        line_loss(logits[1], [1, 2, 2]), rel=1e-5
    )
    assert loss.time_steps(paddle.to_tensor(logits)) == loss.time_steps((None, paddle.to_tensor(logits))) == 4


def test_nothing_to_align_is_a_loss_of_zero_without_a_gradient():
    preds = paddle.to_tensor(np.zeros((1, 2, 3), "float32"), stop_gradient=False)
    loss = build_loss({"name": "CTCLoss"})(preds, [None, paddle.to_tensor([[1, 1]]), paddle.to_tensor([2])])["loss"]
    loss.backward()
    assert float(loss) == 0 and not preds.grad.numpy().any()


@pytest.mark.parametrize("lengths", [[0], [0, 0], [2, 0], [0, 2]])
def test_an_empty_text_is_told_by_blanks(lengths):
    logits = np.random.default_rng(4).normal(size=(len(lengths), 4, 3)).astype("float32")
    preds = paddle.to_tensor(logits, stop_gradient=False)
    labels = [[1, 2] if length else [0, 0] for length in lengths]
    loss = build_loss({"name": "CTCLoss"})(preds, [None, paddle.to_tensor(labels), paddle.to_tensor(lengths)])["loss"]
    expected = [line_loss(line, label[:length]) for line, label, length in zip(logits, labels, lengths)]
    assert float(loss) == pytest.approx(np.mean(expected), rel=1e-5)
    loss.backward()
    told = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    row = lengths.index(0)
    np.testing.assert_allclose(preds.grad.numpy()[row], (told[row] - [1, 0, 0]) / len(lengths), atol=1e-5)
