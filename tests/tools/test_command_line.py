"""The tools through their command line, on tiny configurations, in this process."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
import yaml

from ppocr import commands
from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.transfer import load_weights
from ppocr.commands import eval as eval_tool
from ppocr.commands import train as train_tool
from ppocr.config import load, override
from ppocr.config import load as load_config
from ppocr.utils.run_file import read_sessions

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "configs/quickstart"
TINY = {
    "rec": [
        "Train.dataset.length=8",
        "Eval.dataset.length=6",
        "Train.loader.batch_size_per_card=4",
        "Eval.loader.batch_size_per_card=4",
        "Architecture.Backbone.channels=[4, 4, 4, 4, 8]",
    ],
    "det": [
        "Train.dataset.length=4",
        "Eval.dataset.length=2",
        "Train.loader.batch_size_per_card=2",
        "Architecture.Neck.out_channels=16",
        "Train.dataset.transforms.2.EastRandomCropData.size=[96, 96]",
        "Train.dataset.image_size=[128, 128]",
        "Eval.dataset.image_size=[128, 128]",
        "Eval.dataset.transforms.1.DetResizeForTest.image_shape=[96, 96]",
    ],
    "det_curved": [
        "Train.dataset.length=4",
        "Eval.dataset.length=2",
        "Train.loader.batch_size_per_card=2",
        "Architecture.Neck.out_channels=8",
        "Architecture.Head.hidden_dim=8",
        "Train.dataset.image_size=[96, 96]",
        "Train.dataset.transforms.1.MakePseGt.size=96",
        "Eval.dataset.image_size=[96, 96]",
        "Eval.dataset.transforms.1.DetResizeForTest.image_shape=[96, 96]",
    ],
}
TINY["cls"] = TINY["rec_attention"] = TINY["rec"]
SHORT = ["Global.epoch_num=2", "Global.print_batch_step=1", "Train.loader.num_workers=0", "Global.device=cpu"]


def command(config, folder, *overrides):
    return ["-c", str(config), "-o", f"Global.save_model_dir={folder}", *overrides]


def run(main, arguments, monkeypatch):
    """The exit code of a tool, as its script would end with."""
    monkeypatch.setattr(sys, "argv", ["tool", *arguments])
    return commands.run(main)


def test_the_examples_show_the_averaged_weights(tmp_path, monkeypatch):
    shown = []

    def remember(evaluator, model, count):
        shown.append({name: value.numpy().copy() for name, value in model.state_dict().items()})

    monkeypatch.setattr(train_tool, "draw_samples", remember)
    options = [*TINY["rec"], *SHORT, "Global.epoch_num=1", "Global.use_ema=true", "Global.ema_decay=0.5"]
    train_tool.main(command(QUICKSTART / "rec.yml", tmp_path, *options))
    name = "head.fc.weight"
    best, latest = (load_weights(tmp_path / f"{prefix}.pdparams")[name] for prefix in ("best_accuracy", "latest"))
    np.testing.assert_array_equal(shown[0][name], best)
    assert not np.array_equal(best, latest)


@pytest.mark.parametrize("task", TINY)
def test_training_evaluation_and_resume(task, tmp_path, monkeypatch, capsys):
    config, options = QUICKSTART / f"{task}.yml", [*TINY[task], *SHORT]
    assert run(train_tool.main, command(config, tmp_path, *options, "Global.save_epoch_step=1"), monkeypatch) == 0
    names = {path.name for path in tmp_path.iterdir()}
    for prefix in ("latest", "best_accuracy", "iter_epoch_1", "iter_epoch_2"):
        for suffix in (".pdparams", ".pdopt", ".states", ".train_state"):
            assert prefix + suffix in names
    assert {"config.yml", "train.log", "metrics.jsonl", "run.json", "curves.png", "examples.png"} <= names
    log = (tmp_path / "train.log").read_text()
    *_, best, look, ship = (line.split("INFO: ")[-1] for line in log.splitlines())
    assert best == f"best model: {tmp_path}/best_accuracy.pdparams"
    assert look == f"to look at it: python tools/report.py --run {tmp_path}"
    assert ship.startswith(
        f"to export it: python tools/export_model.py -c {tmp_path}/config.yml -o Global.checkpoints="
    )
    assert "seed 2024" in log and "2 steps in each of 2 epochs, up to step 4; 2 evaluations" in log
    assert log.count("epoch: [") == 4 and log.count("cur metric") == 2

    # tools/eval.py on the saved configuration gives the number of the evaluation inside training.
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    last = [row for row in rows if row["split"] == "eval"][-1]
    arguments = ["-c", str(tmp_path / "config.yml"), "-o", f"Global.checkpoints={tmp_path}/latest"]
    metrics = eval_tool.main(arguments)
    assert {k: v for k, v in metrics.items() if k != "fps"} == {k: last[k] for k in metrics if k != "fps"}

    # A third epoch from the checkpoint.
    again = command(config, tmp_path, *options, "Global.epoch_num=3", f"Global.checkpoints={tmp_path}/latest")
    assert run(train_tool.main, again, monkeypatch) == 0
    states = safe_pickle.load(tmp_path / "latest.states")
    assert (states["epoch"], states["global_step"]) == (3, 6)
    sessions = [(session["first_step"], session["step"], session["end"]) for session in read_sessions(tmp_path)]
    assert sessions == [(0, 4, "finished"), (4, 6, "finished")]
    capsys.readouterr()

    # Finished, so that going on needs more epochs.
    assert run(train_tool.main, again, monkeypatch) == 2
    assert "this run is finished" in capsys.readouterr().err
    assert len(read_sessions(tmp_path)) == 2 and read_sessions(tmp_path)[-1]["train_data"]


def test_a_run_in_the_folder_of_another_one_starts_anew_beside_it_or_goes_on_with_it(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    arguments = command(QUICKSTART / "rec.yml", folder, *TINY["rec"], *SHORT, "Global.epoch_num=1")
    assert run(train_tool.main, [*arguments, "Global.max_steps=1"], monkeypatch) == 0
    (folder / "notes.txt").write_text("mine")
    assert run(train_tool.main, [*arguments, "Global.resume=auto"], monkeypatch) == 0
    said = capsys.readouterr().out
    assert "held another run" not in said and f"resume from {folder}/latest: epoch 1, step 1" in said
    first = load_weights(folder / "latest")

    weights = [f"Global.pretrained_model={folder}/latest", "Global.max_steps=1"]
    assert run(train_tool.main, [*arguments, *weights], monkeypatch) == 0
    said = capsys.readouterr().out
    assert f"{folder} held another run, whose files are in {folder}/earlier/1 now" in said
    assert f"pretrained weights from {folder}/earlier/1/latest" in said
    assert load_config(folder / "config.yml")["Global"]["pretrained_model"] == f"{folder}/earlier/1/latest"
    kept = load_weights(folder / "earlier/1/latest")
    assert all(np.array_equal(first[name], kept[name]) for name in first)
    assert {"config.yml", "train.log", "metrics.jsonl", "base.yml"} <= {
        p.name for p in (folder / "earlier/1").iterdir()
    }
    assert [json.loads(line)["step"] for line in (folder / "metrics.jsonl").read_text().splitlines()][-1] == 1
    assert (folder / "notes.txt").read_text() == "mine" and not (folder / ".lock").exists()

    before = (folder / "config.yml").read_text()
    other = [f"Global.checkpoints={folder}/latest", "Optimizer.name=RMSProp"]
    assert run(train_tool.main, [*arguments, *other], monkeypatch) == 2
    assert "was trained with Adam, whose state RMSProp cannot take over" in capsys.readouterr().err
    assert (folder / "config.yml").read_text() == before

    assert run(train_tool.main, [*arguments, "Global.max_steps=1", "Global.overwrite=true"], monkeypatch) == 0
    assert "are replaced (Global.overwrite)" in capsys.readouterr().out
    assert "overwrite" not in load_config(folder / "config.yml")["Global"]
    assert [path.name for path in (folder / "earlier").iterdir()] == ["1"]


@pytest.mark.parametrize(
    "overrides, message",
    [
        (["Global.epoch_nmu=3"], "did you mean 'epoch_num'"),
        (["Global.epoch_num"], "must have the form key=value"),
        (["Global.use_gpu=true", "Global.device="], "run with -o Global.use_gpu=false"),
        (["Global.use_gpu=true"], "use_gpu asks for another device than device: cpu"),  # which stands there, too
        (["Global.use_xpu=true", "Global.device="], "run with -o Global.use_xpu=false"),
        (["Global.use_npu=true", "Global.device="], "run with -o Global.use_npu=false"),
        (["Global.device=tpu"], "must be auto, cpu, gpu or gpu:N"),
        (["Global.pretrained_model=/nowhere/x"], "there is no file '/nowhere/x.pdparams'"),
        (["Global.character_dict_path=/nowhere/d.txt"], "/nowhere/d.txt"),
        (["Global.save_model_dir=/proc/nowhere"], "cannot be made or written"),
        (["Train.loader.batch_size_per_card=100", "Train.loader.drop_last=true"], "drop_last"),
        (["Global.use_wandb=true"], "wandb is not installed"),
    ],
)
def test_what_the_user_can_mend_ends_with_one_line_and_code_2(tmp_path, monkeypatch, capsys, overrides, message):
    if "wandb" in message:
        monkeypatch.setitem(sys.modules, "wandb", None)
    if "Global.use_gpu=true" in overrides:
        monkeypatch.setattr(paddle, "is_compiled_with_cuda", lambda: False)
    arguments = command(QUICKSTART / "rec.yml", tmp_path, *TINY["rec"], *SHORT, *overrides)
    assert run(train_tool.main, arguments, monkeypatch) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error and len(error.strip().splitlines()) == 1


def test_a_checkpoint_that_is_not_there(tmp_path, monkeypatch, capsys):
    arguments = command(QUICKSTART / "rec.yml", tmp_path, *TINY["rec"], *SHORT, "Global.checkpoints=/nowhere/x")
    assert run(train_tool.main, arguments, monkeypatch) == 2
    assert "there is no file '/nowhere/x.pdparams'" in capsys.readouterr().err


def test_two_runs_give_identical_logs_and_weights_with_any_number_of_workers(tmp_path, monkeypatch):
    logs = []
    for workers in (0, 0, 2):
        folder = tmp_path / str(len(logs))
        arguments = command(QUICKSTART / "rec.yml", folder, *TINY["rec"], *SHORT, f"Train.loader.num_workers={workers}")
        assert run(train_tool.main, arguments, monkeypatch) == 0
        rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        timed = ("time", "ips", "fps", "reader_cost", "batch_cost")
        values = [{key: value for key, value in row.items() if key not in timed} for row in rows]
        logs.append(values)
    assert logs[0] == logs[1] == logs[2]
    assert all(np.array_equal(a, b) for a, b in zip(*(_arrays(tmp_path / n) for n in ("0", "2"))))


def _arrays(folder):
    return list(load_weights(folder / "latest").values())


def test_a_loss_that_is_not_finite_is_left_out_dumped_and_survived(tmp_path, monkeypatch):
    from ppocr.losses.rec_ctc_loss import CTCLoss

    original, calls = CTCLoss.forward, []

    def broken_once(self, predictions, batch):
        calls.append(1)
        losses = original(self, predictions, batch)
        return {"loss": losses["loss"] * float("nan")} if len(calls) == 2 else losses

    monkeypatch.setattr(CTCLoss, "forward", broken_once)
    arguments = command(QUICKSTART / "rec.yml", tmp_path, *TINY["rec"], *SHORT)
    assert run(train_tool.main, arguments, monkeypatch) == 0
    assert "step 2: loss or gradient is not finite" in (tmp_path / "train.log").read_text()
    dumped = np.load(tmp_path / "bad_batches" / "step_2.npz")
    assert dumped["batch_0_field_0"].shape == (4, 3, 32, 100) and len(dumped["names"]) >= 4
    assert all(np.isfinite(array).all() for array in _arrays(tmp_path))


def test_guard_sets_and_the_validation_loss_are_logged(tmp_path, monkeypatch):
    guard = "GuardEval={other: {veto_drop: 0.1, dataset: {name: SyntheticTextDataSet, length: 4, content_seed: 9, "
    guard += "transforms: [{CTCLabelEncode: }, {RecResizeImg: {image_shape: [3, 32, 100]}}, "
    guard += "{KeepKeys: {keep_keys: [image, label, length]}}]}, loader: {batch_size_per_card: 4}}}"
    options = [*TINY["rec"], *SHORT, guard, "Global.cal_loss_during_eval=true", "Global.max_steps=1"]
    assert run(train_tool.main, command(QUICKSTART / "rec.yml", tmp_path, *options), monkeypatch) == 0
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    values = rows[-1]
    assert values["split"] == "eval" and values["loss"] > 1 and values["other_loss"] > 1 and "other_acc" in values


def test_fine_tuning_after_new_characters_keeps_what_was_learnt(tmp_path, monkeypatch):
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("\n".join("0123456789abcdefghijklmnopqrstuvwxyz"))
    new.write_text("\n".join("01234ABCDE56789abcdefghijklmnopqrstuvwxyz"))
    options = [*TINY["rec"], *SHORT]
    options += ["Train.dataset.characters=abc", "Eval.dataset.characters=abc"]
    first = command(QUICKSTART / "rec.yml", tmp_path / "a", *options, f"Global.character_dict_path={old}")
    assert run(train_tool.main, first, monkeypatch) == 0
    options += [f"Global.pretrained_model={tmp_path}/a/latest", "Global.max_steps=1", "Optimizer.lr.learning_rate=0"]
    second = command(QUICKSTART / "rec.yml", tmp_path / "b", *options, f"Global.character_dict_path={new}")
    assert run(train_tool.main, second, monkeypatch) == 0
    log = (tmp_path / "b" / "train.log").read_text()
    assert "36 characters carried over, 5 new, 0 dropped" in log
    before, after = load_weights(tmp_path / "a/latest"), load_weights(tmp_path / "b/latest")
    np.testing.assert_array_equal(after["head.fc.weight"][:, :6], before["head.fc.weight"][:, :6])
    np.testing.assert_array_equal(after["head.fc.weight"][:, 11:], before["head.fc.weight"][:, 6:])

    # Resuming instead would train on with outputs that mean other symbols.
    resumed = [*SHORT, *TINY["rec"], f"Global.checkpoints={tmp_path}/a/latest", "Global.epoch_num=3"]
    third = command(QUICKSTART / "rec.yml", tmp_path / "c", *resumed, f"Global.character_dict_path={new}")
    assert run(train_tool.main, third, monkeypatch) == 2


def test_a_frozen_backbone_stays_as_it_was(tmp_path, monkeypatch):
    options = [
        *TINY["rec"],
        *SHORT,
        "Optimizer.freeze=['backbone.*']",
        "Global.epoch_num=1",
        "Global.save_epoch_step=1",
    ]
    start = [*options, "Global.max_steps=1"]
    assert run(train_tool.main, command(QUICKSTART / "rec.yml", tmp_path / "a", *start), monkeypatch) == 0
    assert run(train_tool.main, command(QUICKSTART / "rec.yml", tmp_path / "b", *options), monkeypatch) == 0
    one, two = load_weights(tmp_path / "a/latest"), load_weights(tmp_path / "b/latest")
    assert all(np.array_equal(one[name], two[name]) for name in one if name.startswith("backbone"))
    assert not np.array_equal(one["head.fc.weight"], two["head.fc.weight"])
    assert "parameters: backbone" in (tmp_path / "a" / "train.log").read_text()


def test_a_file_that_is_not_yaml(tmp_path, monkeypatch, capsys):
    path = tmp_path / "a.yml"
    path.write_text("Global: {a: [1\n")
    assert run(train_tool.main, ["-c", str(path)], monkeypatch) == 2
    assert f"{path}:2: not YAML" in capsys.readouterr().err


def test_a_dictionary_with_repeated_entries_trains_and_says_so_once(tmp_path, monkeypatch, capsys):
    (tmp_path / "d.txt").write_text("a\nb\na\n")
    more = (*TINY["rec"], *SHORT, f"Global.character_dict_path={tmp_path}/d.txt", "Global.max_steps=1")
    assert run(train_tool.main, command(QUICKSTART / "rec.yml", tmp_path / "o", *more), monkeypatch) == 0
    log = capsys.readouterr().out
    assert log.count("d.txt:1: line 1 'a': a later line holds the same") == log.count("a later line") == 1


def test_a_dictionary_that_is_no_text(tmp_path, monkeypatch, capsys):
    (tmp_path / "d.txt").write_bytes(b"a\n\xff\n")
    path = f"Global.character_dict_path={tmp_path}/d.txt"
    assert run(train_tool.main, command(QUICKSTART / "rec.yml", tmp_path / "o", path), monkeypatch) == 2
    assert "d.txt:2: is not UTF-8" in capsys.readouterr().err


def test_traceback_on_request(tmp_path, monkeypatch):
    arguments = ["-c", str(tmp_path / "none.yml"), "--traceback"]
    with pytest.raises(ValueError, match="no such config file"):
        run(train_tool.main, arguments, monkeypatch)


def file_config(tmp_path, train_lines, eval_lines):
    """A configuration on label files, with six images ``0.png`` to ``5.png``."""
    for i in range(6):
        image = np.full((32, 64, 3), 30 * i, "uint8")
        cv2.imwrite(str(tmp_path / f"{i}.png"), image)
    (tmp_path / "train.txt").write_text("\n".join(train_lines) + "\n", encoding="utf-8")
    (tmp_path / "eval.txt").write_text("\n".join(eval_lines) + "\n", encoding="utf-8")
    config = override(load(QUICKSTART / "rec.yml"), [*TINY["rec"], *SHORT])
    for section, name in (("Train", "train.txt"), ("Eval", "eval.txt")):
        config[section]["dataset"] = {
            "name": "SimpleDataSet",
            "data_dir": str(tmp_path),
            "label_file_list": [str(tmp_path / name)],
            "transforms": [{"DecodeImage": None}, *config[section]["dataset"]["transforms"]],
        }
    config["Global"]["epoch_num"] = 1
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(json.loads(json.dumps(config))), encoding="utf-8")
    return path


GOOD = [f"{i}.png\tab{i}" for i in range(4)]


def test_bad_samples_in_training_are_counted_named_and_survived(tmp_path, monkeypatch):
    lines = [*GOOD, "missing.png\tabc", "4.png\t中文", "5.png\ta中"]
    path = file_config(tmp_path, lines, GOOD)
    assert run(train_tool.main, command(path, tmp_path / "out"), monkeypatch) == 0
    log = (tmp_path / "out/train.log").read_text().splitlines()
    (account,) = [line for line in log if "INFO: data: " in line]
    assert "1 unreadable image (missing.png" in account and "1 unknown characters (4.png" in account
    assert "5.png" in account


@pytest.mark.parametrize(
    "train_lines, message",
    [
        ([f"none{i}.png\tab" for i in range(6)], "unreadable image"),
        ([f"{i}.png\t中文" for i in range(6)], "unknown characters"),
        ([f"{i}.png ab" for i in range(6)], "no delimiter"),
    ],
)
def test_training_data_that_is_all_bad(tmp_path, monkeypatch, capsys, train_lines, message):
    path = file_config(tmp_path, train_lines, GOOD)
    assert run(train_tool.main, command(path, tmp_path / "out"), monkeypatch) == 2
    assert message in capsys.readouterr().err


def test_a_bad_sample_in_evaluation_counts_as_wrong(tmp_path, monkeypatch):
    from ppocr.engine.evaluator import Evaluator

    seen = {}
    original = Evaluator.__call__

    def spy(self, model):
        summarise = self.metric.summarise
        self.metric.summarise = lambda totals: summarise(seen.update(totals) or totals)
        try:
            return original(self, model)
        finally:
            self.metric.summarise = summarise

    monkeypatch.setattr(Evaluator, "__call__", spy)
    path = file_config(tmp_path, GOOD, [*GOOD, "missing.png\tab", "5.png\t中文"])
    assert run(train_tool.main, command(path, tmp_path / "out"), monkeypatch) == 0
    assert seen["samples"] == 6


def test_evaluation_data_that_is_all_bad(tmp_path, monkeypatch, capsys):
    path = file_config(tmp_path, GOOD, ["none.png\tab"])
    assert run(train_tool.main, command(path, tmp_path / "out"), monkeypatch) == 2
    assert "Eval: no sample could be read" in capsys.readouterr().err


def test_evaluation_needs_weights_and_data(tmp_path, monkeypatch, capsys):
    arguments = ["-c", str(QUICKSTART / "rec.yml")]
    assert run(eval_tool.main, arguments, monkeypatch) == 2
    assert "name the weights to evaluate" in capsys.readouterr().err
    assert run(eval_tool.main, [*arguments, "-o", "Global.checkpoints=x", "Eval="], monkeypatch) == 2
    assert "nothing to evaluate on" in capsys.readouterr().err


@pytest.mark.skipif(
    paddle.is_compiled_with_cuda() and not paddle.device.cuda.device_count(),
    reason="Paddle's GPU wheel cannot profile where there is no GPU driver",
)
def test_the_profiler_writes_a_timeline(tmp_path, monkeypatch):
    arguments = command(QUICKSTART / "rec.yml", tmp_path / "out", *TINY["rec"], *SHORT)
    options = f"batch_range=[1,3];profile_path={tmp_path}/profile;state=CPU;exit_on_finished=False"
    assert run(train_tool.main, [*arguments, "-p", options], monkeypatch) == 0
    assert list((tmp_path / "profile").glob("*.json"))


@pytest.mark.parametrize("options", ["batch_range=[3,1]", "batch_rnge=[1,2]", "state"])
def test_wrong_profiler_options(tmp_path, monkeypatch, capsys, options):
    arguments = command(QUICKSTART / "rec.yml", tmp_path, *TINY["rec"], *SHORT)
    assert run(train_tool.main, [*arguments, "-p", options], monkeypatch) == 2
    assert "-p" in capsys.readouterr().err


def test_mixed_precision_on_a_cpu_is_said_once(tmp_path, monkeypatch):
    arguments = command(
        QUICKSTART / "rec.yml", tmp_path, *TINY["rec"], *SHORT, "Global.use_amp=true", "Global.max_steps=1"
    )
    assert run(train_tool.main, arguments, monkeypatch) == 0
    assert (tmp_path / "train.log").read_text().count("there is no mixed precision on cpu; training in float32") == 1


def test_the_commands_at_the_end_of_a_run_name_its_folder_in_one_way():
    best, look, ship = train_tool.what_next("./output/run", TrainState())
    assert best == "latest model: output/run/latest.pdparams"
    assert look.endswith("--run output/run") and " output/run/config.yml " in ship and "./" not in ship
