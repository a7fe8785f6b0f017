"""Faults that show when the run is tried: schedule, batches, weights, space."""

import shutil
from types import SimpleNamespace

import numpy as np
import paddle
import pytest

from ppocr import preflight
from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.state import TrainState
from ppocr.config import load
from ppocr.data.batch import Batch
from ppocr.data.collate_fn import DyMaskCollator
from ppocr.data.imaug.basic import KeepKeys
from ppocr.data.imaug.normalize import NormalizeToCHW
from ppocr.losses import det_db_loss
from ppocr.preflight import run_checks
from ppocr.utils.save_load import save_model

E, W = "error", "warning"
CONFIG = "config.yml"


# Each fault changes a site and returns (severity, file, line, words of the finding).
def alignment_impossible(site):
    # 32 pixels are 8 steps; "aaaabb" needs 6 characters and 4 blanks between equal ones
    line = site.append("train.txt", "x.png\taaaabb\n")
    site.image("x.png", (16, 32))
    return W, "train.txt", line, "1 label needs more time steps than the model has in training, up to 10 of 8"


def several_widths(site):
    """Gives training a sampler of two widths."""
    site.replace("Train:\n  dataset:\n    name: Simple", "Train:\n  dataset:\n    name: MultiScale")
    sampler = "{name: MultiScaleSampler, scales: [[64, 32], [32, 32]], first_bs: 2}"
    site.replace("Train:\n", f"Train:\n  sampler: {sampler}\n")
    site.replace("      - RecResizeImg: {image_shape: [3, 32, 32]}\n", "")


def widths_of_lines(site):
    """Gives training a sampler that follows the width of each line."""
    several_widths(site)
    site.replace("name: MultiScaleDataSet", "name: MultiScaleDataSet\n    ds_width: true")
    site.write("train.txt", "".join(f"train{i}.png\t{'ab' * 21}\t32\t16\n" for i in range(4)))
    site.replace("max_text_length: 6", "max_text_length: 50")


def alignment_impossible_at_the_narrowest_width(site):
    several_widths(site)
    return alignment_impossible(site)


def lines_wider_than_image_shape(site):
    site.image("eval1.png", (16, 40))
    return (
        W,
        CONFIG,
        site.line_of("transforms:", 2),
        "1 of 2 images are wider than image_shape; in use they are read wider",
    )


def evaluation_after_the_end(site):
    line = site.replace("eval_batch_epoch: 1", "eval_batch_step: [0, 2000]")
    return W, CONFIG, line, "the first evaluation would be at step 2000, the run ends at 4"


def warm_up_longer_than_the_run(site):
    line = site.replace("lr: {learning_rate: 0.001}", "lr: {name: Cosine, learning_rate: 0.001, warmup_epoch: 2}")
    return W, CONFIG, line, "Optimizer.lr: the warm-up lasts 4 steps and the run 4"


def nothing_is_evaluated(site):
    with open(site.config, encoding="utf-8") as file:
        text = file.read()
    site.write(CONFIG, text[: text.index("Eval:")])
    return W, CONFIG, 0, "no best model is ever saved"


def fewer_samples_than_a_batch(site):
    site.replace("batch_size_per_card: 2", "batch_size_per_card: 5\n    drop_last: true")
    return E, CONFIG, site.line_of("Train:"), "4 samples are fewer than one batch"


def no_decoding(site):
    site.replace("      - DecodeImage: {img_mode: BGR}\n", "")
    return E, CONFIG, site.line_of("Train:"), "the first batch cannot be read"


def keys_that_are_missing(site):
    line = site.replace("[image, label, length]", "[length, image]")
    return E, CONFIG, line, "CTCLoss reads label, which is not among length, image"


def classes_that_do_not_fit(site):
    line = site.line_of("Head: {name: ClsHead, class_dim")
    site.replace("class_dim: 2", "class_dim: 3")
    return W, CONFIG, line, "Architecture.Head.class_dim: 3 becomes 2, which follows from"


def shapes_that_do_not_fit(site):
    site.replace("- DetResizeForTest: {image_shape: [64, 64]}", "- DetResizeForTest:\n      - Resize: {size: [40, 40]}")
    return E, CONFIG, site.line_of("Architecture:"), "the model fails on the first batch of Eval"


def loss_not_finite(site):
    site.monkeypatch.setattr(det_db_loss, "dice_loss", lambda *maps: paddle.to_tensor([1.0, float("inf")]))
    return E, CONFIG, site.line_of("Loss:"), "the loss of the first training batch is inf"


def loss_without_its_total(site):
    site.monkeypatch.setattr(det_db_loss.DBLoss, "forward", lambda self, preds, batch: {"loss_shrink_maps": 1.0})
    what = "DBLoss must give a mapping with the tensor 'loss', on which the model trains, not {loss_shrink_maps: float}"
    return E, CONFIG, site.line_of("Loss:"), f"the loss fails on the first training batch: {what}"


def image_not_finite(site):
    nothing = np.full((3, 64, 64), np.nan, np.float32)
    site.monkeypatch.setattr(NormalizeToCHW, "__call__", lambda self, data: {**data, "image": nothing})
    keep = site.line_of("KeepKeys")
    return W, CONFIG, keep, "'image' of the first training batch holds what is no finite number"


def disk_full(site):
    site.monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1 << 20))
    return E, CONFIG, site.line_of("save_model_dir"), "6 checkpoints of about"


def shared_memory_too_small(site):
    line = site.replace(
        "batch_size_per_card: 2", "batch_size_per_card: 65536\n    num_workers: 256\n    prefetch_factor: 100"
    )
    return W, CONFIG, line + 1, "Train.loader.num_workers: 25602 batches read ahead need"


def pretrained_of_another_model(site):
    with open(site.path("other.pdparams"), "wb") as file:
        safe_pickle.dump({"layer.weight": np.zeros(3, np.float32)}, file)
    line = site.replace("Global:", f"Global:\n  pretrained_model: {site.path('other')}") + 1
    return E, CONFIG, line, "no weight fits the model by name and shape"


def pretrained_that_fits_in_part(site):
    with open(site.path("part.pdparams"), "wb") as file:
        safe_pickle.dump({"head.fc.bias": np.zeros(5, np.float32)}, file)
    line = site.replace("Global:", f"Global:\n  pretrained_model: {site.path('part')}") + 1
    return W, CONFIG, line, "only 0.0% of the model's values come from this file"


def dictionary_of_the_weights_is_missing(site):
    with open(site.path("part.pdparams"), "wb") as file:
        safe_pickle.dump({"head.fc.bias": np.zeros(5, np.float32)}, file)
    lines = f"  pretrained_model: {site.path('part')}\n  pretrained_dict_path: {site.path('gone.txt')}"
    line = site.replace("Global:", f"Global:\n{lines}") + 2
    return E, CONFIG, line, "cannot read the dictionary"


def damaged_weights(site):
    site.write("part.pdparams", b"\x80\x04 no pickle")
    line = site.replace("Global:", f"Global:\n  pretrained_model: {site.path('part.pdparams')}") + 1
    return E, CONFIG, line, "cannot be loaded"


def counters_at(step):
    """Counters after some of the four updates of two epochs."""
    return TrainState(epoch=1 + step // 2, step_in_epoch=step % 2, global_step=step).to_dict()


def checkpoint(site, weights, step, accumulators=None, **run):
    """Writes a checkpoint and names it in the configuration; returns the line."""
    contents = {
        "pdparams": weights,
        "pdopt": accumulators or {},
        "train_state": {"counters": counters_at(step), "run": run},
    }
    for suffix, content in contents.items():
        with open(site.path(f"latest.{suffix}"), "wb") as file:
            safe_pickle.dump(content, file)
    return site.replace("Global:", f"Global:\n  checkpoints: {site.path('latest')}") + 1


def checkpoint_of_another_model(site):
    line = checkpoint(site, {"head.fc.bias": np.zeros(7, np.float32)}, 1)
    return E, CONFIG, line, "weights are missing or of another shape"


def checkpoint_of_another_dictionary(site):
    return E, CONFIG, checkpoint(site, {}, 1, vocabulary=["blank", *"dcba"]), "was trained with another dictionary"


def checkpoint_with_accumulators(site, kinds, number=None):
    """A checkpoint that fits, with accumulators of so many of its parameters; returns the line."""
    model = preflight.Context(load(site.config), str(site.config)).dry_run.model
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    weights["StructuredToParameterName@@"] = {name: tensor.name for name, tensor in model.state_dict().items()}
    owners = [parameter for parameter in model.parameters() if not parameter.stop_gradient][:number]
    accumulators = {f"{owner.name}_{kind}_0": np.zeros(owner.shape, np.float32) for owner in owners for kind in kinds}
    return checkpoint(site, weights, 1, accumulators)


def checkpoint_of_another_optimizer(site):
    line = checkpoint_with_accumulators(site, ["velocity"])
    return E, CONFIG, line, "belongs to another optimizer, which kept velocity for each weight"


def checkpoint_of_a_run_with_less_to_train(site):
    kinds = ["moment1", "moment2", "beta1_pow_acc", "beta2_pow_acc"]
    line = checkpoint_with_accumulators(site, kinds, number=-1)
    return W, CONFIG, line, "has no optimizer state for 1 of the weights that are trained now, first head.fc.bias"


def checkpoint_of_a_finished_run(site):
    return E, CONFIG, checkpoint(site, {}, 4), "this run is finished (4 steps)"


def run_to_be_resumed_is_finished(site):
    (site.folder / "output").mkdir()
    line = site.replace("Global:", "Global:\n  resume: auto") + 1
    contents = {".pdparams": {}, ".pdopt": {}, ".train_state": {"counters": counters_at(4)}}
    save_model(site.path("output/latest"), contents, {"global_step": 4})
    return E, CONFIG, line - 1, "this run is finished (4 steps)"


def newest_checkpoint_to_be_resumed_is_damaged(site):
    (site.folder / "output").mkdir()
    line = site.replace("Global:", "Global:\n  resume: auto") + 1
    save_model(site.path("output/latest"), {".pdparams": {}, ".pdopt": {}}, {"global_step": 4})
    site.write("output/latest.pdopt", b"cut off")
    return W, CONFIG, line, "latest.pdopt: damaged, size or checksum differs from the manifest; if the file "


def damaged_checkpoint(site):
    save_model(site.path("last"), {".pdparams": {}, ".pdopt": {}})
    site.write("last.pdopt", b"cut off")
    line = site.replace("Global:", f"Global:\n  checkpoints: {site.path('last')}") + 1
    return E, CONFIG, line, "last.pdopt: damaged"


REC_FAULTS = [
    alignment_impossible,
    alignment_impossible_at_the_narrowest_width,
    lines_wider_than_image_shape,
    evaluation_after_the_end,
    warm_up_longer_than_the_run,
    nothing_is_evaluated,
    fewer_samples_than_a_batch,
    no_decoding,
    keys_that_are_missing,
    disk_full,
    shared_memory_too_small,
    pretrained_of_another_model,
    pretrained_that_fits_in_part,
    dictionary_of_the_weights_is_missing,
    damaged_weights,
    checkpoint_of_another_model,
    checkpoint_of_another_dictionary,
    checkpoint_of_another_optimizer,
    checkpoint_of_a_run_with_less_to_train,
    checkpoint_of_a_finished_run,
    damaged_checkpoint,
    newest_checkpoint_to_be_resumed_is_damaged,
    run_to_be_resumed_is_finished,
]
DET_FAULTS = [shapes_that_do_not_fit, loss_not_finite, loss_without_its_total, image_not_finite]
FAULTS = (
    [("rec", plant) for plant in REC_FAULTS]
    + [("cls", classes_that_do_not_fit)]
    + [("det", plant) for plant in DET_FAULTS]
)


@pytest.mark.parametrize("task, plant", FAULTS, ids=[plant.__name__ for _, plant in FAULTS])
def test_a_planted_fault_is_found_where_it_is(task, plant, find_planted):
    expected, found, everything = find_planted(task, plant)
    assert found == [expected], everything


@pytest.mark.parametrize("pretrained_dict_path", [False, True])
def test_weights_of_another_dictionary_are_reported_as_training_reports_them(make_site, pretrained_dict_path):
    site = make_site("rec")
    old = ["blank", *"abxyzd"]
    state = preflight.Context(load(site.config), str(site.config)).dry_run.model.state_dict()
    weights = {name: tensor.numpy() for name, tensor in state.items()}
    weights["head.fc.weight"] = np.zeros((weights["head.fc.weight"].shape[0], 7), np.float32)
    weights["head.fc.bias"] = np.zeros(7, np.float32)
    line = checkpoint(site, weights, 1, **({} if pretrained_dict_path else {"vocabulary": old}))
    site.replace("checkpoints:", "pretrained_model:")
    if pretrained_dict_path:
        site.write("old.txt", "\n".join(old[1:]))
        site.replace("Global:", f"Global:\n  pretrained_dict_path: {site.path('old.txt')}")
    (found,) = [f for f in site.check() if f.check == "weights"]
    assert (found.severity, found.line) == ("note", line + pretrained_dict_path)
    assert f"{len(weights)} loaded" in found.what and "mismatched" not in found.what
    assert "3 characters carried over, 1 new, 3 dropped" in found.what


def test_what_is_not_finite_is_named_as_the_collator_calls_it():
    values = {name: paddle.ones([2, 2]) for name in DyMaskCollator.gives}
    values["label"] = paddle.full([2, 2], np.nan)
    operators = {"decode": None, "keep": KeepKeys(["image", "label"])}
    steps = [SimpleNamespace(operator=operator, path=(name,)) for name, operator in operators.items()]
    context = SimpleNamespace(
        section=lambda name: SimpleNamespace(steps=steps, path=("data",)),
        finding=lambda severity, path, what: (severity, path, what),
        dry_run=SimpleNamespace(
            training=SimpleNamespace(batch=Batch(values.values(), names=values), values={"loss": paddle.ones([2])}),
            reports={"Train": SimpleNamespace(no_box_left=str)},
        ),
    )
    what = "'label' of the first training batch holds what is no finite number"
    assert list(run_checks.check_training_batch(context)) == [(W, ("keep",), what)]


def test_time_steps_that_follow_the_width_of_each_line_are_not_checked(make_site):
    site = make_site("rec")
    widths_of_lines(site)
    (found,) = [f for f in site.check() if "alignments" in f.what]
    assert found.severity == "note" and "the sampler gives each line a width of its own" in found.what


def test_time_steps_that_are_the_same_at_any_width_are_checked_with_such_a_sampler(make_site):
    site = make_site("rec")
    widths_of_lines(site)
    site.replace("{name: VGG}", "{name: PPLCNetV3, scale: 0.35}")
    (found,) = [f for f in site.check() if f.check == "alignments"]
    assert (
        found.severity == W
        and "4 labels need more time steps than the model has in training, up to 42 of 40" in found.what
    )


@pytest.mark.parametrize(
    "options, fate",
    [
        ("", "moved to earlier/ in it"),
        ("\n  overwrite: true", "removed (Global.overwrite)"),
        ("\n  resume: auto", None),
    ],
)
def test_what_becomes_of_the_run_in_the_folder_is_said(make_site, options, fate):
    site = make_site("rec")
    (site.folder / "output").mkdir()
    contents = {".pdparams": {}, ".pdopt": {}, ".train_state": {"counters": counters_at(1)}}
    save_model(site.path("output/latest"), contents, {"global_step": 1})
    site.replace("Global:", f"Global:{options}")
    found = [f.what for f in site.check() if "holds another run" in f.what]
    said = f"Global.save_model_dir: it holds another run, whose files will be {fate}"
    assert found == ([said] if fate else [])
