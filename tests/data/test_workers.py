"""The pool of worker processes: order, errors, the death of a worker wherever it dies, the end."""

import gc
import multiprocessing
import os
import resource
import signal
import time
import weakref

import numpy as np
import pytest

from ppocr.data import shared_memory, workers
from ppocr.data.workers import WorkerPool
from ppocr.errors import UserError

LARGE = 1 << 20  # values that no pipe holds


class Reader:
    """Gives what a function makes of a key."""

    def __init__(self, make):
        self._make = make

    def __getitem__(self, key):
        return self._make(key)


@pytest.fixture
def make_pool():
    """Returns a function that starts a pool; it is closed with the test."""
    pools = weakref.WeakSet()

    def make(function, number=2, prefetch=2, shared=True, start=lambda number: None):
        pool = WorkerPool(Reader(function), number, prefetch, shared, start)
        pools.add(pool)
        return pool

    yield make
    for pool in pools:
        pool.close()


def processes(pool):
    return [worker.process for worker in pool._workers]


def ended(pool):
    """Tells whether all workers of a pool that cannot be used any more are gone."""
    return not pool.idle and not {worker.pid for worker in processes(pool)} & {
        child.pid for child in multiprocessing.active_children()
    }


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("number, prefetch", [(1, 1), (2, 1), (3, 2), (5, 4)])
def test_order_is_kept_from_epoch_to_epoch(make_pool, number, prefetch, shared):
    pool = make_pool(lambda key: [key, np.full(50_000, key)], number, prefetch, shared)
    for first, count in [(0, 11), (100, 1), (200, 0), (300, 23)]:
        found = [(key, array.min(), array.max()) for key, array in pool.read(iter(range(first, first + count)))]
        assert found == [(key, key, key) for key in range(first, first + count)]
        assert pool.idle and all(worker.is_alive() for worker in processes(pool))


def test_order_is_kept_when_one_worker_is_late(make_pool):
    third = multiprocessing.get_context("fork").Event()

    def read(key):
        if key == 3:
            third.set()
        return key, key != 0 or third.wait(60)  # the other worker has long read its second batch

    assert list(make_pool(read).read(iter(range(7)))) == [(key, True) for key in range(7)]


def test_no_more_is_read_ahead_than_prefetch_says(make_pool):
    taken = []

    def keys():
        for key in range(9):
            taken.append(key)
            yield key

    batches = make_pool(lambda key: key, number=2, prefetch=2).read(keys())
    for number, batch in enumerate(batches):
        assert batch == number and len(taken) == min(number + 5, 9)


def test_keys_larger_than_a_pipe_holds_do_not_stop_large_batches(make_pool):
    """Parent and worker must not wait for each other, both writing."""
    keys = [list(range(number, number + LARGE // 4)) for number in range(6)]
    pool = make_pool(lambda key: np.array(key), number=1, prefetch=5, shared=False)
    assert [batch[0] for batch in pool.read(iter(keys))] == list(range(6))


@pytest.mark.parametrize(
    "result, words",
    [
        (lambda key: [1, 2][key], r"(?s)reading failed in a data worker:\nTraceback.*test_workers.py.*IndexError"),
        (lambda key: (key, lambda: key), "(?s)reading failed in a data worker:\nTraceback.*pickle"),
    ],
    ids=["raised", "cannot be sent"],
)
def test_an_error_comes_with_its_traceback(make_pool, result, words):
    pool = make_pool(result)
    with pytest.raises(RuntimeError, match=words):
        list(pool.read(iter(range(4))))
    assert ended(pool)


@pytest.mark.parametrize("shared", [True, False])
def test_a_worker_that_is_killed_while_it_writes_is_named(make_pool, shared):
    pool = make_pool(lambda key: np.zeros(LARGE), shared=shared)
    batches = pool.read(iter(range(40)))
    next(batches)
    victim = pool._workers[1]
    assert victim.connection.poll(60)  # it has begun; through a pipe it cannot end before somebody reads
    os.kill(victim.process.pid, signal.SIGKILL)
    with pytest.raises(UserError, match=f"^data worker process {victim.process.pid} was killed by signal 9; memory"):
        list(batches)
    assert ended(pool)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGBUS])
def test_a_worker_that_dies_in_the_middle_of_a_batch_is_named(make_pool, monkeypatch, number):
    """The parent waits for the rest of a message then."""

    def begin(connection, parts, shared):
        connection.send(([10, LARGE], False))
        os.write(connection.fileno(), b"01234567890123")
        signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
        os.kill(os.getpid(), number)

    monkeypatch.setattr(shared_memory, "send", begin)
    with pytest.raises(UserError, match=f"was killed by signal {int(number)}; "):
        list(make_pool(lambda key: key).read(iter(range(4))))


def test_the_death_of_a_worker_that_nobody_waits_for_is_seen(make_pool):
    """The batch that is waited for never comes."""
    pool = make_pool(lambda key: key or time.sleep(600))
    batches = pool.read(iter(range(4)))
    other = pool._workers[1].process
    started = multiprocessing.get_context("fork").Process(target=_kill_later, args=(other.pid,))
    started.start()
    with pytest.raises(UserError, match=f"data worker process {other.pid} was killed by signal 9"):
        next(batches)
    started.join()


def _kill_later(pid):
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)


def test_a_worker_that_ends_by_itself_is_named(make_pool):
    with pytest.raises(UserError, match="^data worker process [0-9]+ ended early with exit code 3$"):
        list(make_pool(lambda key: os._exit(3)).read(iter(range(4))))


def test_a_worker_that_cannot_begin_is_named(make_pool, capfd):
    def start(number):
        raise ZeroDivisionError("a bug")

    with pytest.raises(UserError, match="ended early with exit code 1"):
        list(make_pool(lambda key: key, start=start).read(iter(range(4))))
    assert "ZeroDivisionError: a bug" in capfd.readouterr().err


def test_a_process_that_the_system_does_not_let_start(monkeypatch):
    def fail(process):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(workers._FORK.Process, "start", fail)
    with pytest.raises(UserError, match="^data workers cannot be started: .*unavailable; set loader.num_workers to 0"):
        WorkerPool(Reader(int), 2, 2, True, lambda number: None)


def test_an_epoch_left_early_ends_workers_that_are_writing(make_pool):
    pool = make_pool(lambda key: np.zeros(LARGE), shared=False)
    batches = pool.read(iter(range(40)))
    next(batches)
    assert all(worker.connection.poll(60) for worker in pool._workers)
    batches.close()
    assert ended(pool) and [worker.exitcode for worker in processes(pool)] == [0, 0]


def test_a_batch_under_way_is_finished_at_the_end(make_pool, tmp_path):
    """A file that a worker is writing is whole."""
    ready, go = os.pipe(), os.pipe()

    def read(key):
        os.write(ready[1], b".")
        os.read(go[0], 1)
        (tmp_path / "file").write_text("whole")

    pool = make_pool(read, number=1, prefetch=1)
    batches = pool.read(iter(range(2)))
    pool._ask(zip(pool._workers, [0]), 1, [])
    os.read(ready[0], 1)
    pool._workers[0].connection.send(None)
    os.write(go[1], b".")
    processes(pool)[0].join()
    assert (tmp_path / "file").read_text() == "whole" and processes(pool)[0].exitcode == 0
    batches.close()
    for end in (*ready, *go):
        os.close(end)


def test_a_forked_copy_leaves_the_workers_alone(make_pool):
    pool = make_pool(lambda key: key)
    child = os.fork()
    if not child:
        pool.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert list(pool.read(iter(range(5)))) == list(range(5)) and pool.idle


def test_a_pool_that_nobody_has_ends(make_pool):
    pool = make_pool(lambda key: key)
    list(pool.read(iter(range(5))))
    alive = processes(pool)
    del pool
    assert not any(worker.is_alive() for worker in alive)


def test_each_worker_knows_its_number_and_draws_its_own_numbers(make_pool):
    numbers = []
    read = lambda key: (*numbers, np.random.randint(1 << 30), os.getpgrp() == os.getpid())  # noqa: E731
    found = list(make_pool(read, start=numbers.append).read(iter(range(4))))
    assert [number for number, _, _ in found] == [0, 1, 0, 1]
    assert len({drawn for _, drawn, _ in found}) == 4 and all(own_group for _, _, own_group in found)


def test_garbage_of_the_parent_is_not_destroyed_in_a_worker(make_pool, tmp_path):
    class Cycle:
        def __init__(self):
            self.itself = self

        def __del__(self):
            (tmp_path / str(os.getpid())).touch()

    gc.collect()
    gc.disable()  # the cycle is still there when the workers start
    try:
        Cycle()
        assert all(number >= 0 for number in make_pool(lambda key: gc.collect()).read(iter(range(4))))
        assert list(tmp_path.iterdir()) == []
    finally:
        gc.enable()
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]


def test_full_shared_memory_is_no_error(make_pool):
    def start(number):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))

    found = list(make_pool(lambda key: np.full(LARGE, key), start=start).read(iter(range(5))))
    assert [(batch.min(), batch.max()) for batch in found] == [(key, key) for key in range(5)]
