"""Two machines: two network namespaces, joined by a cable that can be pulled."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ppocr.checkpoint.files import check_files, checkpoints_in
from ppocr.checkpoint.transfer import load_weights

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("ip") is None,
        reason="network namespaces need Linux, root and the command ip (package iproute2)",
    ),
]
ROOT = Path(__file__).resolve().parents[2]
NAMES = ("ppocr_a", "ppocr_b")
OPTIONS = [
    "Global.device=cpu",
    "Global.distributed=true",
    "Global.print_batch_step=1",
    "Global.resume=auto",
    "Train.dataset.length=64",
    "Train.loader.batch_size_per_card=4",
    "Train.loader.num_workers=0",
    "Eval.dataset.length=20",
    "Eval.loader.batch_size_per_card=4",
    "Architecture.Backbone.channels=[4, 4, 4, 4, 8]",
]


@pytest.fixture(scope="module", autouse=True)
def machines():
    """Two namespaces, in each of which the host's name stands for its own address."""
    try:
        for number, name in enumerate(NAMES, start=1):
            ip("netns", "add", name)
            hosts = Path("/etc/netns", name, "hosts")
            hosts.parent.mkdir(parents=True)
            hosts.write_text(f"10.77.0.{number} {socket.gethostname()}\n127.0.0.1 localhost\n")
        ip("link", "add", "ppocr_a", "netns", NAMES[0], "type", "veth", "peer", "name", "ppocr_b", "netns", NAMES[1])
        for number, name in enumerate(NAMES, start=1):
            ip("-n", name, "addr", "add", f"10.77.0.{number}/24", "dev", name)
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", name, "up")
        yield
    finally:
        for name in NAMES:
            subprocess.run(["ip", "netns", "del", name], check=False)
            shutil.rmtree(Path("/etc/netns", name), ignore_errors=True)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def words(folder, *options):
    config = ["-c", str(ROOT / "configs/quickstart/rec.yml"), "-o", f"Global.save_model_dir={folder}"]
    return [str(ROOT / "tools/train.py"), *config, *OPTIONS, *options]


@pytest.fixture
def run(launched, tmp_path):
    """``run(port, *options)`` -> the two launchers of a run with one process on each machine."""
    with contextlib.ExitStack() as stack:

        def start(port, *options):
            launch = ["-m", "paddle.distributed.launch", "--master", f"10.77.0.1:{port}", "--nnodes", "2"]
            return [
                stack.enter_context(
                    launched(
                        ["ip", "netns", "exec", name, sys.executable, *launch, "--rank", str(rank)]
                        + ["--nproc_per_node", "1", "--log_dir", f"{tmp_path}/log_{rank}", *words(tmp_path, *options)]
                    )
                )
                for rank, name in enumerate(NAMES)
            ]

        yield start


def wait_for_step(folder, step):
    log, deadline = folder / "train.log", time.monotonic() + 100
    while not log.exists() or f"global_step: {step}," not in log.read_text():
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.05)


def test_two_machines_equal_one_with_two_processes(run, tmp_path):
    assert [launcher.wait(200) for launcher in run(36711, "Global.epoch_num=2")] == [0, 0]
    launch = ["-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--log_dir", f"{tmp_path}/log"]
    subprocess.run([sys.executable, *launch, *words(tmp_path / "one", "Global.epoch_num=2")], check=True, timeout=200)
    for name in ("latest", "best_accuracy"):
        weights, expected = load_weights(tmp_path / name), load_weights(tmp_path / "one" / name)
        for key, value in expected.items():
            np.testing.assert_array_equal(weights[key], value, err_msg=key)


def test_a_signal_on_one_machine_ends_both_after_the_same_step(run, tmp_path):
    launchers = run(36712, "Global.epoch_num=1000")
    wait_for_step(tmp_path, 20)
    launchers[1].send_signal(signal.SIGTERM)
    for launcher in launchers:
        launcher.wait(60)
    (step, prefix), *_ = checkpoints_in(tmp_path)
    check_files(prefix)
    said = (tmp_path / "train.log").read_text() + (tmp_path / "log_1/workerlog.0").read_text()
    assert prefix.name == "latest" and step >= 20 and "ERROR" not in said


def test_a_process_that_is_killed_ends_both(run, tmp_path):
    launchers = run(36713, "Global.epoch_num=1000", "Global.save_step_interval=3")
    wait_for_step(tmp_path, 20)
    os.kill(launchers[1].children()[0], signal.SIGKILL)
    assert all(launcher.wait(30) for launcher in launchers)
    assert "process 0: lost contact with another process" in (tmp_path / "train.log").read_text()
    check_files(checkpoints_in(tmp_path)[0][1])


def test_a_pulled_cable_ends_both(run, tmp_path):
    launchers = run(36714, "Global.epoch_num=1000", "Global.hang_timeout=90")
    wait_for_step(tmp_path, 20)
    ip("-n", NAMES[1], "link", "set", NAMES[1], "down")
    try:
        assert all(launcher.wait(150) for launcher in launchers)
    finally:
        ip("-n", NAMES[1], "link", "set", NAMES[1], "up")
    said = (tmp_path / "log_1/workerlog.0").read_text()
    assert "process 0: lost contact with another process" in (tmp_path / "train.log").read_text()
    assert "process 1: lost contact with another process" in said or "this process ends" in said
    check_files(checkpoints_in(tmp_path)[0][1])
