"""Whole runs in two processes: like a single one, interrupted and resumed, with one process lost, with bad numbers."""

import json
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import paddle
import pytest

from ppocr import commands
from ppocr.checkpoint.files import check_files, checkpoints_in
from ppocr.checkpoint.transfer import load_weights
from ppocr.commands import train
from ppocr.data.batch import Batch
from ppocr.distributed import processes
from ppocr.engine import interruption, preparation, setup
from ppocr.engine.health import FiniteGuard
from ppocr.engine.stepper import Stepper
from ppocr.options import GlobalOptions

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = [
    "Global.device=cpu",
    "Global.eval_batch_step=8",
    "Global.eval_batch_epoch=",
    "Global.print_batch_step=1",
    "Global.resume=auto",
    "Global.cal_metric_during_train=false",
    "Train.dataset.length=32",
    "Train.loader.num_workers=0",
    "Eval.dataset.length=9",
    "Eval.loader.batch_size_per_card=2",
    "Architecture.Backbone.channels=[4, 4, 4, 4, 8]",
]
# Normalisation with its running statistics, so that no sample depends on its batch.
LIKE_A_SINGLE_ONE = [
    "Optimizer={name: Momentum, momentum: 0.9, lr: {name: Const, learning_rate: 0.01}, freeze: ['*.bn.*']}",
]


def run(folder, *options):
    """A run as the command does it; returns its exit code."""
    arguments = ["-c", str(ROOT / "configs/quickstart/rec.yml"), "-o", *OPTIONS, f"Global.save_model_dir={folder}"]
    return commands.run(lambda: train.main([*arguments, *options]))


def rows(folder, split):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    kept = ("acc", "norm_edit_dis", "loss", "lr")
    return {row["step"]: [row[key] for key in kept if key in row] for row in lines if row["split"] == split}


def assert_same(folder, other):
    for name in ("latest", "best_accuracy"):
        weights, expected = load_weights(folder / name), load_weights(other / name)
        assert weights.keys() == expected.keys()
        for key in weights:
            np.testing.assert_array_equal(weights[key], expected[key], err_msg=key)
    for split in ("train", "eval"):
        assert rows(folder, split) == rows(other, split)


@pytest.fixture(scope="module")
def whole(in_processes, tmp_path_factory):
    """A run of 16 steps in two processes, with a folder of its own for each, that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    batch = ["Train.loader.batch_size_per_card=4", "Global.epoch_num=4", "Global.use_ema=true"]
    assert in_processes(lambda rank: run(folder / str(rank), *batch)) == [0, 0]
    return folder


def test_only_the_first_process_writes(whole):
    names = {path.name for path in (whole / "0").iterdir()}
    assert {"train.log", "config.yml", "metrics.jsonl", "latest.pdparams", "best_accuracy.pdparams"} <= names
    assert list((whole / "1").iterdir()) == []
    assert "4 steps in each of 4 epochs, up to step 16; 2 evaluations" in (whole / "0" / "train.log").read_text()


@pytest.mark.parametrize("accumulate", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_two_processes_equal_a_single_one_with_twice_the_batch(in_processes, tmp_path, accumulate):
    options = [*LIKE_A_SINGLE_ONE, "Global.epoch_num=2", f"Global.accumulate_steps={accumulate}"]
    (alone,) = in_processes(lambda rank: run(tmp_path / "one", "Train.loader.batch_size_per_card=8", *options), 1)
    both = in_processes(lambda rank: run(tmp_path / "two", "Train.loader.batch_size_per_card=4", *options))
    assert [alone, *both] == [0, 0, 0]
    weights, expected = load_weights(tmp_path / "two" / "latest"), load_weights(tmp_path / "one" / "latest")
    start = {name: value for name, value in expected.items() if "bn" in name}
    assert len(weights) > len(start)
    for name, value in expected.items():
        np.testing.assert_allclose(weights[name], value, rtol=1e-4, atol=1e-6, err_msg=name)
    for split in ("train", "eval"):
        found, right = rows(tmp_path / "two", split), rows(tmp_path / "one", split)
        assert found.keys() == right.keys()
        for step, logged in right.items():
            assert found[step] == pytest.approx(logged, rel=1e-4)


def wait_for_step(folder, step):
    """Returns once the log tells of a step."""
    log, deadline = folder / "train.log", time.monotonic() + 100
    while not log.exists() or f"global_step: {step}," not in log.read_text():
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.005)


@pytest.mark.parametrize("rank", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_signal_to_one_process_ends_both_at_one_step_and_the_run_goes_on_exactly(
    in_processes, monkeypatch, tmp_path, whole, rank
):
    monkeypatch.setattr(interruption, "_SECONDS", 0.01)
    batch = ["Train.loader.batch_size_per_card=4", "Global.epoch_num=4", "Global.use_ema=true"]

    def interrupt(pids):
        wait_for_step(tmp_path, 5)
        os.kill(pids[rank], signal.SIGTERM)

    assert in_processes(lambda _: run(tmp_path, *batch), meanwhile=interrupt) == [143, 143]
    (step, prefix), *_ = checkpoints_in(tmp_path)
    check_files(prefix)
    assert prefix.name == "latest" and 5 <= step <= 16
    if step < 16:
        assert in_processes(lambda _: run(tmp_path, *batch)) == [0, 0]
    assert_same(tmp_path, whole / "0")


def test_a_process_that_is_killed_ends_the_run_with_a_line_and_a_good_checkpoint(in_processes, tmp_path):
    def kill(pids):
        wait_for_step(tmp_path, 7)
        os.kill(pids[1], signal.SIGKILL)

    options = ["Train.loader.batch_size_per_card=2", "Global.epoch_num=40", "Global.save_step_interval=3"]
    assert in_processes(lambda _: run(tmp_path, *options), meanwhile=kill) == [2, -signal.SIGKILL]
    last = (tmp_path / "train.log").read_text().splitlines()[-1]
    assert "ppocr ERROR: process 0: lost contact with another process" in last and "Global.resume=auto" in last
    (step, prefix), *_ = checkpoints_in(tmp_path)
    check_files(prefix)
    assert step >= 6


@pytest.mark.slow
def test_machines_without_a_common_folder_are_told(in_processes, tmp_path):
    options = ["Train.loader.batch_size_per_card=4", "Global.max_steps=2"]
    for folder, seed in (("a", 1), ("b", 2)):
        assert in_processes(lambda _, f=folder, s=seed: run(tmp_path / f, *options, f"Global.seed={s}"), 1) == [0]
    names = ["a/latest", "b/latest"]
    prefixes = [f"Global.checkpoints={tmp_path / name}" for name in names]
    codes = in_processes(lambda rank: run(tmp_path / "c", "Global.resume=null", prefixes[rank]))
    assert codes == [2, 2]
    assert "differs between machines" in (tmp_path / "c" / "train.log").read_text()


def train_with_a_bad_batch(rank, mode, folder, device):
    """Four updates; in the second the loss of process 1 is infinite though its gradients are not."""
    setup.set_up_processes("cpu")
    paddle.seed(1)
    layer = paddle.nn.Linear(2, 1)
    optimizer = paddle.optimizer.SGD(0.1, parameters=layer.parameters())
    source = SimpleNamespace(names=lambda keys: [f"sample of {rank}"], read_again=lambda keys: keys)
    guard = FiniteGuard(mode, folder, source=source, copy_steps=1)

    def loss(predictions, batch):
        return {"loss": predictions.square().mean() + batch[1]}

    model = processes.distribute(layer, GlobalOptions(), device)
    stepper, weights = Stepper(model, loss, optimizer, 0.1, guard=guard), []
    for step in range(4):
        extra = np.inf if rank == 1 and step == 1 else 0.0
        fields = [paddle.full([1, 2], step + rank + 1.0), paddle.to_tensor(extra, dtype="float32")]
        batch = Batch(fields, sample_keys=fields)
        stepper([batch], step)
        stepper.resolve_pending()
        weights.append(layer.weight.tolist())
    return weights, guard.total


@pytest.mark.parametrize("device", ["cpu", "gpu"])  # two ways to exchange gradients, both on the CPU here
@pytest.mark.parametrize("mode", ["step", "log"])
def test_all_processes_leave_a_bad_update_out(in_processes, tmp_path, mode, device):
    first, second = in_processes(lambda rank: train_with_a_bad_batch(rank, mode, tmp_path, device))
    assert first == second
    weights, bad = first
    assert bad == 1 and weights[0] == weights[1] != weights[2] != weights[3]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"step_{2}_process_{rank}.npz" for rank in (0, 1)]


def agree(rank):
    setup.set_up_processes("cpu")
    seen = []
    with interruption.Interruption() as signals:
        for step in range(1, 200):
            time.sleep(0.005)
            if step == 3 and rank == 1:
                os.kill(os.getpid(), signal.SIGUSR1)
            if step == 90 and rank == 0:
                os.kill(os.getpid(), signal.SIGINT)
            signals.agree(step)
            if signals.wants_checkpoint():
                seen.append(("save", step))
            if signals.wants_end():
                seen.append(("end", step, signals.exit_code()))
                break
    return seen


def test_processes_act_on_signals_after_the_same_step(in_processes, monkeypatch):
    monkeypatch.setattr(interruption, "_SECONDS", 0.05)
    first, second = in_processes(agree)
    assert first == second
    (save, saved_at), (end, ended_at, code) = first
    assert (save, end, code) == ("save", "end", 130)
    assert 3 <= saved_at < ended_at and 90 <= ended_at < 200


@pytest.mark.parametrize("fault", ["Train.dataset.fonts=[none.ttf]", "Global.pretrained_model=none.pdparams"])
def test_an_error_in_one_process_ends_all(in_processes, tmp_path, fault, capfd):
    """Noticed while the data set is built, and by the checks before."""
    codes = in_processes(lambda rank: run(tmp_path, "Train.loader.batch_size_per_card=4", *([fault] * rank)))
    assert codes == [2, 2]
    said = capfd.readouterr().err
    assert "another process has failed" in said or "lost contact" in said
    assert (tmp_path / "train.log").exists() == ("dataset" in fault) and not (tmp_path / ".lock").exists()


def test_the_first_process_sets_a_run_aside_and_all_follow(in_processes, tmp_path):
    for name in ("latest.pdparams", "metrics.jsonl"):
        (tmp_path / name).touch()

    def begin(rank):
        setup.set_up_processes("cpu")
        options = {"save_model_dir": str(tmp_path), "pretrained_model": f"{tmp_path}/latest"}
        merged, resolved = ({"Global": dict(options)} for _ in range(2))
        warnings = preparation._open_folder(merged, resolved, GlobalOptions(**options), None, {})
        return merged["Global"]["pretrained_model"], resolved == merged, len(warnings)

    assert in_processes(begin) == [(f"{tmp_path}/earlier/1/latest", True, 1)] * 2
    assert {path.name for path in (tmp_path / "earlier/1").iterdir()} == {"latest.pdparams", "metrics.jsonl"}
