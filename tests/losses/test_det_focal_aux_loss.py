"""DBLoss with focal loss and with further maps, against NumPy."""

import numpy as np
import paddle
import pytest

from ppocr.losses import build_loss
from ppocr.losses.det_basic_loss import focal_map, masked_mean

SHAPE = (2, 4, 5)


@pytest.fixture
def case():
    rng = np.random.default_rng(3)
    maps = rng.uniform(0.1, 0.9, (4, SHAPE[0], 3, *SHAPE[1:])).astype("float32")
    targets = [rng.uniform(0.3, 0.7, SHAPE)] + [(rng.random(SHAPE) < p) for p in (0.5, 0.3, 0.9)]
    return maps, [np.zeros(1, "float32"), *(t.astype("float32") for t in targets)]


def run(config, batch, **preds):
    losses = build_loss({"name": "DBLoss", **config})(
        {name: paddle.to_tensor(value) for name, value in preds.items()}, [paddle.to_tensor(a) for a in batch]
    )
    return {name: float(value) for name, value in losses.items()}


def dice(pred, target, mask):
    return 1 - 2 * (pred * target * mask).sum() / ((pred * mask).sum() + (target * mask).sum())


def focal(pred, target, mask, alpha, gamma):
    right = np.where(target > 0, pred, 1 - pred).astype("float64")
    loss = -np.where(target > 0, alpha, 1 - alpha) * (1 - right) ** gamma * np.log(right)
    return (loss * mask).sum() / mask.sum()


def terms(maps, threshold_map, threshold_mask, shrink_map, shrink_mask, alpha=5, beta=10, power=2.5):
    both = [
        dice(maps[:, i], shrink_map, shrink_mask) + focal(maps[:, i], shrink_map, shrink_mask, 0.25, power)
        for i in (0, 2)
    ]
    l1 = (np.abs(maps[:, 1] - threshold_map) * threshold_mask).sum() / threshold_mask.sum()
    return {"loss_shrink_maps": alpha * both[0], "loss_threshold_maps": beta * l1, "loss_binary_maps": both[1]}


def test_focal_loss_of_single_pixels():
    pred = paddle.to_tensor([0.9, 0.9, 0.0, 1.0])
    target = paddle.to_tensor([1.0, 0.0, 1.0, 1.0])
    expected = [
        -0.25 * 0.1**2 * np.log(0.9),
        -0.75 * 0.9**2 * np.log(0.1),
        -0.25 * np.log(1e-6),  # cut at eps
        0.0,
    ]
    np.testing.assert_allclose(focal_map(pred, target, 0.25, 2.0).numpy(), expected, rtol=1e-4, atol=1e-9)


def test_masked_mean_of_nothing_is_0():
    loss = paddle.to_tensor([4.0, 8.0])
    assert float(masked_mean(loss, paddle.to_tensor([0.0, 1.0]))) == pytest.approx(8.0, rel=1e-5)
    assert float(masked_mean(loss, paddle.zeros([2]))) == 0.0


def test_dice_and_focal_on_probability_and_binary_map(case):
    maps, batch = case
    losses = run({"main_loss_type": "DiceFocalLoss", "focal_gamma": 2.5}, batch, maps=maps[0])
    expected = terms(maps[0], *batch[1:])
    assert losses == pytest.approx({"loss": sum(expected.values()), **expected, "loss_cbn": 0.0}, rel=1e-4)


def test_further_maps_have_weights_of_their_own(case):
    maps, batch = case
    config = {"main_loss_type": "DiceFocalLoss", "focal_gamma": 2.5, "alpha": 2, "beta": 3}
    weights = {"aux_weight_p4": 0.5, "aux_weight_p3": 0.25, "aux_weight_p2": 2}
    further = {f"aux_maps_p{i}": maps[i - 1] for i in (2, 3, 4)}
    losses = run({**config, **weights}, batch, maps=maps[0], **further)
    sums = [sum(terms(m, *batch[1:], alpha=2, beta=3).values()) for m in maps]
    for i in (2, 3, 4):
        assert losses[f"loss_aux_maps_p{i}"] == pytest.approx(sums[i - 1], rel=1e-4)
    assert losses["loss"] == pytest.approx(sums[0] + 2 * sums[1] + 0.25 * sums[2] + 0.5 * sums[3], rel=1e-4)


def test_focal_loss_has_finite_gradients_at_the_ends(case):
    maps, batch = case
    maps = np.where(maps[0] < 0.5, 0.0, 1.0).astype("float32")
    maps = paddle.to_tensor(maps, stop_gradient=False)
    loss = build_loss({"name": "DBLoss", "main_loss_type": "DiceFocalLoss"})
    loss({"maps": maps}, [paddle.to_tensor(a) for a in batch])["loss"].backward()
    assert np.isfinite(maps.grad.numpy()).all()
