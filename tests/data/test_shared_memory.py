"""Segments of dead workers are removed, those of others are left alone, and what fills the memory is said."""

import multiprocessing
import os
import subprocess
import sys

import pytest

from ppocr.data import shared_memory, workers
from ppocr.errors import UserError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_memory, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def dead():
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def segment(folder, process, name, age=0):
    path = folder / f"paddle_{process}_{name}"
    path.write_bytes(b"x" * 8192)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    return path


def mark(monkeypatch, process):
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: process)
        shared_memory.claim()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_dead_worker_left_is_removed_and_what_a_living_one_has_is_not(folder, dead, monkeypatch):
    segment(folder, dead, "0_1"), segment(folder, dead, "1_7")
    kept = [segment(folder, os.getpid(), "0_1"), folder / "other"]
    kept[1].touch()
    mark(monkeypatch, dead)
    shared_memory.claim()
    assert shared_memory.sweep() == 2 * 8192
    assert names(folder) == sorted([path.name for path in kept] + [f"ppocr_worker_{_namespace()}_{os.getpid()}"])
    assert shared_memory.sweep() == 0


def _namespace():
    return os.stat("/proc/self/ns/pid").st_ino


def test_what_cannot_be_looked_at_is_left_alone(folder, dead, monkeypatch):
    segment(folder, dead, "0_1"), segment(folder, dead, "0_2", age=25 * 3600)
    mark(monkeypatch, dead)
    monkeypatch.setattr(shared_memory.liveness, "is_alive", lambda *process: None)
    assert shared_memory.sweep() == 0 and len(names(folder)) == 3


def test_a_worker_that_is_not_waited_for_is_dead(folder, monkeypatch):
    child = multiprocessing.get_context("fork").Process(target=os._exit, args=(0,))
    child.start()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    segment(folder, child.pid, "0_1")
    mark(monkeypatch, child.pid)
    assert shared_memory.sweep() == 8192 and not names(folder)
    child.join()


def test_a_process_number_of_another_container_says_nothing(folder, dead):
    """That container may share the memory, and its worker of this number may be alive."""
    (folder / f"ppocr_worker_{_namespace() + 1}_{dead}").touch()
    segment(folder, dead, "0_1")
    old = segment(folder, dead, "0_2", age=25 * 3600)
    segment(folder, os.getpid(), "0_3", age=25 * 3600)
    assert shared_memory.sweep() == 8192
    assert not old.exists() and len(names(folder)) == 3


def test_what_belongs_to_another_user_is_left_alone(folder, dead, monkeypatch):
    segment(folder, dead, "0_1")
    mark(monkeypatch, dead)
    monkeypatch.setattr(os, "getuid", lambda: os.stat(folder).st_uid + 1)
    assert shared_memory.sweep() == 0 and len(list(folder.glob("paddle_*"))) == 1


def test_a_worker_is_released_with_its_mark(folder, monkeypatch):
    mark(monkeypatch, 12345)
    segment(folder, 12345, "0_1"), segment(folder, 123456, "0_1")
    monkeypatch.setattr(shared_memory, "_namespace", _namespace)
    shared_memory.release(12345)
    assert names(folder) == ["paddle_123456_0_1"]


def test_without_shared_memory_there_is_nothing_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_memory, "FOLDER", tmp_path / "none")
    shared_memory.claim()
    shared_memory.release(1)
    assert shared_memory.sweep() == 0 and shared_memory.shortage(1 << 60) == ""


def test_what_fills_it_is_said_by_owner(folder):
    for number in range(3):
        segment(folder, 77, number)
    (folder / "big").write_bytes(b"x" * (1 << 20))
    assert shared_memory.shortage(least=1) == ""
    assert shared_memory.shortage(least=1 << 60) == f"{folder} is full, by big 1.0 MiB, paddle_77_* 0.0 MiB"


class Dead:
    def __init__(self, exitcode):
        self.pid, self.exitcode = 7, exitcode


@pytest.mark.parametrize(
    "code, full, words",
    [
        (-7, True, "was killed by signal 7; /x is full, by a 9.0 MiB; make room there, or set Train.loader.use_shared"),
        (1, True, "ended early with exit code 1; /x is full, by a 9.0 MiB; make room"),
        (
            -7,
            False,
            "was killed by signal 7; shared memory may have run out .set use_shared_memory to false., or a data",
        ),
        (-9, False, "was killed by signal 9; memory may have run out: lower num_workers"),
        (1, False, "ended early with exit code 1$"),
    ],
)
def test_why_a_worker_died(monkeypatch, code, full, words):
    monkeypatch.setattr(shared_memory, "shortage", lambda least: "/x is full, by a 9.0 MiB" if full else "")
    with pytest.raises(UserError, match=f"data worker process 7 {words}"):
        raise UserError(workers._obituary(Dead(code)))


def test_workers_are_not_started_without_room(monkeypatch):
    monkeypatch.setattr(shared_memory, "shortage", lambda least: "/x is full, by a 9.0 MiB")
    with pytest.raises(UserError, match="^data workers cannot be started: /x is full, .* loader.num_workers to 0$"):
        workers.WorkerPool(None)


def test_workers_that_the_system_does_not_let_start(monkeypatch):
    monkeypatch.setattr(shared_memory, "shortage", lambda least: "")
    failing = type("Loader", (), {"__iter__": lambda self: os.listdir("/no such folder")})()
    with pytest.raises(UserError, match="^data workers cannot be started: .*No such file"):
        workers.WorkerPool(lambda feed: failing)
