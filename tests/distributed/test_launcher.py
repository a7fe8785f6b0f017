"""Runs under ``python -m paddle.distributed.launch`` itself."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ppocr.checkpoint.files import check_files, checkpoints_in

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = [
    "Global.device=cpu",
    "Global.distributed=true",
    "Global.resume=auto",
    "Global.print_batch_step=1",
    "Train.loader.batch_size_per_card=4",
    "Train.loader.num_workers=1",
    "Eval.dataset.length=41",
    "Eval.loader.batch_size_per_card=4",
    "Architecture.Backbone.channels=[4, 4, 4, 4, 8]",
]


def command(tool, folder, *options, count=2):
    launch = ["-m", "paddle.distributed.launch", "--nproc_per_node", str(count), "--log_dir", str(folder / "log")]
    config = ["-c", str(ROOT / "configs/quickstart/rec.yml"), "-o", f"Global.save_model_dir={folder}"]
    return [sys.executable, *(launch if count > 1 else []), str(ROOT / f"tools/{tool}.py"), *config, *OPTIONS, *options]


def run(*arguments, **options):
    return subprocess.run(command(*arguments, **options), capture_output=True, text=True, timeout=300)


def wait_for(path, text, launcher):
    deadline = time.monotonic() + 200
    while not path.exists() or text not in path.read_text():
        assert launcher.poll() is None and time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.05)


def test_a_launcher_that_is_ended_ends_the_run_with_a_checkpoint(launched, tmp_path):
    with launched(command("train", tmp_path, "Global.epoch_num=1000", "Train.dataset.length=4000")) as launcher:
        wait_for(tmp_path / "train.log", "global_step: 9,", launcher)
        launcher.send_signal(signal.SIGTERM)
        launcher.wait(60)
    log = (tmp_path / "train.log").read_text()
    assert "ERROR" not in log and "save model in" in log
    (step, prefix), *_ = checkpoints_in(tmp_path)
    check_files(prefix)
    assert prefix.name == "latest" and step == int(re.findall(r"global_step: (\d+),", log)[-1])


@pytest.mark.slow
def test_a_whole_run_and_its_evaluation(tmp_path):
    done = run("train", tmp_path, "Global.epoch_num=1", "Train.dataset.length=80")
    assert done.returncode == 0, done.stdout[-3000:]
    metrics = []
    for count in (2, 1):
        done = run("eval", tmp_path, f"Global.checkpoints={tmp_path}/best_accuracy", count=count)
        assert done.returncode == 0, done.stdout[-3000:]
        metrics.append(re.findall(r"(acc|norm_edit_dis): ([\d.e-]+)$", done.stdout, re.MULTILINE))
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    (best,) = [row for row in rows if row["split"] == "eval"]
    assert metrics[0] == metrics[1] == [(name, str(best[name])) for name in ("acc", "norm_edit_dis")]


@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_launcher(launched, tmp_path):
    with launched(command("train", tmp_path, "Global.epoch_num=1000", "Global.save_step_interval=3")) as launcher:
        wait_for(tmp_path / "train.log", "global_step: 9,", launcher)
        os.kill(launcher.children()[-1], signal.SIGKILL)
        assert launcher.wait(30) != 0
    assert "lost contact with another process" in (tmp_path / "train.log").read_text().splitlines()[-1]
    check_files(checkpoints_in(tmp_path)[0][1])
