"""The shared memory through which workers hand over batches: what fills it, and what dead workers have left.

Paddle names a segment ``paddle_<process>_...``.  A process number means nothing in another container, and containers
may share ``/dev/shm``; so each worker leaves a file that says in which namespace of processes its number counts.
"""

import contextlib
import os
import re
import time
from collections import Counter
from pathlib import Path

from ppocr.distributed import liveness

FOLDER = Path("/dev/shm")
_SEGMENT = re.compile(r"paddle_(\d+)_")
_MARK = "ppocr_worker_{namespace}_{process}"
_OLD = 24 * 3600  # seconds after which nobody waits for a segment any more, wherever its number counts
_NAMED = 3
MIB = 1 << 20


def claim():
    """Says of this process that it is a worker; to be called at its start."""
    namespace = _namespace()
    if namespace is not None:
        with contextlib.suppress(OSError):
            _mark(namespace, os.getpid()).touch()


def release(process: int):
    """Removes what a worker has left."""
    namespace = _namespace()
    if namespace is not None:
        _remove([*FOLDER.glob(f"paddle_{process}_*"), _mark(namespace, process)])


def sweep() -> int:
    """Removes the segments of this user whose processes are dead; returns their bytes.

    Those of workers of this project are known for sure; others only once they are old.
    """
    namespace, total = _namespace(), 0
    if namespace is None:
        return 0
    for path in _own_files():
        process = _process_of(path)
        known = _mark(namespace, process).exists() or _is_old(path)
        if process and known and _is_dead(process):
            total += _size(path)
            _remove([path])
    marks = FOLDER.glob(_MARK.format(namespace=namespace, process="*"))
    _remove(mark for mark in marks if _is_dead(int(mark.name.rpartition("_")[2])))
    return total


def free_bytes() -> int:
    """Returns how much room there is."""
    stats = os.statvfs(FOLDER)
    return stats.f_bavail * stats.f_frsize


def shortage(least: int) -> str:
    """Returns a sentence about what fills the shared memory; empty where there is none, or ``least`` bytes are free."""
    if not FOLDER.is_dir() or free_bytes() >= least:
        return ""
    sizes = Counter()
    for path in _files():
        segment = _SEGMENT.match(path.name)
        sizes[f"{segment[0]}*" if segment else path.name] += _size(path)
    parts = ", ".join(f"{name} {size / MIB:.1f} MiB" for name, size in sizes.most_common(_NAMED) if size)
    return f"{FOLDER} is full, by {parts or 'files of others'}"


def _namespace():
    """Returns the number of the namespace in which process numbers count here; None without shared memory."""
    return liveness.namespace() if FOLDER.is_dir() else None


def _mark(namespace, process):
    return FOLDER / _MARK.format(namespace=namespace, process=process)


def _process_of(path):
    segment = _SEGMENT.match(path.name)
    return int(segment[1]) if segment else 0


def _files():
    with contextlib.suppress(OSError):
        return list(FOLDER.iterdir())
    return []


def _own_files():
    return [path for path in _files() if getattr(_stat(path), "st_uid", None) == os.getuid()]


def _stat(path):
    with contextlib.suppress(OSError):  # another process may just have removed it
        return path.stat()
    return None


def _size(path):
    stat = _stat(path)
    return stat.st_blocks * 512 if stat else 0


def _is_old(path):
    stat = _stat(path)
    return stat is not None and time.time() - stat.st_mtime > _OLD


def _is_dead(process):
    """Tells whether a process whose number counts here is known to be dead."""
    return liveness.is_alive(process, liveness.system()) is False


def _remove(paths):
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
