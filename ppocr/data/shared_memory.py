"""How an object with large arrays goes from one process to another: through shared memory, or a pipe.

The memory is a file without a name, of which nothing is left once nobody has it open any more, whoever died.  What
comes out of it is not copied: its arrays lie in that memory, which goes with the last of them.
"""

import errno
import itertools
import mmap
import os
import pickle
import tempfile
from functools import partial
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path

import numpy as np

from ppocr.errors import UserError

FOLDER = Path("/dev/shm")
_ALIGNMENT = 64  # bytes; Paddle's kernels read arrays fastest that begin so
_LEAST = 1 << 16  # bytes; less is sent faster than mapped, and each mapping holds a file descriptor
_TOO_MANY = (
    "too many files are open, one for each batch in shared memory that is kept: "
    "keep fewer, raise the limit (ulimit -n), or set loader.use_shared_memory to false"
)


def parts_of(value) -> list:
    """Returns an object as bytes: those of its pickle, then those of each of its arrays, which are not copied."""
    buffers = []
    pickled = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return [memoryview(pickled), *(buffer.raw() for buffer in buffers)]


def send(connection, parts, shared: bool):
    """Sends an object through a duplex :func:`multiprocessing.Pipe` to :func:`receive`.

    Args:
        connection: an end of the pipe.
        parts: of the object, see :func:`parts_of`.
        shared: whether shared memory is used, if there is room and the object is large enough to be worth it.
    """
    sizes = [part.nbytes for part in parts]
    file = _written(parts, sizes) if shared and sum(sizes) >= _LEAST else None
    connection.send((sizes, file is not None))
    if file is None:
        _write(partial(os.write, connection.fileno()), parts)
        return
    with file:
        send_handle(connection, file.fileno(), None)


def receive(connection):
    """Returns what :func:`send` sends; it can be written to.

    Raises:
        EOFError, ConnectionError: the other process has ended.
        UserError: too many files are open.
    """
    try:
        sizes, shared = connection.recv()
    except OSError as error:
        if error.errno is None:  # the pipe ends within a message
            raise EOFError from error
        raise
    pickled, *buffers = _mapped(connection, sizes) if shared else _read(connection, sizes)
    return pickle.loads(pickled, buffers=buffers)


def free_bytes() -> int:
    """Returns how much room there is."""
    stats = os.statvfs(FOLDER)
    return stats.f_bavail * stats.f_frsize


def _written(parts, sizes):
    """Returns an open file with all parts; None where there is no room."""
    file = None
    try:
        file = tempfile.TemporaryFile(dir=FOLDER, buffering=0)
        for part, (begin, _) in zip(parts, _places(sizes)):
            file.seek(begin)
            _write(file.write, [part])
    except OSError:
        if file is not None:
            file.close()
        return None
    return file


def _write(write, parts):
    for part in parts:
        while part:
            part = part[write(part) :]


def _mapped(connection, sizes):
    """Returns the parts that lie in a file."""
    try:
        handle = recv_handle(connection)
        try:
            memory = memoryview(mmap.mmap(handle, 0))
        finally:
            os.close(handle)
    except (RuntimeError, OSError) as error:
        if getattr(error, "errno", errno.EMFILE) != errno.EMFILE:  # a RuntimeError: there was no place for the handle
            raise
        raise UserError(_TOO_MANY) from error
    return [memory[begin:end] for begin, end in _places(sizes)]


def _read(connection, sizes):
    """Returns the parts that a pipe brings."""
    parts = [memoryview(np.empty(size, np.uint8)) for size in sizes]
    for part in parts:
        while part:
            count = os.readv(connection.fileno(), [part])
            if not count:
                raise EOFError
            part = part[count:]
    return parts


def _places(sizes):
    """Returns where each part begins and ends in a file."""
    begins = itertools.accumulate((-(-size // _ALIGNMENT) * _ALIGNMENT for size in sizes), initial=0)
    return [(begin, begin + size) for begin, size in zip(begins, sizes)]
