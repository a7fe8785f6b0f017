"""Map losses against NumPy."""

import numpy as np
import paddle
import pytest

from ppocr.losses.det_basic_loss import bce_map, dice_loss, masked_l1_loss, ohem_mean


def maps(seed=0, shape=(2, 5, 6)):
    rng = np.random.default_rng(seed)
    pred = rng.uniform(0.05, 0.95, shape).astype("float32")
    target = (rng.random(shape) < 0.2).astype("float32")
    mask = (rng.random(shape) < 0.8).astype("float32")
    return pred, target, mask


def tensors(*arrays):
    return [paddle.to_tensor(a) for a in arrays]


def test_dice_loss_by_hand():
    pred = paddle.to_tensor([[[0.5, 1.0], [0.25, 0.75]]])
    target = paddle.to_tensor([[[1.0, 1.0], [0.0, 1.0]]])
    mask = paddle.to_tensor([[[1.0, 1.0], [1.0, 0.0]]])
    # intersection 0.5 + 1, union (0.5 + 1 + 0.25) + (1 + 1)
    assert float(dice_loss(pred, target, mask)) == pytest.approx(1 - 3.0 / 3.75, abs=1e-5)


def test_dice_loss_of_a_perfect_map_is_0_and_of_an_empty_mask_is_1():
    target = paddle.to_tensor([[[1.0, 0.0], [0.0, 1.0]]])
    assert float(dice_loss(target, target, paddle.ones([1, 2, 2]))) == pytest.approx(0.0, abs=1e-5)
    assert float(dice_loss(target, target, paddle.zeros([1, 2, 2]))) == 1.0


def test_masked_l1_loss_by_hand():
    pred, target = paddle.to_tensor([[[0.5, 0.9]]]), paddle.to_tensor([[[0.75, 0.1]]])
    assert float(masked_l1_loss(pred, target, paddle.to_tensor([[[1.0, 0.0]]]))) == pytest.approx(0.25, abs=1e-5)
    assert float(masked_l1_loss(pred, target, paddle.to_tensor([[[0.0, 0.0]]]))) == 0.0


def test_bce_map_is_the_negative_log_probability_of_the_target():
    value = bce_map(paddle.to_tensor([[[0.25, 0.25]]]), paddle.to_tensor([[[1.0, 0.0]]])).numpy()
    np.testing.assert_allclose(value, [[[np.log(4), np.log(4 / 3)]]], rtol=1e-5)


@pytest.mark.parametrize("ratio", [1, 2.5, 3, 1000])
def test_ohem_mean_matches_numpy(ratio):
    loss, target, mask = maps()
    positive, negative = target * mask, (1 - target) * mask
    kept = int(min(negative.sum(), positive.sum() * ratio))
    hardest = np.sort(loss[negative > 0])[::-1][:kept]
    expected = ((loss * positive).sum() + hardest.sum()) / (positive.sum() + kept + 1e-6)
    got = ohem_mean(*tensors(loss, positive, negative), ratio)
    assert float(got) == pytest.approx(expected, rel=1e-5)


def test_ohem_mean_without_positives_is_0():
    loss, _, mask = maps()
    assert float(ohem_mean(*tensors(loss, np.zeros_like(mask), mask), 3)) == 0.0


def test_ohem_mean_sends_gradient_to_positives_and_hard_negatives_only():
    loss = paddle.to_tensor([[[0.1, 0.9, 0.5, 0.3]]], stop_gradient=False)
    positive = paddle.to_tensor([[[1.0, 0.0, 0.0, 0.0]]])
    ohem_mean(loss, positive, 1 - positive, ratio=2).backward()
    np.testing.assert_allclose(loss.grad.numpy(), [[[1 / 3, 1 / 3, 1 / 3, 0.0]]], rtol=1e-5)
