"""SASTLoss against NumPy."""

import numpy as np
import paddle
import pytest

from ppocr.losses import build_loss


def smooth_l1(found, target):
    apart = np.abs(found - target)
    return np.where(apart < 1, apart**2 / 2, apart - 0.5)


def test_terms_and_their_sum():
    rng = np.random.default_rng(4)
    size = (2, 1, 4, 5)
    score = (rng.random(size) < 0.4).astype("float32")
    mask = rng.choice([0.15, 1.0], size).astype("float32")
    text = rng.uniform(0.1, 0.9, size).astype("float32")
    preds, targets, expected = {"f_score": text}, {}, {}
    for name, channels in (("border", 4), ("tvo", 8), ("tco", 2)):
        ways, found = rng.normal(0, 2, (2, 2, channels, 4, 5)).astype("float32")
        norm = rng.uniform(0.1, 1, size).astype("float32")
        preds[f"f_{name}"], targets[name] = found, np.concatenate([ways, norm], axis=1)
        weighted = (smooth_l1(found, ways) * norm * score * mask).sum()
        expected[f"{name}_loss"] = weighted / (channels * (score * mask).sum())
    expected["score_loss"] = 1 - 2 * (text * score * mask).sum() / ((text + score) * mask).sum()
    expected["loss"] = (
        expected["score_loss"] + expected["border_loss"] + 1.5 * (expected["tvo_loss"] + expected["tco_loss"])
    )
    batch = [None, score, targets["border"], mask, targets["tvo"], targets["tco"]]
    losses = build_loss({"name": "SASTLoss"})(
        {name: paddle.to_tensor(value) for name, value in preds.items()},
        [*map(paddle.to_tensor, batch[1:2] + batch[1:])],
    )
    assert {name: float(value) for name, value in losses.items()} == pytest.approx(expected, rel=1e-4)


def test_a_batch_without_text_is_finite():
    preds = {
        f"f_{name}": paddle.full([1, channels, 2, 2], 0.5)
        for name, channels in (("score", 1), ("border", 4), ("tvo", 8), ("tco", 2))
    }
    fields = [paddle.zeros([1, channels, 2, 2]) for channels in (1, 1, 5, 1, 9, 3)]
    assert float(build_loss({"name": "SASTLoss"})(preds, fields)["loss"]) == pytest.approx(1)
