"""Batches from worker processes, and the prompt end of the iteration when one of them dies."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import weakref

from ppocr.data import shared_memory
from ppocr.errors import UserError

_QUEUES = 1 << 16  # bytes of shared memory that queues and locks need, whatever batches are passed through
_BATCH = 1 << 20  # with fewer bytes free, it was shared memory that a worker died of
_NO_START = "data workers cannot be started"
_WAYS_OUT = (
    "make room there, or set Train.loader.use_shared_memory (and Eval.loader.use_shared_memory) to false; "
    "Global.resume=auto goes on"
)
_HINTS = {
    signal.SIGKILL: "memory may have run out: lower num_workers or batch_size_per_card",
    signal.SIGBUS: "shared memory may have run out (set use_shared_memory to false), or a data file has become shorter",
}


class WorkerPool:
    """Worker processes of a ``paddle.io.DataLoader`` that read the batches of one epoch after the other.

    Started anew for each epoch, they would load fonts and open databases anew too.  Paddle's ``persistent_workers``
    sleeps for half a second between two epochs; so the workers are fed with the keys of any epoch here.

    Paddle finds a dead worker only when it next waits for one, by a signal that may strike anywhere in the main
    thread, or, if the worker died while it was writing a batch, never.  So the workers are watched here.

    Args:
        make_loader: called with a batch sampler, makes the loader.

    Attributes:
        close: ends the workers; called at the latest when nobody has the pool any more, or at exit.

    Raises:
        UserError: there is no room for what workers and their parent share.
    """

    def __init__(self, make_loader):
        short = shared_memory.shortage(_QUEUES)
        if short:
            raise UserError(f"{_NO_START}: {short}; make room there, or set loader.num_workers to 0")
        self._feed = _Feed()
        try:
            self._iterator = _start(make_loader(self._feed))
        except OSError as error:
            raise UserError(f"{_NO_START}: {error}; set loader.num_workers to 0, or to fewer") from error
        self._watch = _Watch(self._iterator)
        self._waiting = True
        self.close = weakref.finalize(self, self._watch.close)

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
        try:
            self._feed.keys = keys
            for _ in range(self._iterator._outstanding_capacity):
                self._iterator._try_put_indices()
            while self._iterator._batches_outstanding:
                yield self._next()
        except BaseException:  # GeneratorExit too: what is on its way would come in the next epoch
            self.close()
            raise
        self._waiting = True

    def _next(self):
        try:
            return next(self._iterator)
        except (StopIteration, SystemError, RuntimeError, OSError) as error:
            self._watch.raise_if_dead()
            raise RuntimeError("reading failed in a data worker; its own traceback stands above") from error


class _Feed:
    """A batch sampler that goes on after its end, once it is given further keys."""

    keys = iter(())

    def __iter__(self):
        return self

    def __next__(self):
        return [next(self.keys)]


def _start(loader):
    """Starts the workers without the signal handler that Paddle installs for them."""
    handler = signal.getsignal(signal.SIGCHLD)
    iterator = iter(loader)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL if handler is None else handler)
    return iterator


class _Watch:
    """Waits in a thread for a worker to die of anything but its own end, and then wakes the reader."""

    def __init__(self, iterator):
        self._iterator = iterator
        self._workers = list(iterator._workers)
        self._owner = os.getpid()
        self._dead = None
        self._stop, self._stopped = multiprocessing.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def raise_if_dead(self):
        """Raises a UserError if a worker is dead."""
        self._thread.join(1)  # Paddle may see the death a moment earlier
        if self._dead is not None:
            raise UserError(_obituary(self._dead)) from None

    def close(self):
        """Ends the watch and the workers; not from a forked process, whose copies of them are not its own."""
        if os.getpid() != self._owner:
            return
        self._stopped.send(None)  # closing it would not do: processes forked meanwhile hold copies
        self._thread.join()
        self._stopped.close()
        self._stop.close()
        if self._dead is not None:
            for worker in self._workers:
                worker.kill()
        self._iterator._try_shutdown_all()
        for worker in self._workers:  # batches that nobody will read; a killed worker could not remove them itself
            shared_memory.release(worker.pid)

    def _run(self):
        alive = {worker.sentinel: worker for worker in self._workers}
        while alive:
            ready = multiprocessing.connection.wait([self._stop, *alive])
            if self._stop in ready:
                return
            for worker in [alive.pop(sentinel) for sentinel in ready]:
                worker.join(1)  # the sentinel fires a moment before there is an exit code
                if worker.exitcode != 0:
                    self._dead = worker
                    self._iterator._exit_thread_unexpectedly()
                    return


def _obituary(worker):
    code = worker.exitcode or 0
    cause = f"was killed by signal {-code}" if code < 0 else f"ended early with exit code {code}"
    short = shared_memory.shortage(_BATCH)
    hint = f"{short}; {_WAYS_OUT}" if short else _HINTS.get(-code, "")
    return f"data worker process {worker.pid} {cause}{hint and '; '}{hint}"


def end_with_parent(parent: int):
    """Starts a thread in a worker that ends the process once its parent is gone, so that no orphan stays.

    The worker leaves the process group of its parent: launchers and terminals signal whole groups, and a parent
    that finishes its step after one still needs batches.
    """

    def watch():
        while os.getppid() == parent:
            pause.wait(2)
        shared_memory.release(os.getpid())
        os._exit(1)

    os.setpgrp()
    pause = threading.Event()
    threading.Thread(target=watch, daemon=True).start()
