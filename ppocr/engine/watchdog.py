"""Notices a run that hangs and writes down where every process stands."""

import faulthandler
import logging
import multiprocessing
import os
import signal
import threading
import time

logger = logging.getLogger("ppocr")
STACK_SIGNAL = signal.SIGUSR2


class Watchdog:
    """Writes the stacks of all threads, and of the worker processes, when nothing has happened for a while.

    A context: the watch begins and ends with it.

    Args:
        timeout: seconds without :meth:`beat` after which the stacks are written, again and again; 0: never.
        path: file that they are appended to.
        ends: end the process then, with exit code 1: where it waits for another one that is gone it would wait forever.
    """

    def __init__(self, timeout: float, path, ends: bool = False):
        self._timeout, self._path, self._ends = timeout, str(path), ends
        self._last = time.monotonic()
        self._stop = threading.Event()
        self._thread = None

    def beat(self):
        """Says that the run has got on."""
        self._last = time.monotonic()

    def __enter__(self):
        if self._timeout > 0:
            self.beat()
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *exception):
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self):
        while not self._stop.wait(min(self._timeout / 4, 10)):
            silent = time.monotonic() - self._last
            if silent >= self._timeout:
                logger.error(
                    "no step was finished for %.0f s; the stacks of all processes go to %s", silent, self._path
                )
                self._dump()
                if self._ends:
                    logger.error("this process ends, since it may be waiting for another one that is gone")
                    os._exit(1)
                self.beat()

    def _dump(self):
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(f"--- stacks of process {os.getpid()}\n")
            file.flush()
            faulthandler.dump_traceback(file, all_threads=True)
        for worker in multiprocessing.active_children():
            os.kill(worker.pid, STACK_SIGNAL)


def let_stacks_be_asked_for(path):
    """Makes a worker process append its stacks to a file when it gets ``STACK_SIGNAL``.

    Returns:
        the open file, which has to stay open.
    """
    file = open(path, "a", encoding="utf-8")
    faulthandler.register(STACK_SIGNAL, file=file, all_threads=True, chain=False)
    return file
