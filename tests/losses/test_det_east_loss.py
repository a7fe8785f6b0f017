"""EASTLoss against NumPy."""

import numpy as np
import paddle
import pytest

from ppocr.losses import build_loss

SHAPE = (2, 3, 4)


def test_terms_and_their_sum():
    rng = np.random.default_rng(2)
    score = (rng.random((2, 1, 3, 4)) < 0.4).astype("float32")
    mask = (rng.random((2, 1, 3, 4)) < 0.8).astype("float32")
    sizes = rng.uniform(0.02, 0.2, (2, 1, 3, 4)).astype("float32")
    ways, found = rng.normal(0, 2, (2, 2, 8, 3, 4)).astype("float32")
    text = rng.uniform(0.1, 0.9, score.shape).astype("float32")
    preds = {"f_score": paddle.to_tensor(text), "f_geo": paddle.to_tensor(found)}
    batch = [None, *map(paddle.to_tensor, (score, np.concatenate([ways, sizes], axis=1), mask))]
    losses = build_loss({"name": "EASTLoss"})(preds, batch)
    dice = 0.01 * (1 - 2 * (text * score * mask).sum() / ((text + score) * mask).sum())
    apart = np.abs(ways - found)
    smooth = (np.where(apart < 1, apart**2, apart - 0.5).mean(axis=1, keepdims=True) * sizes * score).mean()
    assert {name: float(value) for name, value in losses.items()} == pytest.approx(
        {"loss": dice + smooth, "dice_loss": dice, "smooth_l1_loss": smooth}, rel=1e-4
    )


def test_ways_count_in_texts_alone():
    preds = {"f_score": paddle.full([1, 1, 2, 2], 0.5), "f_geo": paddle.ones([1, 8, 2, 2])}
    preds["f_geo"].stop_gradient = False
    score = paddle.to_tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    target = paddle.concat([paddle.zeros([1, 8, 2, 2]), paddle.ones([1, 1, 2, 2])], axis=1)
    losses = build_loss({"name": "EASTLoss"})(preds, [None, score, target, paddle.ones([1, 1, 2, 2])])
    losses["loss"].backward()
    assert float(losses["smooth_l1_loss"]) == pytest.approx(0.5 / 4)
    assert (preds["f_geo"].grad.numpy() != 0).sum(axis=1).tolist() == [[[8, 0], [0, 0]]]
