"""Batches from worker processes, and the prompt end of the iteration when one of them dies."""

import contextlib
import glob
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading

from ppocr.errors import UserError

SHARED_MEMORY = "/dev/shm"


def iterate(loader):
    """Yields the batches of a ``paddle.io.DataLoader`` that has worker processes.

    Paddle finds a dead worker only when it next waits for one, by a signal that may strike anywhere in the main
    thread, or, if the worker died while it was writing a batch, never.  So the workers are watched here.

    Raises:
        UserError: a worker process was killed.
        RuntimeError: a worker met an error that is no matter of the data.
    """
    iterator = _start(loader)
    watch = _Watch(iterator)
    try:
        while True:
            try:
                batch = next(iterator)
            except StopIteration:
                return
            except (SystemError, RuntimeError, OSError) as error:
                watch.raise_if_dead()
                raise RuntimeError("reading failed in a data worker; its own traceback stands above") from error
            yield batch
    finally:
        watch.close()


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
        """Ends the watch and the workers."""
        self._stopped.send(None)  # closing it would not do: processes forked meanwhile hold copies
        self._thread.join()
        self._stopped.close()
        self._stop.close()
        if self._dead is not None:
            for worker in self._workers:
                worker.kill()
        self._iterator._try_shutdown_all()
        self._release_memory()

    def _release_memory(self):
        """Removes the shared memory of batches that nobody will read; a killed worker could not do it itself."""
        for worker in self._workers:
            for path in glob.glob(f"{SHARED_MEMORY}/paddle_{worker.pid}_*"):
                with contextlib.suppress(OSError):
                    os.unlink(path)

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
    hint = "; memory may have run out: lower num_workers or batch_size_per_card" if code == -signal.SIGKILL else ""
    return f"data worker process {worker.pid} {cause}{hint}"


def end_with_parent(parent: int):
    """Starts a thread in a worker that ends the process once its parent is gone, so that no orphan stays.

    The worker leaves the process group of its parent: launchers and terminals signal whole groups, and a parent
    that finishes its step after one still needs batches.
    """

    def watch():
        while os.getppid() == parent:
            pause.wait(2)
        os._exit(1)

    os.setpgrp()
    pause = threading.Event()
    threading.Thread(target=watch, daemon=True).start()
