"""Processes that run, have ended, or cannot be looked at."""

import multiprocessing
import os

import pytest

from ppocr.distributed import liveness

pytestmark = pytest.mark.skipif(liveness.system() is None, reason="the system does not tell which processes there are")


@pytest.fixture
def zombie():
    """The number of a process that has ended and is not waited for, and when it was started."""
    child = multiprocessing.get_context("fork").Process(target=os._exit, args=(0,))
    child.start()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    yield child.pid, liveness.started(child.pid)
    child.join()


def test_a_process_is_alive_by_number_and_start():
    own, system = os.getpid(), liveness.system()
    assert liveness.is_alive(own, system) is True
    assert liveness.is_alive(own, system, liveness.started(own)) is True
    assert liveness.is_alive(own, system, "1") is False  # the number has been given again


@pytest.mark.parametrize("number", [2**22 + 1, 2**80, 0, -1, None, "x"])
def test_where_no_process_has_the_number_it_is_dead(number):
    assert liveness.is_alive(number, liveness.system()) is False


def test_a_zombie_is_dead(zombie):
    number, start = zombie
    os.kill(number, 0)  # it is there
    assert start is not None and liveness.is_alive(number, liveness.system(), start) is False


@pytest.mark.parametrize("system", [None, "another boot", "bootpid:[1]"])
def test_of_another_machine_or_container_nothing_is_known(zombie, system):
    assert liveness.is_alive(zombie[0], system) is None and liveness.is_alive(os.getpid(), system) is None


def test_nothing_is_known_in_a_system_that_does_not_tell(monkeypatch):
    monkeypatch.setattr(liveness, "system", lambda: None)
    assert liveness.is_alive(os.getpid(), None) is None


def test_another_users_process_that_is_hidden_may_be_alive(monkeypatch):
    monkeypatch.setattr(liveness, "_status", lambda number: None)
    assert liveness.is_alive(os.getppid(), liveness.system()) is None
