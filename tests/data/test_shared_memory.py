"""Objects with arrays go from process to process as they are, through shared memory and through a pipe."""

import contextlib
import multiprocessing
import os
import resource
import threading

import numpy as np
import pytest

from ppocr.data import shared_memory
from ppocr.errors import UserError

NESTED = {
    "large": np.arange(300_000, dtype=np.float32).reshape(3, 100, 1000),
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "rest": [np.zeros((0, 4)), np.array([True, False]), np.array(["a", "b"], object), ("text", None, 1.5)],
}


def sent(value, shared):
    """Returns what arrives; a thread sends, since nobody could read otherwise what a pipe does not hold."""
    ours, its = multiprocessing.Pipe()
    with ours, its:
        sender = threading.Thread(target=shared_memory.send, args=(its, shared_memory.parts_of(value), shared))
        sender.start()
        found = shared_memory.receive(ours)
        sender.join()
    return found


def in_a_file(array):
    """Tells whether an array lies in a file that is mapped, of which there is no name."""
    begin = array.__array_interface__["data"][0]
    with open("/proc/self/maps") as maps:
        for line in maps:
            first, last = (int(address, 16) for address in line.split()[0].split("-"))
            if first <= begin < last:
                return str(shared_memory.FOLDER) in line and "(deleted)" in line
    return False


@pytest.mark.parametrize("shared", [True, False])
def test_arrays_arrive_as_they_were_and_can_be_written_to(shared):
    found = sent(NESTED, shared)
    np.testing.assert_equal(found, NESTED)
    assert found["large"].dtype == np.float32 and found["columns"].flags.f_contiguous
    found["large"] += 1
    found["columns"][0, 0] = 7
    assert found["large"][0, 0, 0] == 1 and found["large"].ctypes.data % 64 == (
        0 if shared else found["large"].ctypes.data % 64
    )
    assert in_a_file(found["large"]) == shared


def test_what_is_small_takes_no_file():
    found = sent([np.arange(100)], shared=True)
    assert found[0].tolist() == list(range(100)) and not in_a_file(found[0])


def test_an_array_outlives_the_rest_of_its_batch():
    found = sent(NESTED, shared=True)
    kept = found.pop("large")
    del found
    np.testing.assert_equal(kept, NESTED["large"])


def test_no_file_stays_open_for_a_batch_that_is_gone():
    def count():
        return len(os.listdir("/proc/self/fd"))

    before = count()
    found = sent(NESTED, shared=True)
    assert count() == before + 1  # the one of the memory
    del found
    assert count() == before


def test_where_there_is_no_room_the_pipe_is_taken(monkeypatch, tmp_path):
    monkeypatch.setattr(shared_memory, "FOLDER", tmp_path / "none")
    np.testing.assert_equal(sent(NESTED, shared=True), NESTED)


@pytest.mark.parametrize("free", [0, 1])
def test_too_many_open_files_are_one_line(free):
    ours, its = multiprocessing.Pipe()
    shared_memory.send(its, shared_memory.parts_of(NESTED), True)
    limits, taken = resource.getrlimit(resource.RLIMIT_NOFILE), []
    resource.setrlimit(resource.RLIMIT_NOFILE, (its.fileno() + 50, limits[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(its.fileno()))
        for _ in range(free):
            os.close(taken.pop())
        with ours, its, pytest.raises(UserError, match="^too many files are open, .*ulimit -n"):
            shared_memory.receive(ours)
    finally:
        for handle in taken:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_the_end_of_the_sender_is_an_error():
    ours, its = multiprocessing.Pipe()
    its.send(([10, 1 << 20], False))
    os.write(its.fileno(), b"01234567890123")
    its.close()
    with ours, pytest.raises(EOFError):
        shared_memory.receive(ours)


def test_free_bytes_are_those_of_the_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(shared_memory, "FOLDER", tmp_path)
    stats = os.statvfs(tmp_path)
    assert 0 < shared_memory.free_bytes() <= stats.f_blocks * stats.f_frsize
