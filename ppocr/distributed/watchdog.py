"""Notices a run that hangs and writes down where every process stands."""

import faulthandler
import logging
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

logger = logging.getLogger("ppocr")
STACK_SIGNAL = signal.SIGUSR2
_PAUSE = 10  # seconds between two looks, at most
_OVERDUE = 60  # seconds without a step after which the other processes are checked


class Watchdog:
    """Writes the stacks of all threads, and of the worker processes, when nothing has happened for a while.

    Where there are others, it ends the process soon after one of them is gone: NCCL waits for a lost process forever,
    in a call that no signal and no exception of Python gets through to.

    A context: the watch begins with it, and ends with it or with :meth:`rest`.

    Attributes:
        path: see below.

    Args:
        timeout: seconds without :meth:`heartbeat` after which the stacks are written, again and again; 0: never.
        path: file that they are appended to.
        ends: end the process then, with exit code 1: if it waits for another one that is gone, it would wait forever.
        lost: returns a message if another process is gone, else an empty string; None: there are no others.
    """

    def __init__(self, timeout: float, path, ends: bool = False, lost=None):
        self._timeout, self.path, self._ends, self._lost = timeout, str(path), ends, lost
        self._last = time.monotonic()
        self._stop = threading.Event()
        self._thread = None

    def heartbeat(self):
        """Notes that the run has made progress."""
        self._last = time.monotonic()

    def rest(self):
        """Ends the watch: the run is finished, and others may have left."""
        self._stop.set()

    def __enter__(self):
        if self._timeout > 0 or self._lost:
            self.heartbeat()
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *exception):
        self.rest()
        if self._thread is not None:
            self._thread.join()

    def _watch(self):
        while not self._stop.wait(min(self._timeout / 4 or _PAUSE, _PAUSE)):
            silent = time.monotonic() - self._last
            if self._lost and silent >= _OVERDUE and (sentence := self._lost()):
                logger.error("no step was finished for %.0f s; %s", silent, sentence)
                os._exit(1)
            if 0 < self._timeout <= silent:
                logger.error("no step was finished for %.0f s; the stacks of all processes go to %s", silent, self.path)
                self._dump()
                if self._ends:
                    logger.error("this process ends, since it may be waiting for another one that is gone")
                    os._exit(1)
                self.heartbeat()

    def _dump(self):
        file = _opened(self.path)
        file.write(f"--- stacks of process {os.getpid()}\n")
        file.flush()
        faulthandler.dump_traceback(file, all_threads=True)
        if file is not sys.__stderr__:
            file.close()
        for worker in multiprocessing.active_children():
            if catches_stack_signal(worker.pid):
                os.kill(worker.pid, STACK_SIGNAL)


def catches_stack_signal(pid: int) -> bool:
    """Returns whether a process has called :func:`register_stack_dump`; the signal would end one that is just starting.

    Where the system does not report it (without ``/proc``), the answer is yes.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return True
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return caught is None or bool(int(caught[1], 16) >> (STACK_SIGNAL - 1) & 1)


def register_stack_dump(path=None):
    """Makes a worker process write its stacks when it gets ``STACK_SIGNAL``, which would end it otherwise.

    Args:
        path: file that they are appended to; None: standard error.

    Returns:
        the open file, which has to stay open.
    """
    file = _opened(path)
    faulthandler.register(STACK_SIGNAL, file=file, all_threads=True, chain=False)
    return file


def _opened(path):
    """Returns a file to append to; standard error where there is none, or it can no longer be written."""
    try:
        return open(path, "a", encoding="utf-8") if path else sys.__stderr__
    except OSError:
        return sys.__stderr__
