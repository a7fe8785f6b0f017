"""The fields of a batch that components say they read: what KeepKeys has to give, and what they take."""

import copy
from pathlib import Path

import numpy as np
import paddle
import pytest

from ppocr.batch_fields import model_reader
from ppocr.config import load, override, validate
from ppocr.data.batch import Batch, alternatives
from ppocr.errors import DataError
from ppocr.losses import build_loss
from ppocr.losses.rec_ctc_loss import CTCLoss
from ppocr.modeling.architectures.base_model import BaseModel
from ppocr.modeling.architectures.distillation_model import DistillationModel
from ppocr.modeling.backbones.rec_vgg import VGG
from ppocr.registry import LOSSES, METRICS, POST_PROCESSES, Binding
from ppocr.schema import lacking_targets

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


ALONE = [  # the CTC branch, without a guide
    "Architecture.Head.head_list=[{CTCHead: {Neck: {name: reshape}, Head: {}}}]",
    "Loss.loss_config_list=[{CTCLoss: }]",
]
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
                for name in ("MultiHead", "DistillationDKDLoss", "DistillationNRTRLoss")
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


def part(**declares):
    return Binding(type("Part", (), declares))


def test_a_model_reads_the_inputs_of_its_first_part():
    backbone, head = part(inputs=("input_ids", "bbox")), part(inputs=())
    network = Binding(BaseModel, nested=[backbone, head])
    assert model_reader(Binding(DistillationModel, nested=[network, network])).reads == ("input_ids", "bbox")
    assert model_reader(network).reads == ("input_ids", "bbox")
    assert model_reader(Binding(BaseModel, nested=[head, backbone])).reads == ("image",)
    assert model_reader(Binding(BaseModel, nested=[Binding(), backbone])).reads == ("image",)


@pytest.mark.parametrize("section, what", [("Architecture", "feed"), ("Architecture", "inputs"), ("Loss", "reads")])
def test_a_text_in_place_of_names_is_a_problem_of_its_section(configs, monkeypatch, section, what):
    names = {"feed": VGG, "inputs": VGG, "reads": CTCLoss}
    monkeypatch.setattr(names[what], what, "image", raising=False)
    found = [(problem.path, problem.message) for problem in validate(configs("quickstart/rec.yml"))]
    words = "must be a tuple of the names of the fields that it takes, such as ('label', 'length'), not 'image'"
    assert found == [((section,), f"{names[what].__name__}.{what} {words}")]


@pytest.mark.parametrize(
    "section, keys, lacking",
    [
        ("Train", ["image", "label", "length", "valid_ratio"], []),
        ("Eval", ["image", "label"], ["CTCLoss reads length, which is not among image, label"]),
        ("Eval", ["length", "label", "image"], []),
    ],
)
def test_the_loss_of_an_evaluation_needs_what_model_and_loss_read_and_no_more(configs, section, keys, lacking):
    config = configs("rec/rec_icdar15_train.yml")
    last = len(config[section]["dataset"]["transforms"]) - 1
    config = override(config, [KEEP.format(section, last, f"[{', '.join(keys)}]")])
    assert lacking_targets(config, config["Eval"]) == lacking


MASKED = "image, image_mask, label, label_mask, which DyMaskCollator gives"


@pytest.mark.parametrize(
    "fields, messages",
    [
        (["label", "image"], [f"CTCLoss reads length, which is not among {MASKED}"]),
        (
            ["image", "length"],
            [
                "DyMaskCollator reads label, which is not among image, length",
                f"CTCLoss reads length, which is not among {MASKED}",
            ],
        ),
    ],
)
def test_a_batch_has_the_fields_that_its_collate_function_gives(configs, fields, messages):
    config = override(configs("rec/rec_icdar15_train.yml"), ["Eval.loader.collate_fn=DyMaskCollator"])
    assert problems(config, "Train", ["image", "label", "length"]) == []
    config = override(config, ["Train.loader.collate_fn={name: DyMaskCollator}"])
    assert problems(config, "Train", fields) == messages
    assert lacking_targets(config, config["Eval"]) == [f"CTCLoss reads length, which is not among {MASKED}"]


def test_a_ctc_branch_alone_needs_no_label_of_a_guide(configs):
    config = override(configs("rec/PP-OCRv3/PP-OCRv3_mobile_rec.yml"), ALONE)
    assert problems(config, "Train", ["image", "label_ctc", "length"]) == []
    assert problems(config, "Train", ["image", "label_sar", "length"]) == [
        "MultiLoss reads label_ctc, which is not among image, label_sar, length"
    ]


def test_several_networks_of_a_ctc_branch_alone_read_its_label():
    target = LOSSES.get("DistillationCTCLoss")
    assert target.reads_of({"multi_head": True}) == ("label_ctc", "length")
    assert target.reads_of({}) == ("label", "length")


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
