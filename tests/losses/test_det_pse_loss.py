"""PSELoss: terms against NumPy, image by image; hard examples against a sort done by hand."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.losses import build_loss
from ppocr.losses.det_basic_loss import hard_examples, iou_of_images

N, KERNELS, SIZE = 2, 2, 8


@pytest.fixture
def case():
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (N, 1 + KERNELS, SIZE // 4, SIZE // 4)).astype("float32")
    text = (rng.random((N, SIZE, SIZE)) < 0.3).astype("float32")
    kernels = (rng.random((N, KERNELS, SIZE, SIZE)) < 0.2).astype("float32")
    mask = (rng.random((N, SIZE, SIZE)) < 0.9).astype("float32")
    return logits, [None, text, kernels, mask]


def run(logits, batch, **config):
    preds = paddle.to_tensor(logits, stop_gradient=False)
    batch = [None, *(paddle.to_tensor(field) for field in batch[1:])]
    return preds, build_loss({"name": "PSELoss", "alpha": 0.7, **config})({"maps": preds}, batch)


def enlarged(logits):
    return logits.repeat(4, axis=2).repeat(4, axis=3).astype("float64")


def dice(logits, target, mask):
    pred, target = mask / (1 + np.exp(-logits)), target * mask
    return 1 - 2 * (pred * target).sum() / ((pred**2).sum() + (target**2).sum() + 0.002)


def hard(scores, text, mask, ratio):
    """Keeps text and the highest other scores."""
    count = min(int((text * mask).sum() * ratio), int((1 - text).sum()))
    if not count:
        return mask
    bound = np.sort(scores[text == 0])[::-1][count - 1]
    return mask * ((scores >= bound) | (text > 0))


def expected(logits, batch, inside, ratio=3):
    """Returns the loss of each image."""
    _, text, kernels, mask = batch
    losses = []
    for i, maps in enumerate(enlarged(logits)):
        of_text = dice(maps[0], text[i], hard(maps[0], text[i], mask[i], ratio))
        where = mask[i] * (maps[0] > 0 if inside == "pred" else text[i])
        of_kernels = [dice(maps[1 + k], kernels[i, k], where) for k in range(KERNELS)]
        losses.append(0.7 * of_text + 0.3 * np.mean(of_kernels))
    return losses


@pytest.mark.parametrize("inside", ["pred", "gt"])
@pytest.mark.parametrize("ratio", [0.5, 3])
def test_the_loss_of_each_image(case, inside, ratio):
    _, losses = run(*case, kernel_sample_mask=inside, reduction="none", ohem_ratio=ratio)
    np.testing.assert_allclose(losses["loss"].numpy(), expected(*case, inside, ratio), rtol=1e-4)
    total = 0.7 * losses["loss_text"] + 0.3 * losses["loss_kernels"]
    np.testing.assert_allclose(float(losses["loss"].mean()), float(total), rtol=1e-5)


def test_reductions_differ_by_the_number_of_images(case):
    gradients = {}
    for reduction in ("none", "sum", "mean"):
        preds, losses = run(*case, reduction=reduction)
        losses["loss"].backward()
        gradients[reduction] = preds.grad.numpy()
    assert float(run(*case, reduction="sum")[1]["loss"]) == pytest.approx(sum(expected(*case, "pred")), rel=1e-4)
    np.testing.assert_allclose(gradients["none"], gradients["sum"], rtol=1e-6)
    np.testing.assert_allclose(gradients["mean"] * N, gradients["sum"], rtol=1e-5)


def test_kernels_beyond_those_that_are_predicted_change_nothing(case):
    logits, (_, text, kernels, mask) = case
    more = np.concatenate([kernels, np.ones_like(kernels)], axis=1)
    _, given = run(logits, [None, text, more, mask])
    _, without = run(logits, [None, text, kernels, mask])
    assert {k: float(v) for k, v in given.items()} == {k: float(v) for k, v in without.items()}


def test_too_few_kernels_are_refused(case):
    logits, (_, text, kernels, mask) = case
    with pytest.raises(ConfigError, match="MakePseGt.kernel_num to 3"):
        run(logits, [None, text, kernels[:, :1], mask])


def test_without_text_the_whole_image_counts_and_the_loss_is_finite(case):
    logits, (_, text, kernels, mask) = case
    preds, losses = run(logits, [None, text * 0, kernels * 0, mask], reduction="mean")
    losses["loss"].backward()
    assert float(losses["loss_text"]) == pytest.approx(1, abs=1e-3) and np.isfinite(preds.grad.numpy()).all()


def test_hard_examples_are_text_and_the_highest_scores_of_each_image():
    scores = paddle.to_tensor([[[5.0, 1.0, 4.0, 3.0, 2.0]], [[1.0, 2.0, 3.0, 4.0, 5.0]]])
    text = paddle.to_tensor([[[0.0, 1.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0, 0.0, 0.0]]])
    mask = paddle.to_tensor([[[1.0, 1.0, 1.0, 1.0, 1.0]], [[1.0, 1.0, 1.0, 0.0, 1.0]]])
    assert hard_examples(scores, text, mask, 2).tolist() == [[[1, 1, 1, 0, 0]], [[1, 1, 1, 0, 1]]]
    assert hard_examples(scores, text, mask, 100).tolist() == [[[1, 1, 1, 1, 1]], [[1, 1, 1, 0, 1]]]
    assert hard_examples(scores, paddle.ones_like(text), mask, 2).tolist() == mask.tolist()


def test_the_iou_is_the_mean_of_that_of_text_and_that_of_background():
    logits = paddle.to_tensor([[[1.0, 1.0, -1.0, -1.0]]])
    target = paddle.to_tensor([[[1.0, 0.0, 0.0, 0.0]]])
    everywhere = paddle.ones_like(target)
    np.testing.assert_allclose(
        iou_of_images(logits, target, everywhere, 1e-6).numpy(), [(1 / 2 + 2 / 3) / 2], rtol=1e-5
    )
