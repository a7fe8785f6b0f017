"""Whatever the order of KeepKeys, a run trains on the same and evaluates to the same, to the last digit."""

import logging
from pathlib import Path

import paddle
import pytest

from ppocr.config import load, override, validate
from ppocr.data import build_dataloader
from ppocr.engine.build import build_evaluation, build_stepper, build_training_metric
from ppocr.engine.freezing import set_training_mode
from ppocr.engine.preparation import resolve
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.options import global_options

CONFIGS = Path(__file__).resolve().parents[2] / "configs/quickstart"
MAPS = ["image", "threshold_map", "threshold_mask", "shrink_map", "shrink_mask"]
PAGES = ["image", "shape", "polys", "ignore_tags"]
LINES = ["image", "label_ctc", "label_sar", "length", "valid_ratio"]
DETECTOR = [
    "Train.dataset.image_size=[64, 64]",
    "Train.dataset.transforms.2.EastRandomCropData.size=[64, 64]",
    "Eval.dataset.image_size=[64, 64]",
    "Eval.dataset.transforms.1.DetResizeForTest.image_shape=[64, 64]",
]
GUIDED = [
    "Architecture.Backbone.channels=[4, 4, 4, 4, 8]",
    "Architecture.Neck=null",
    "Architecture.Head={name: MultiHead, head_list: [CTCHead: {Neck: {name: svtr, dims: 8, depth: 1, hidden_dims: 8}, "
    "Head: {}}, SARHead: {enc_dim: 8, d_k: 4, max_text_length: 25}]}",
    "Loss={name: MultiLoss, loss_config_list: [CTCLoss: , SARLoss: ]}",
    *(f"{section}.dataset.transforms.0={{MultiLabelEncode: }}" for section in ("Train", "Eval")),
    "Global.cal_loss_during_eval=true",
    "Global.cal_metric_during_train=true",
]


def run(name, options, train, evaluation):
    """Returns losses and metric of a few steps, and then the values of an evaluation, with other ``keep_keys``."""
    config = load(CONFIGS / f"{name}.yml")
    keep = {"Train": train, "Eval": evaluation}
    last = {section: len(config[section]["dataset"]["transforms"]) - 1 for section in keep}
    config = override(
        config,
        [
            "Global.device=cpu",
            "Global.max_text_length=25",
            "Train.loader={batch_size_per_card: 2, num_workers: 0}",
            "Eval.loader={batch_size_per_card: 2, num_workers: 0}",
            "Eval.dataset.length=3",
            *options,
            *(f"{one}.dataset.transforms.{last[one]}.KeepKeys.keep_keys={names}" for one, names in keep.items()),
        ],
    )
    assert validate(config) == []
    config = resolve(config)
    options = global_options(config)
    paddle.seed(3)
    stepper = build_stepper(config, options, TrainSchedule.from_options(options, 100, evaluates=False), "cpu")
    metric = build_training_metric(config, options, None) if options.cal_metric_during_train else None
    set_training_mode(stepper.model)
    batches, seen = iter(build_dataloader(config, "Train", "cpu", None, 1)), []
    for step in range(2):
        batch = next(batches)
        predictions, losses = stepper([batch], step)
        seen.append([{key: value.item() for key, value in losses.items()}, metric and metric(predictions, batch)])
    values = build_evaluation(config, options, stepper.amp, "cpu", None).main(stepper.model)
    return seen, {key: value for key, value in values.items() if key != "fps"}


@pytest.mark.parametrize(
    "name, options, published, swapped",
    [
        ("det", DETECTOR, (MAPS, PAGES), (MAPS[::-1], ["texts", *PAGES[::-1]])),
        ("rec", GUIDED, (LINES, LINES), ([*LINES[2:], *LINES[:2]], LINES[::-1])),
    ],
    ids=["detector", "recogniser with a guide"],
)
def test_the_order_of_keep_keys_does_not_matter(name, options, published, swapped):
    expected = run(name, options, *published)
    assert run(name, options, *swapped) == expected
    assert len(expected[1]) >= 3


def test_each_evaluation_set_has_a_loss_if_its_batches_hold_what_model_and_loss_read(caplog):
    config = load(CONFIGS / "rec.yml")
    keep = "{}.dataset.transforms.2.KeepKeys.keep_keys={}"
    wide = ["GuardEval={}", "Global.device=cpu", keep.format("Train", "[image, label, length, valid_ratio]")]
    config = override(config, [*wide, "Global.cal_loss_during_eval=true"])
    config["GuardEval"] = {"bare": override({"Eval": config["Eval"]}, [keep.format("Eval", "[image, label]")])["Eval"]}
    assert validate(config) == []
    config = resolve(config)
    with caplog.at_level(logging.WARNING):
        suite = build_evaluation(config, global_options(config), None, "cpu", logging.getLogger("named"))
    assert suite.main.loss is not None and suite.evaluators["bare"].loss is None
    assert caplog.messages == [
        "Global.cal_loss_during_eval: bare has no loss: CTCLoss reads length, which is not among image, label"
    ]
