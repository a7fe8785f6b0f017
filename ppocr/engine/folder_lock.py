"""The lock of a folder: one process writes into it, the next one is told which.

A file ``.lock`` names host and process.  Where the owner runs in the same system (by boot and process namespace, which
tell machines and containers of one name apart) its process number and start time say whether it is alive.  Anywhere
else only a sign of life does: the owner touches the file every few seconds, and one that stands still for a minute is
that of a dead process.  The file is made with ``O_EXCL``, which network file systems know as well.
"""

import contextlib
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Optional

from ppocr.distributed import liveness
from ppocr.errors import UserError

NAME = ".lock"
BEAT = 5.0  # seconds between two signs of life
PATIENCE = 60.0  # seconds without one after which an owner that cannot be looked at is dead


class FolderLock:
    """The right to write into a folder; a context of a process that keeps it and gives signs of life.

    A process that owns the folder may take it once more: the first of its contexts to end gives it up.

    Args:
        folder: must exist.
        beat: seconds between two signs of life.
        patience: seconds without one after which an owner that cannot be looked at is taken for dead.
    """

    def __init__(self, folder, beat: float = BEAT, patience: float = PATIENCE):
        self._folder, self._path = Path(folder), Path(folder) / NAME
        self._beat, self._patience = beat, patience
        self._done = threading.Event()

    def acquire(self):
        """Makes this process the owner; the lock of a dead one is taken over.

        Raises:
            UserError: another process writes into the folder, or the lock cannot be made.
        """
        try:
            self._acquire()
        except OSError as error:
            raise UserError(f"{self._path}: this lock cannot be made ({error.strerror or error})") from None

    def _acquire(self):
        while not self._create():
            content = _read(self._path)
            if _owner(content) == _identity():
                return
            if content is not None and self._is_alive(_owner(content)):
                raise UserError(self._taken(_owner(_read(self._path) or content)))
            self._take_away(content)

    def release(self):
        """Gives the folder up, if it is this process that owns it."""
        if _owner(_read(self._path)) == _identity():
            with contextlib.suppress(OSError):
                self._path.unlink()

    def __enter__(self):
        self.acquire()
        self._done.clear()
        threading.Thread(target=self._show_life, name="folder lock", daemon=True).start()
        return self

    def __exit__(self, *exception):
        self._done.set()
        self.release()

    def _create(self) -> bool:
        """Makes the file unless there is one."""
        try:
            with open(self._path, "x", encoding="utf-8") as file:
                json.dump(_identity(), file)
        except FileExistsError:
            return False
        return True

    def _is_alive(self, owner) -> bool:
        alive = liveness.is_alive(owner.get("process"), owner.get("system"), owner.get("start"))
        return self._beats() if alive is None else alive

    def _beats(self) -> bool:
        """Tells whether the file is touched while it is watched."""
        first, end = self._touched(), time.monotonic() + self._patience
        while first is not None and time.monotonic() < end:
            time.sleep(self._beat / 4)
            if self._touched() != first:
                return True
        return False

    def _touched(self):
        """Returns when the file was touched; opening it makes a network file system ask the server."""
        try:
            with open(self._path, "rb") as file:
                return os.fstat(file.fileno()).st_mtime_ns
        except FileNotFoundError:
            return None

    def _take_away(self, content):
        """Removes the lock of a dead owner; what another process has put in its place meanwhile is put back."""
        aside = self._path.with_name(f"{NAME}.{os.getpid()}")
        try:
            os.replace(self._path, aside)
        except FileNotFoundError:
            return
        try:
            found = _read(aside)
        finally:
            aside.unlink()
        if found not in (content, None):
            with contextlib.suppress(FileExistsError), open(self._path, "xb") as file:
                file.write(found)

    def _taken(self, owner):
        return (
            f"{self._folder}: is being written by process {owner.get('process')} on {owner.get('host')}; name another "
            f"folder or wait for it (if it is none of yours, remove {self._path})"
        )

    def _show_life(self):
        while not self._done.wait(self._beat):
            with contextlib.suppress(OSError):
                os.utime(self._path)


@contextlib.contextmanager
def given_up_on_error(folder):
    """A context that releases the lock of a folder if it fails: a process may live on after that."""
    try:
        yield
    except BaseException:
        FolderLock(folder).release()
        raise


def _read(path) -> Optional[bytes]:
    """Returns the content of a file; None where there is none, or a link that leads nowhere."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _owner(content: Optional[bytes]) -> dict:
    """Returns what a lock says; empty where it says nothing, as while it is being written."""
    try:
        owner = json.loads(content or b"")
    except (ValueError, RecursionError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _identity() -> dict:
    """Returns what the lock of this process says."""
    number = os.getpid()
    return {
        "host": socket.gethostname(),
        "system": liveness.system(),
        "process": number,
        "start": liveness.started(number),
    }
