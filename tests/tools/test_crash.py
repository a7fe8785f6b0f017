"""A run that is killed again and again ends, bit for bit, where the run that was never killed does."""

import gc
import json
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.files import check_files, checkpoints_in
from ppocr.checkpoint.transfer import load_weights
from ppocr.errors import CheckpointError
from ppocr.utils.run_file import read_sessions

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = [
    "Global.device=cpu",
    "Global.epoch_num=4",
    "Global.eval_batch_step=7",
    "Global.eval_batch_epoch=",
    "Global.save_step_interval=2",
    "Global.print_batch_step=5",
    "Global.resume=auto",
    "Global.use_ema=true",
    "Global.early_stopping={patience: 1000}",
    "Train.dataset.length=120",
    "Train.loader.batch_size_per_card=4",
    "Eval.dataset.length=8",
    "Architecture.Backbone.channels=[4, 4, 4, 4, 8]",
]


def start(folder, workers):
    """Forks a training run; importing Paddle again would take seconds."""
    pid = os.fork()
    if pid:
        return pid
    gc.freeze()  # an exported network of another test waits, when it is destroyed, for threads that are not here
    code = 1
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        from ppocr.commands import run, train

        options = [*OPTIONS, f"Global.save_model_dir={folder}", f"Train.loader.num_workers={workers}"]
        arguments = ["-c", str(ROOT / "configs/quickstart/rec.yml"), "-o", *options]
        code = run(lambda: train.main(arguments))
    except SystemExit as end:
        code = end.code
    finally:
        os._exit(code)


def wait(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def log_end(folder):
    log = folder / "train.log"
    return log.read_text(errors="replace")[-500:] if log.exists() else "(no log)"


def saves_said(folder):
    log = folder / "train.log"
    return log.read_text(errors="replace").count("save model in") if log.exists() else 0


def wait_for_saves(pid, folder, count):
    """Waits until so many checkpoints are said; returns the exit code if the run has ended by then, else None."""
    deadline = time.monotonic() + 300
    while saves_said(folder) < count:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            pytest.fail(f"the run has not saved anything for long; its log ends: {log_end(folder)}")
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return None


def good_checkpoints(folder):
    found = []
    for step, prefix in checkpoints_in(folder):
        try:
            check_files(prefix)
        except CheckpointError:
            continue
        found.append(step)
    return found


def plain(value):
    """Nested values without times and with lists for arrays, so that they can be compared."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key != "fps"}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def outcome(folder):
    """Final weights and states, and the metrics of each evaluation by step (of one written twice, the last)."""
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    evaluations = {row["step"]: row["acc"] for row in rows if row["split"] == "eval"}
    losses = {row["step"]: (row["loss"], row["lr"]) for row in rows if row["split"] == "train"}
    states = [plain(safe_pickle.load(folder / f"{name}.train_state")) for name in ("latest", "best_accuracy")]
    return load_weights(folder / "latest"), load_weights(folder / "best_accuracy"), evaluations, losses, *states


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert wait(start(folder, workers=0)) == 0
    return outcome(folder)


def assert_same_outcome(folder, uninterrupted):
    result = outcome(folder)
    for weights, expected in zip(result[:2], uninterrupted[:2]):
        assert weights.keys() == expected.keys()
        for name in weights:
            np.testing.assert_array_equal(weights[name], expected[name], err_msg=name)
    assert result[2:] == uninterrupted[2:]


def run_with_interruptions(folder, number, times, workers, seed, most):
    """Sends a signal ``times`` times at random moments, each ``most`` checkpoints after a start at the latest."""
    rng = random.Random(seed)
    ever_good, interrupted = False, 0
    for _ in range(times):
        pid = start(folder, workers)
        # Once it has saved something new, any moment will do, that of writing included.
        code = wait_for_saves(pid, folder, saves_said(folder) + rng.randint(1, most))
        if code is None:
            time.sleep(rng.random() * 0.03)
            os.kill(pid, number)
            code = wait(pid)
        assert code in ((-signal.SIGKILL, 0) if number == signal.SIGKILL else (143, 0))
        ever_good = ever_good or bool(good_checkpoints(folder))
        assert bool(good_checkpoints(folder)) == ever_good
        if code == 0:
            return 0
        interrupted += 1
    assert interrupted == times
    return wait(start(folder, workers))


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_and_resumed(tmp_path, uninterrupted, number, workers):
    assert run_with_interruptions(tmp_path, number, 3 if workers == 0 else 1, workers, workers + number, most=12) == 0
    assert_same_outcome(tmp_path, uninterrupted)
    *before, last = [session["end"] for session in read_sessions(tmp_path)]
    assert last == "finished" and set(before) <= {"interrupted by SIGTERM" if number == signal.SIGTERM else None}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_twenty_times(tmp_path, uninterrupted, number, workers):
    assert run_with_interruptions(tmp_path, number, 20, workers, 100 + number, most=2) == 0
    assert_same_outcome(tmp_path, uninterrupted)


def test_a_damaged_newest_checkpoint_is_said_and_the_one_before_used(tmp_path, uninterrupted):
    pid = start(tmp_path, workers=0)
    assert wait_for_saves(pid, tmp_path, 5) is None
    os.kill(pid, signal.SIGTERM)
    assert wait(pid) == 143
    newest = checkpoints_in(tmp_path)[0][1]
    path = newest.with_name(newest.name + ".pdparams")
    path.write_bytes(path.read_bytes()[:-1])
    assert wait(start(tmp_path, workers=0)) == 0
    assert f"{path}: damaged" in (tmp_path / "train.log").read_text()
    assert_same_outcome(tmp_path, uninterrupted)
