"""One process writes into a folder; a dead one does not keep it."""

import json
import multiprocessing
import os
import threading

import pytest

from ppocr.distributed import liveness
from ppocr.engine import folder_lock
from ppocr.engine.folder_lock import FolderLock
from ppocr.errors import UserError


def lock_of(folder, **changes):
    """Writes the lock of this process with other values."""
    (folder / ".lock").write_text(json.dumps({**folder_lock._identity(), **changes}))


def owner(folder):
    return json.loads((folder / ".lock").read_text())


def patient(folder):
    return FolderLock(folder, beat=0.02, patience=0.3)


def test_a_process_owns_a_folder_until_the_context_ends(tmp_path):
    with FolderLock(tmp_path):
        assert owner(tmp_path)["process"] == os.getpid()
        FolderLock(tmp_path).acquire()
    assert not list(tmp_path.iterdir())


def test_it_is_given_up_where_the_work_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), FolderLock(tmp_path):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="the system does not tell which processes there are")
class TestOnThisSystem:
    def test_a_living_owner_is_named(self, tmp_path):
        lock_of(tmp_path, process=os.getppid(), start=liveness.started(os.getppid()), host="here")
        with pytest.raises(UserError, match=f"is being written by process {os.getppid()} on here; name another"):
            FolderLock(tmp_path).acquire()
        FolderLock(tmp_path).release()
        assert owner(tmp_path)["process"] == os.getppid()

    @pytest.mark.parametrize("changes", [{"process": 2**30}, {"start": "1"}])
    def test_a_dead_owner_is_followed(self, tmp_path, changes):
        """Its number is free, or another process has it by now."""
        lock_of(tmp_path, **{"process": os.getppid(), **changes})
        FolderLock(tmp_path).acquire()
        assert owner(tmp_path)["process"] == os.getpid() and len(list(tmp_path.iterdir())) == 1

    def test_a_process_that_has_ended_and_is_not_waited_for_is_dead(self, tmp_path):
        child = multiprocessing.get_context("fork").Process(target=FolderLock(tmp_path).acquire)
        child.start()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert owner(tmp_path)["process"] == child.pid
        FolderLock(tmp_path).acquire()
        child.join()

    def test_a_forked_process_does_not_give_up_what_is_its_parents(self, tmp_path):
        with FolderLock(tmp_path) as lock:
            child = multiprocessing.get_context("fork").Process(target=lock.__exit__)
            child.start()
            child.join()
            assert child.exitcode == 0 and owner(tmp_path)["process"] == os.getpid()


def test_an_owner_elsewhere_that_gives_signs_of_life_is_named(tmp_path):
    lock_of(tmp_path, system="another", host="far", process=7)
    stop = threading.Event()

    def live():
        while not stop.wait(0.02):
            os.utime(tmp_path / ".lock")

    thread = threading.Thread(target=live)
    thread.start()
    try:
        with pytest.raises(UserError, match="is being written by process 7 on far"):
            FolderLock(tmp_path, beat=0.02, patience=60).acquire()
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("content", [None, b"", b"[1]", b"\xff", b"[" * 100_000])
def test_an_owner_elsewhere_that_gives_none_is_dead(tmp_path, content):
    lock_of(tmp_path, system="another")
    if content is not None:
        (tmp_path / ".lock").write_bytes(content)
    patient(tmp_path).acquire()
    assert owner(tmp_path)["process"] == os.getpid()


def test_the_owner_gives_signs_of_life(tmp_path):
    with patient(tmp_path):
        os.utime(tmp_path / ".lock", (1, 1))
        assert patient(tmp_path)._beats()


def test_what_took_the_place_of_a_dead_lock_is_put_back(tmp_path):
    """Two processes find the same dead owner; the slower one must not take the faster one's lock away."""
    lock_of(tmp_path, process=2**30)
    dead = (tmp_path / ".lock").read_bytes()
    lock_of(tmp_path, process=os.getppid())
    FolderLock(tmp_path)._take_away(dead)
    assert owner(tmp_path)["process"] == os.getppid() and len(list(tmp_path.iterdir())) == 1


def test_a_lock_that_cannot_be_made_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"gone/.lock: this lock cannot be made .No such file"):
        FolderLock(tmp_path / "gone").acquire()


def test_a_link_that_leads_nowhere_is_no_lock(tmp_path):
    (tmp_path / ".lock").symlink_to(tmp_path / "gone")
    with FolderLock(tmp_path):
        assert owner(tmp_path)["process"] == os.getpid()
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]
