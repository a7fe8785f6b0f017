"""Batches from worker processes, and the prompt end of the iteration when one of them dies."""

import contextlib
import gc
import itertools
import multiprocessing
import os
import queue
import random
import signal
import sys
import threading
import traceback
import weakref
from collections import deque
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

import numpy as np
import paddle

from ppocr.data import shared_memory
from ppocr.errors import UserError

_FORK = multiprocessing.get_context("fork")  # whatever is loaded and open is there at once, and need not be pickled
_PATIENCE = 30  # seconds that a worker has to finish its batch when the pool is closed
_LOOK = 2  # seconds between two looks whether the parent is alive
_HINTS = {
    signal.SIGKILL: "memory may have run out: lower num_workers or batch_size_per_card",
    signal.SIGBUS: "a data file may have become shorter while it was read",
}


class _Worker(NamedTuple):
    """A process and the parent's end of its pipe, which it shares with nobody: its death locks nothing."""

    process: multiprocessing.Process
    connection: Connection


class _Failure(NamedTuple):
    """What a worker sends in place of a batch; ``text`` is the traceback."""

    text: str


class WorkerPool:
    """Worker processes that read the batches of one epoch after the other, each the next batch in turn.

    Args:
        reader: ``reader[keys]`` is a batch, anything that can be pickled.
        workers: number of processes.
        prefetch: batches that each reads ahead.
        shared: whether batches go through shared memory.
        start: called with its number in each worker before it reads.

    Attributes:
        close: ends the workers; called at the latest when nobody has the pool any more, or at exit.

    Raises:
        UserError: the system does not let so many processes start.
    """

    def __init__(self, reader, workers: int, prefetch: int, shared: bool, start):
        self._ahead = workers * prefetch
        self._waiting = True
        self._workers = []
        self.close = weakref.finalize(self, _end, self._workers, os.getpid())
        seed = np.random.randint(sys.maxsize)
        try:
            for number in range(workers):
                self._workers.append(_started(number, seed, reader, shared, start))
        except OSError as error:
            self.close()
            why = f"data workers cannot be started: {error}"
            raise UserError(f"{why}; set loader.num_workers to 0, or to fewer") from error

    @property
    def idle(self) -> bool:
        """Whether the workers wait for the keys of an epoch."""
        return self._waiting and self.close.alive

    def read(self, keys):
        """Yields the batches of an iterator over keys; if they are not taken to the end, the workers end.

        Raises:
            UserError: a worker process was killed.
            RuntimeError: a worker met an error that is no matter of the data.
        """
        self._waiting = False
        turns, asked = zip(itertools.cycle(self._workers), keys), deque()
        try:
            self._ask(turns, self._ahead, asked)
            while asked:
                batch = self._receive(asked.popleft())
                self._ask(turns, 1, asked)
                yield batch
        except BaseException:  # GeneratorExit too: what is on its way would come in the next epoch
            self.close()
            raise
        self._waiting = True

    def _ask(self, turns, count, asked):
        """Asks for further batches, each of a worker that is then added to ``asked``."""
        for worker, keys in itertools.islice(turns, count):
            with _named_when_dead(worker):
                worker.connection.send(keys)
            asked.append(worker)

    def _receive(self, worker):
        sentinels = {each.process.sentinel: each for each in self._workers}
        ready = wait([worker.connection, *sentinels])
        dead = [sentinels[end] for end in ready if end in sentinels]
        if dead:
            raise UserError(_obituary(dead[0].process))
        with _named_when_dead(worker):
            batch = shared_memory.receive(worker.connection)
        if isinstance(batch, _Failure):
            raise RuntimeError(f"reading failed in a data worker:\n{batch.text}")
        return batch


@contextlib.contextmanager
def _named_when_dead(worker):
    """Raises a UserError in place of what a pipe says whose other end is gone."""
    try:
        yield
    except (EOFError, ConnectionError):
        raise UserError(_obituary(worker.process)) from None


def _obituary(process):
    process.join()  # its pipe ends a moment before there is an exit code
    code = process.exitcode or 0
    cause = f"was killed by signal {-code}" if code < 0 else f"ended early with exit code {code}"
    hint = _HINTS.get(-code, "")
    return f"data worker process {process.pid} {cause}{hint and '; '}{hint}"


def _end(workers, owner):
    """Ends workers; not from a forked process, whose copies of them are not its own.

    They finish the batches that they are reading, unless one of them has died: others may wait for what it held.
    """
    if os.getpid() != owner:
        return
    patience = _PATIENCE if all(worker.process.is_alive() for worker in workers) else 0
    for worker in workers:
        with contextlib.suppress(OSError):  # it is dead
            worker.connection.send(None)
        worker.connection.close()
    for worker in workers:
        worker.process.join(patience)
        worker.process.kill()
        worker.process.join()


def _started(number, seed, reader, shared, start):
    ours, its = _FORK.Pipe()
    with its:  # the worker alone keeps it, so that it ends with the worker
        work = (number, seed, reader, shared, start, its, os.getpid())
        process = _FORK.Process(target=_work, args=work, daemon=True)
        process.start()
    return _Worker(process, ours)


def _work(number, seed, reader, shared, start, connection, parent):
    """Reads in a worker what its parent asks for.

    The worker leaves the process group of its parent: launchers and terminals signal whole groups, and a parent
    that finishes its step after one still needs batches.
    """
    gc.freeze()  # garbage of the parent may wait, when it is destroyed, for threads that a fork does not take along
    os.setpgrp()
    asked, reading = queue.SimpleQueue(), threading.Lock()
    threading.Thread(target=_listen, args=(connection, parent, asked, reading), daemon=True).start()
    paddle.set_device("cpu")  # a device cannot be used in a process that was forked after it was
    random.seed(seed + number)
    np.random.seed([number, seed & 0xFFFFFFFF, seed >> 32])
    start(number)
    while True:
        keys = asked.get()
        with reading:
            parts = _parts(reader, keys)
        shared_memory.send(connection, parts, shared)


def _parts(reader, keys):
    try:
        return shared_memory.parts_of(reader[keys])
    except Exception:  # noqa: BLE001 - raised in the parent
        return shared_memory.parts_of(_Failure(traceback.format_exc()))


def _listen(connection, parent, asked, reading):
    """Takes what the parent asks for, so that it never waits, and ends the worker with it, so that no orphan stays."""
    while os.getppid() == parent:
        if connection.poll(_LOOK):
            keys = connection.recv()
            if keys is None:
                with reading:  # what it is about to write into files is finished
                    sys.stdout.flush()
                    os._exit(0)
            asked.put(keys)
    os._exit(1)
