"""Every loss with a CTC part leaves out the lines that have too few time steps, and says how many steps there are."""

import numpy as np
import paddle
import pytest

from ppocr.engine.unaligned import time_steps
from ppocr.losses import build_loss

STEPS, CLASSES = 4, 37
RNG = np.random.default_rng(5)
GOOD, BAD = [1, 2, 0, 0, 0], [1, 1, 1, 1, 1]
KEYS = {"model_name_list": ["Student", "Teacher"], "key": "head_out"}


def tensor(*shape):
    return paddle.to_tensor(RNG.normal(size=shape).astype("float32"))


def logits(lines, steps=STEPS):
    return tensor(lines, steps, CLASSES)


def heads(lines):
    guide = logits(lines, steps=6)
    return {"ctc": logits(lines), "gtc": guide, "sar": guide}


def networks(make, lines):
    return {name: {"head_out": make(lines)} for name in ("Student", "Teacher")}


NRTR = {"NRTRLoss": None}
MULTI = {"name": "MultiLoss", "loss_config_list": [{"CTCLoss": None}, NRTR]}
DISTILLED = {"DistillationCTCLoss": {**KEYS, "weight": 2.0}}
CASES = {
    "ctc": ({"name": "CTCLoss"}, logits),
    "focal": ({"name": "CTCLoss", "use_focal_loss": True}, lambda lines: (None, logits(lines))),
    "enhanced": ({"name": "EnhancedCTCLoss", "use_ace_loss": True}, logits),
    "multi": (MULTI, heads),
    "combined": (
        {"name": "CombinedLoss", "loss_config_list": [DISTILLED]},
        lambda lines: networks(logits, lines),
    ),
    "several networks of several branches": (
        {"name": "CombinedLoss", "loss_config_list": [{"DistillationCTCLoss": {**KEYS, "multi_head": True}}]},
        lambda lines: networks(heads, lines),
    ),
}


def batch_of(labels, several):
    lengths = paddle.to_tensor([sum(map(bool, label)) for label in labels])
    labels = paddle.to_tensor(labels)
    guide = paddle.to_tensor([[2, 4, 5, 3, 0, 0, 0]] * len(labels))
    return [None, labels, guide, lengths, None] if several else [None, labels, lengths]


def head(preds, count):
    if isinstance(preds, dict):
        return {name: head(value, count) for name, value in preds.items()}
    return (
        tuple(head(value, count) for value in preds)
        if isinstance(preds, tuple)
        else preds
        if preds is None
        else preds[:count]
    )


def without_guide(name, terms):
    return terms["CTCLoss"] if name == "multi" else terms["loss"]


@pytest.mark.parametrize("name", CASES)
def test_the_loss_is_that_of_the_lines_that_can_be_aligned(name):
    config, make = CASES[name]
    loss, preds = build_loss(config), make(3)
    several = name.startswith(("multi", "several"))
    with_bad = without_guide(name, loss(preds, batch_of([GOOD, GOOD, BAD], several)))
    good = without_guide(name, loss(head(preds, 2), batch_of([GOOD, GOOD], several)))
    assert float(with_bad) == pytest.approx(float(good), rel=1e-5) and float(good) > 0
    assert time_steps(loss, preds) == STEPS


def test_a_loss_without_ctc_aligns_nothing():
    nrtr = build_loss({"name": "NRTRLoss"})
    assert time_steps(nrtr, logits(1)) is None
    only_guides = {"name": "CombinedLoss", "loss_config_list": [{"DistillationNRTRLoss": {**KEYS}}]}
    assert time_steps(build_loss(only_guides), networks(logits, 1)) is None
    assert time_steps(build_loss({"name": "MultiLoss", "loss_config_list": [NRTR, NRTR]}), heads(1)) is None


def test_any_loss_that_tells_its_steps_is_asked(monkeypatch):
    class Other(paddle.nn.Layer):
        """Aligns by CTC, and is none of ours."""

        def time_steps(self, preds):
            return preds.shape[1] - 1

    for build in (MULTI, {"name": "CombinedLoss", "loss_config_list": [{"CTCLoss": None}]}):
        loss = build_loss(build)
        loss.losses[0] = Other()
        preds = heads(1) if build is MULTI else logits(1)
        assert time_steps(loss, preds) == STEPS - 1


def test_the_network_with_the_fewest_steps_decides():
    loss = build_loss({"name": "CombinedLoss", "loss_config_list": [DISTILLED, {"DistillationNRTRLoss": {**KEYS}}]})
    preds = {"Student": {"head_out": logits(1, 7)}, "Teacher": {"head_out": logits(1, 5)}}
    assert time_steps(loss, preds) == 5
