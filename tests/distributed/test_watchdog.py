import faulthandler
import itertools
import multiprocessing
import os
import queue
import time
from types import SimpleNamespace

import pytest

from ppocr.distributed import processes
from ppocr.distributed import watchdog as watchdog_module
from ppocr.distributed.watchdog import Watchdog, register_stack_dump
from ppocr.engine.build import build_watchdog
from ppocr.options import GlobalOptions


def wait_for(path, text):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and text in path.read_text():
            return True
        time.sleep(0.01)
    return False


def sleep_in_a_worker(path, ready):
    file = register_stack_dump(path)
    ready.set()
    time.sleep(60)
    file.close()


def test_a_run_that_hangs_has_its_stacks_written(tmp_path, ppocr_caplog):
    path = tmp_path / "train.log"
    with Watchdog(0.05, path):
        assert wait_for(path, "test_a_run_that_hangs_has_its_stacks_written")
    assert "no step was finished" in ppocr_caplog.text


def test_one_of_several_processes_ends_with_a_line(tmp_path, ppocr_caplog, monkeypatch):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    with Watchdog(0.05, tmp_path / "train.log", ends=True):
        assert wait_for(tmp_path / "train.log", "--- stacks of process")
        deadline = time.monotonic() + 20
        while not codes and time.monotonic() < deadline:
            time.sleep(0.01)
    assert codes[:1] == [1] and "this process ends" in ppocr_caplog.text


def test_the_workers_write_theirs_too(tmp_path):
    path, context = tmp_path / "train.log", multiprocessing.get_context("fork")
    ready = context.Event()
    worker = context.Process(target=sleep_in_a_worker, args=(path, ready), daemon=True)
    worker.start()
    assert ready.wait(20)
    with Watchdog(0.05, path):
        assert wait_for(path, "sleep_in_a_worker")
    worker.kill()
    worker.join()


def test_a_worker_that_is_just_starting_is_not_asked(tmp_path):
    context = multiprocessing.get_context("fork")
    ends = context.Event()
    worker = context.Process(target=ends.wait, daemon=True)  # has no handler yet: the signal would end it
    worker.start()
    assert not watchdog_module.catches_stack_signal(worker.pid)
    Watchdog(1, tmp_path / "train.log")._dump()
    ends.set()
    worker.join()
    assert worker.exitcode == 0


def test_a_run_that_gets_on_is_left_alone(tmp_path):
    path = tmp_path / "train.log"
    with Watchdog(5, path) as watchdog:
        for _ in range(3):
            watchdog.heartbeat()
    with Watchdog(0, path):
        time.sleep(0.02)
    assert not path.exists()


@pytest.mark.parametrize("timeout", [0, 1800])
def test_a_lost_process_ends_the_run_as_soon_as_a_step_is_overdue(tmp_path, ppocr_caplog, monkeypatch, timeout):
    monkeypatch.setattr(watchdog_module, "_OVERDUE", 0)
    monkeypatch.setattr(watchdog_module, "_PAUSE", 0.01)
    answers, codes = itertools.chain(["", ""], itertools.repeat("process 0: lost contact")), queue.SimpleQueue()
    monkeypatch.setattr(os, "_exit", codes.put)
    with Watchdog(timeout, tmp_path / "train.log", lost=lambda: next(answers)):
        assert codes.get(timeout=20) == 1
    assert "process 0: lost contact" in ppocr_caplog.text


def test_others_are_not_asked_for_while_steps_are_made_or_when_the_run_is_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(watchdog_module, "_PAUSE", 0.001)
    asked = []
    with Watchdog(0, tmp_path / "train.log", lost=lambda: asked.append(1)) as watchdog:
        time.sleep(0.02)
        assert not asked
        watchdog.rest()
        watchdog._thread.join(20)
        assert not watchdog._thread.is_alive()


def test_stacks_go_to_the_screen_where_the_log_cannot_be_written(tmp_path, capfd):
    path = tmp_path / "gone" / "train.log"
    Watchdog(1, path)._dump()
    file = register_stack_dump(path)
    try:
        os.kill(os.getpid(), watchdog_module.STACK_SIGNAL)
    finally:
        faulthandler.unregister(watchdog_module.STACK_SIGNAL)
    assert capfd.readouterr().err.count("test_stacks_go_to_the_screen") == 2 and not file.closed


@pytest.mark.parametrize("several, timeout", [(False, 0), (True, 1800)])
def test_a_distributed_run_looks_after_the_others(monkeypatch, tmp_path, several, timeout):
    monkeypatch.setattr(processes, "is_distributed", lambda: several)
    monkeypatch.setattr(processes, "contact", lambda: SimpleNamespace(broken=lambda: True))
    watchdog = build_watchdog(GlobalOptions(save_model_dir=str(tmp_path)))
    assert watchdog._timeout == timeout and watchdog.path == str(tmp_path / "train.log")
    if several:
        assert "lost contact with another process" in watchdog._lost()
    else:
        assert watchdog._lost is None
