"""DBLoss: terms against NumPy, gradients against finite differences, nothing read back from the device."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.losses import build_loss

SHAPE = (2, 4, 5)


@pytest.fixture
def case():
    rng = np.random.default_rng(7)
    pred = rng.uniform(0.1, 0.9, (SHAPE[0], 3, *SHAPE[1:])).astype("float32")
    threshold_map = np.full(SHAPE, 0.95, "float32")
    threshold_mask = (rng.random(SHAPE) < 0.5).astype("float32")
    shrink_map = (rng.random(SHAPE) < 0.2).astype("float32")
    shrink_mask = (rng.random(SHAPE) < 0.9).astype("float32")
    return pred, [np.zeros(1, "float32"), threshold_map, threshold_mask, shrink_map, shrink_mask]


def run(config, pred, batch, **more):
    preds = {"maps": paddle.to_tensor(pred), **more}
    losses = build_loss({"name": "DBLoss", **config})(preds, [paddle.to_tensor(a) for a in batch])
    return {name: float(value) for name, value in losses.items()}


def dice(pred, target, mask):
    return 1 - 2 * (pred * target * mask).sum() / ((pred * mask).sum() + (target * mask).sum())


def l1(pred, target, mask):
    return (np.abs(pred - target) * mask).sum() / mask.sum()


def balanced_bce(pred, target, mask, ratio):
    loss = -np.where(target > 0, np.log(pred), np.log(1 - pred))
    positive, negative = target * mask > 0, (1 - target) * mask > 0
    count = int(min(negative.sum(), positive.sum() * ratio))
    hardest = np.sort(loss[negative])[::-1][:count]
    return (loss[positive].sum() + hardest.sum()) / (positive.sum() + count)


def test_dice_terms_and_their_sum(case):
    pred, batch = case
    losses = run({"alpha": 5, "beta": 10}, pred, batch)
    expected = {
        "loss_shrink_maps": 5 * dice(pred[:, 0], *batch[3:]),
        "loss_threshold_maps": 10 * l1(pred[:, 1], *batch[1:3]),
        "loss_binary_maps": dice(pred[:, 2], *batch[3:]),
        "loss_cbn": 0.0,
    }
    assert losses == pytest.approx({"loss": sum(expected.values()), **expected}, rel=1e-4)


def test_cross_entropy_with_hard_negatives(case):
    pred, batch = case
    losses = run({"main_loss_type": "BCELoss", "alpha": 2, "ohem_ratio": 1.5}, pred, batch)
    assert losses["loss_shrink_maps"] == pytest.approx(2 * balanced_bce(pred[:, 0], *batch[3:], 1.5), rel=1e-4)


def test_without_balance_the_whole_mask_counts(case):
    pred, batch = case
    target, mask = batch[3:]
    pixel = -np.where(target > 0, np.log(pred[:, 0]), np.log(1 - pred[:, 0]))
    losses = run({"main_loss_type": "BCELoss", "balance_loss": False, "alpha": 1}, pred, batch)
    assert losses["loss_shrink_maps"] == pytest.approx((pixel * mask).sum() / mask.sum(), rel=1e-4)


def test_dice_of_a_batch_without_text_is_0_only_when_balanced(case):
    pred, batch = case
    batch[3] = np.zeros(SHAPE, "float32")
    assert run({}, pred, batch)["loss_shrink_maps"] == 0.0
    assert run({"balance_loss": False, "alpha": 1}, pred, batch)["loss_shrink_maps"] == 1.0


def test_refined_map_adds_its_own_term(case):
    pred, batch = case
    refined = np.random.default_rng(1).uniform(0.1, 0.9, (SHAPE[0], 1, *SHAPE[1:])).astype("float32")
    plain, losses = run({}, pred, batch), run({}, pred, batch, cbn_maps=paddle.to_tensor(refined))
    assert losses["loss_cbn"] == pytest.approx(dice(refined[:, 0], *batch[3:]), rel=1e-4)
    assert losses["loss"] == pytest.approx(plain["loss"] + losses["loss_cbn"], rel=1e-5)


@pytest.mark.parametrize("main", ["DiceLoss", "BCELoss"])
def test_gradient_matches_finite_differences(case, main):
    pred, batch = case
    loss = build_loss({"name": "DBLoss", "main_loss_type": main})
    batch = [paddle.to_tensor(a) for a in batch]
    maps = paddle.to_tensor(pred, stop_gradient=False)
    loss({"maps": maps}, batch)["loss"].backward()
    gradient, step = maps.grad.numpy(), 2e-3
    for index in [(0, 0, 0, 0), (1, 0, 2, 3), (0, 1, 1, 1), (1, 1, 3, 2), (0, 2, 2, 2), (1, 2, 0, 4)]:
        ends = []
        for sign in (1, -1):
            moved = pred.copy()
            moved[index] += sign * step
            ends.append(float(loss({"maps": paddle.to_tensor(moved)}, batch)["loss"]))
        assert gradient[index] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=0.03, abs=5e-3)
    assert np.abs(gradient).max() > 0.05


@pytest.mark.parametrize("main", ["DiceLoss", "BCELoss"])
def test_nothing_is_read_back_from_the_device(case, main, monkeypatch):
    pred, batch = case
    loss = build_loss({"name": "DBLoss", "main_loss_type": main})
    maps, batch = paddle.to_tensor(pred, stop_gradient=False), [paddle.to_tensor(a) for a in batch]

    def refuse(*_):
        raise AssertionError("a tensor was read back")

    for method in ("numpy", "item", "tolist", "__bool__", "__int__", "__float__", "__index__"):
        monkeypatch.setattr(paddle.Tensor, method, refuse)
    total = loss({"maps": maps}, batch)["loss"]
    total.backward()
    monkeypatch.undo()
    assert float(total) > 0 and float(maps.grad.abs().max()) > 0


def test_unknown_main_loss_is_one_line():
    with pytest.raises(
        ConfigError, match="must be one of DiceLoss, BCELoss, DiceFocalLoss, not 'DiceLos'.*did you mean"
    ) as error:
        build_loss({"name": "DBLoss", "main_loss_type": "DiceLos"})
    assert "\n" not in str(error.value)
