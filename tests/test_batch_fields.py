"""The fields of a batch that components say they read: what KeepKeys has to give, and what they take."""

import copy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import paddle
import pytest

from ppocr.batch_fields import model_reader
from ppocr.config import load, override, validate
from ppocr.data.batch import Batch, alternatives
from ppocr.errors import DataError
from ppocr.losses import build_loss
from ppocr.registry import LOSSES, METRICS, POST_PROCESSES, Binding

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
            ["label", "more", "length", "image"],
            [],
        ),
        (
            "rec/rec_icdar15_train.yml",
            "Train",
            ["label", "length"],
            ["the model reads image, which is not among label, length"],
        ),
        (
            "rec/rec_icdar15_train.yml",
            "Eval",
            ["label_ctc"],
            ["the model reads image, which is not among label_ctc"],
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
            ["shrink_mask", "shrink_map", "image", "threshold_map", "threshold_mask"],
            [],
        ),
        (
            "det/det_mv3_db.yml",
            "Eval",
            ["image", "polys", "shape"],
            [
                "DetMetric reads ignore_tags, which is not among image, polys, shape",
            ],
        ),
        (
            "rec/PP-OCRv3/PP-OCRv3_mobile_rec.yml",
            "Train",
            ["image", "label_sar", "label_ctc", "length", "valid_ratio"],
            [],
        ),
        (
            "rec/PP-OCRv3/PP-OCRv3_mobile_rec.yml",
            "Train",
            ["image", "label_sar", "label_ctc", "length"],
            ["MultiHead reads valid_ratio, which is not among image, label_sar, label_ctc, length"],
        ),
        (
            "rec/rec_r45_visionlan.yml",
            "Train",
            ["image", "label", "label_res", "label_sub"],
            ["VLHead reads label_id, which is not among image, label, label_res, label_sub"],
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
def test_a_field_that_is_missing_is_found_wherever_the_others_stand(configs, name, section, fields, messages):
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


def test_a_model_of_several_inputs_reads_these():
    backbone, head = (Binding(SimpleNamespace(inputs=given)) for given in (("input_ids", "bbox"), ()))
    assert model_reader(Binding(None, nested=[Binding(None), backbone, head])).reads == ("input_ids", "bbox")
    assert model_reader(Binding(None, nested=[head])).reads == ("image",)


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
def test_a_loss_needs_what_it_names_and_no_more(config, preds, fields):
    loss = build_loss(config)
    published = loss(preds, [None, *fields, None])
    names = [next(iter(alternatives(name))) for name in loss.reads]
    turned = loss(preds, Batch(fields[::-1], names=names[::-1]))
    assert {key: value.tolist() for key, value in turned.items()} == {k: v.tolist() for k, v in published.items()}
    with pytest.raises(DataError, match=f"the batch has no field {names[-1]}"):
        loss(preds, Batch(fields[:-1], names=names[:-1]))
