"""DRRGLoss against NumPy."""

import numpy as np
import paddle
import pytest

from ppocr.losses import build_loss


def smooth_l1(found, target):
    apart = np.abs(found - target)
    return np.where(apart < 1, apart**2 / 2, apart - 0.5)


def cross_entropy(logits, target):
    p = 1 / (1 + np.exp(-logits))
    return -(target * np.log(p) + (1 - target) * np.log(1 - p))


def loss_of(maps, fields, links=((0.0, 0.0),), labels=(1,)):
    preds = {
        "maps": paddle.to_tensor(maps.astype("float32")),
        "links": paddle.to_tensor(np.array(links, "float32").reshape(-1, 2)),
        "link_labels": paddle.to_tensor(np.array(labels, "int64")),
    }
    batch = [None, *(paddle.to_tensor(field) for field in fields)]
    return {name: float(value) for name, value in build_loss({"name": "DRRGLoss"})(preds, batch).items()}


def test_terms_and_their_sum():
    rng = np.random.default_rng(4)
    size = (2, 6, 7)
    maps = rng.normal(0, 1, (2, 6, 6, 7))
    text, mask = (rng.random(size) < 0.15).astype("uint8"), (rng.random(size) < 0.9).astype("uint8")
    center = text * (rng.random(size) < 0.8).astype("uint8")
    top, bottom = rng.uniform(1, 30, (2, *size)).astype("float32")
    angle = rng.uniform(-np.pi, np.pi, size)
    sin, cos = np.sin(angle).astype("float32"), np.cos(angle).astype("float32")
    links, labels = rng.normal(0, 1, (5, 2)), np.array([0, 1, 1, 0, 1])
    of_text, of_center = cross_entropy(maps[:, 0], text), cross_entropy(maps[:, 1], center)
    inside, outside, regions = (part.astype(bool) for part in (text * mask, (1 - text) * mask, center * mask))
    kept = min(3 * inside.sum(), outside.sum())
    hardest = np.sort(of_text[outside])[::-1][:kept]
    length = np.hypot(maps[:, 2], maps[:, 3])
    apart = smooth_l1(maps[:, 4] / (top + 0.01), 1) + smooth_l1(maps[:, 5] / (bottom + 0.01), 1)
    probabilities = np.exp(links) / np.exp(links).sum(axis=1, keepdims=True)
    expected = {
        "loss_text": (of_text[inside].sum() + hardest.sum()) / (inside.sum() + kept),
        "loss_center": of_center[inside].mean() + 0.5 * of_center[outside].mean(),
        "loss_height": (np.log(top + bottom + 1) * apart)[regions].mean(),
        "loss_sin": smooth_l1(maps[:, 2] / length, sin)[regions].mean(),
        "loss_cos": smooth_l1(maps[:, 3] / length, cos)[regions].mean(),
        "loss_gcn": -np.log(probabilities[np.arange(5), labels]).mean(),
    }
    expected["loss"] = sum(expected.values())
    assert loss_of(maps, (text, center, mask, top, bottom, sin, cos), links, labels) == pytest.approx(
        expected, rel=1e-4
    )


def test_a_batch_without_text_and_components_is_finite():
    nothing = [np.zeros((1, 16, 16), "float32")] * 7
    everywhere = [*nothing[:2], np.ones((1, 16, 16), "uint8"), *nothing[3:]]
    losses = loss_of(np.zeros((1, 6, 16, 16)), everywhere, np.zeros((0, 2)), [])
    assert losses["loss_text"] == pytest.approx(np.log(2), rel=1e-4)
    assert losses["loss_center"] == pytest.approx(np.log(2) / 2, rel=1e-4)
    assert losses["loss_height"] == losses["loss_sin"] == losses["loss_cos"] == losses["loss_gcn"] == 0
