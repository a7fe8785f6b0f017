"""The fields of a batch that components say they read, compared with what they read and with what KeepKeys gives."""

import copy
import itertools
from pathlib import Path

import numpy as np
import paddle
import pytest

from ppocr.config import load, override, validate
from ppocr.losses import build_loss
from ppocr.registry import HEADS, LOSSES, METRICS, POST_PROCESSES

ROOT = Path(__file__).resolve().parents[1]
KEEP = "{}.dataset.transforms.{}.KeepKeys.keep_keys={}"


@pytest.fixture(scope="module")
def configs():
    """Returns a function that gives a configuration of the project by its path."""
    loaded = {}
    return lambda name: loaded.setdefault(name, load(ROOT / "configs" / name))


def problems(config, section, fields):
    last = len(config[section]["dataset"]["transforms"]) - 1
    changed = override(config, [KEEP.format(section, last, f"[{', '.join(fields)}]")])
    return [problem.message for problem in validate(changed)]


DB = ["image", "threshold_map", "threshold_mask", "shrink_map", "shrink_mask"]


@pytest.mark.parametrize(
    "name, section, fields, messages",
    [
        ("rec/rec_icdar15_train.yml", "Train", ["image", "label", "length", "valid_ratio"], []),
        (
            "rec/rec_icdar15_train.yml",
            "Train",
            ["image", "label"],
            ["CTCLoss reads length, which is not among image, label"],
        ),
        (
            "rec/rec_icdar15_train.yml",
            "Train",
            ["label", "length", "image"],
            ["CTCLoss reads a batch by position: write image, label, length first, in this order"],
        ),
        (
            "rec/rec_icdar15_train.yml",
            "Eval",
            ["image", "length"],
            ["CTCLabelDecode reads label or label_ctc, which is not among image, length"],
        ),
        ("det/det_mv3_db.yml", "Train", DB, []),
        (
            "det/det_mv3_db.yml",
            "Train",
            ["image", "shrink_map", "shrink_mask", "threshold_map", "threshold_mask"],
            [f"DBLoss reads a batch by position: write {', '.join(DB)} first, in this order"],
        ),
        (
            "det/det_mv3_db.yml",
            "Eval",
            ["image", "polys", "shape"],
            [
                "DBPostProcess reads a batch by position: write image, shape first, in this order",
                "DetMetric reads ignore_tags, which is not among image, polys, shape",
            ],
        ),
        (
            "rec/PP-OCRv3/PP-OCRv3_mobile_rec.yml",
            "Train",
            ["image", "label_sar", "label_ctc", "length", "valid_ratio"],
            [
                f"{name} reads a batch by position: write image, label_ctc, label_sar, {rest} first, in this order"
                for name, rest in (("MultiHead", "length, valid_ratio"), ("MultiLoss", "length"))
            ],
        ),
        (
            "rec/PP-OCRv4/PP-OCRv4_mobile_rec_distillation.yml",
            "Train",
            ["image", "label_ctc", "length", "valid_ratio"],
            [
                f"{name} reads label_gtc or label_sar, which is not among image, label_ctc, length, valid_ratio"
                for name in ("MultiHead", "DistillationDKDLoss", "DistillationCTCLoss", "DistillationNRTRLoss")
            ],
        ),
        ("cls/cls_mv3.yml", "Train", ["image"], ["ClsLoss reads label, which is not among image"]),
    ],
)
def test_a_field_that_is_missing_or_elsewhere_is_found(configs, name, section, fields, messages):
    assert problems(configs(name), section, fields) == messages


def test_a_guard_set_is_read_as_the_evaluation_is(configs):
    config = override(configs("det/det_mv3_db.yml"), ["GuardEval={}"])
    config["GuardEval"] = {"hard": copy.deepcopy(config["Eval"])}
    assert validate(config) == []
    last = len(config["Eval"]["dataset"]["transforms"]) - 1
    config = override(config, [KEEP.format("GuardEval.hard", last, "[image]")])
    assert {problem.path[:2] for problem in validate(config)} == {("GuardEval", "hard")}


@pytest.mark.parametrize("registry", [LOSSES, METRICS, POST_PROCESSES], ids=lambda registry: registry.kind)
def test_every_reader_of_batches_says_what_it_reads(registry):
    for target in registry.entries().values():
        says = hasattr(target, "reads_of") or getattr(target, "reads", None) is not None
        assert says or hasattr(target, "nested_components"), target


def test_every_head_that_is_fed_with_targets_says_which():
    for target in HEADS.entries().values():
        assert getattr(target, "feed", "image") == "image" or hasattr(target, "reads") or hasattr(target, "reads_of")


class Watched(list):
    """A batch that knows which of its fields have been looked at."""

    def __init__(self, fields):
        super().__init__(fields)
        self.seen = set()

    def __getitem__(self, position):
        self.seen |= set(range(len(self))[position]) if isinstance(position, slice) else {position}
        return super().__getitem__(position)


def scores(*shape):
    return paddle.to_tensor(np.random.default_rng(0).normal(size=shape).astype("float32"))


LABEL = paddle.to_tensor([[1, 2, 0]])
MAPS = [paddle.ones([1, 4, 4])] * 4
CASES = [
    ({"name": "ClsLoss"}, scores(1, 3), [paddle.to_tensor([1])]),
    ({"name": "CTCLoss"}, scores(1, 6, 5), [LABEL, paddle.to_tensor([2])]),
    ({"name": "EnhancedCTCLoss", "use_ace_loss": True}, scores(1, 6, 5), [LABEL, paddle.to_tensor([2])]),
    ({"name": "SARLoss"}, scores(1, 3, 5), [LABEL]),
    ({"name": "NRTRLoss", "smoothing": False}, scores(1, 2, 5), [LABEL, paddle.to_tensor([2])]),
    ({"name": "VLLoss", "mode": "LA"}, [scores(3, 1, 5)] * 3, [LABEL] * 3),
    ({"name": "DBLoss"}, {"maps": paddle.full([1, 3, 4, 4], 0.5)}, MAPS),
    (
        {"name": "DistillationDKDLoss", "model_name_pairs": ["a", "b"]},
        {"a": scores(1, 2, 5), "b": scores(1, 2, 5)},
        [LABEL, LABEL, paddle.to_tensor([2])],
    ),
]


@pytest.mark.parametrize("config, preds, fields", CASES, ids=[case[0]["name"] for case in CASES])
def test_a_loss_looks_at_no_field_that_it_does_not_name(config, preds, fields):
    batch = Watched([None, *fields, *itertools.repeat(None, 3)])
    build_loss(config)(preds, batch)
    declared = len(LOSSES.get(config["name"]).reads)
    assert max(batch.seen - {0}) == declared == len(fields)
