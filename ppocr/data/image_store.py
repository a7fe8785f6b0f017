"""Where decoded images are kept: one block of shared memory, or the files of a folder.

A store maps keys of 16 bytes to images, H x W x C ``uint8``.  It never gives up an image that the run has used: all
are read once an epoch, so that none is worth more than the one that would take its place.  Any number of processes may
use a store at a time, but only one thread of each.
"""

import contextlib
import fcntl
import logging
import math
import mmap
import os
import struct
import tempfile
from typing import NamedTuple

import numpy as np

from ppocr.errors import ConfigError

GIB = 1 << 30
_FULL = "cache: %s is full with %.2f GiB; further images are decoded in every epoch (see cache_size_gb)"
logger = logging.getLogger("ppocr")


def _rounded(size, unit):
    return -(-size // unit) * unit


class _FileLock:
    """A lock between processes that ends with the process that holds it, however that one ends.

    Args:
        file: an open, writable file.
    """

    def __init__(self, file):
        self._file = file

    def __enter__(self):
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def __exit__(self, *error):
        fcntl.lockf(self._file, fcntl.LOCK_UN)


class _SharedFlag:
    """Down at first, and up for all processes that were forked after it was made once one of them raises it."""

    def __init__(self):
        self._byte = mmap.mmap(-1, 1)

    def __bool__(self):
        return self._byte[0] != 0

    def warn(self, message, *values):
        """Raises the flag, and logs the message if it was down."""
        up, self._byte[0] = bool(self), 1
        if not up:
            logger.warning(message, *values)


class MemoryStore:
    """Images in one block of memory that is shared by all processes forked after it was made.

    Pages of it take memory once they are written, and the system takes them back with the last of the processes, even
    if all are killed.  The images lie one after the other.  A table says where; the place of a key in it is the first
    free one of those that follow the place which the key's first bytes name.

    Args:
        size: most bytes of images.

    Raises:
        ConfigError: the system has no block of that size.
    """

    _PLACE = struct.Struct("<16sQIII4x")  # key, begin, height, width, channels
    _END = struct.Struct("<Q")  # of the last image
    _HEAD = 64  # bytes of the table before its places
    _BYTES_PER_PLACE = 4096  # images smaller than that fill the table before the block
    _PROBES = 32
    _ALIGNMENT = 64

    def __init__(self, size: int):
        self._places = size // self._BYTES_PER_PLACE + 1
        try:
            self._block = np.frombuffer(mmap.mmap(-1, max(size, 1)), np.uint8)
            self._table = mmap.mmap(-1, self._HEAD + self._places * self._PLACE.size)
        except (OSError, OverflowError) as error:
            raise ConfigError(f"cache_size_gb: no block of {size / GIB:.1f} GiB of memory is to be had") from error
        self._lock = _FileLock(tempfile.TemporaryFile())
        self._full = _SharedFlag()

    def get(self, key: bytes):
        """Returns an image that nothing can be written to, or None if it is not there."""
        with self._lock:
            place, found = self._find(key)
            if not found:
                return None
            _, begin, *shape = self._PLACE.unpack_from(self._table, place)
        image = self._block[begin : begin + math.prod(shape)].reshape(shape)
        image.setflags(write=False)
        return image

    def put(self, key: bytes, image: np.ndarray) -> None:
        """Adds an image if there is room."""
        with self._lock:
            place, found = self._find(key)
            (begin,) = self._END.unpack_from(self._table)
            if place is None or begin + image.size > len(self._block):
                self._full.warn(_FULL, "memory", begin / GIB)
            elif not found:
                self._block[begin : begin + image.size] = image.reshape(-1)
                self._END.pack_into(self._table, 0, begin + _rounded(image.size, self._ALIGNMENT))
                entry = self._PLACE.pack(key, begin, *image.shape)
                self._table[place + len(key) : place + len(entry)] = entry[len(key) :]
                self._table[place : place + len(key)] = key  # last, so that a process may be killed anywhere

    def _find(self, key):
        """Returns the place where a key stands or may be put, None if all are taken, and whether it stands there."""
        first = int.from_bytes(key[:8], "little")
        for probe in range(self._PROBES):
            place = self._HEAD + (first + probe) % self._places * self._PLACE.size
            there = self._table[place : place + len(key)]
            if there == key or there == bytes(len(key)):
                return place, there == key
        return None, False


class _File(NamedTuple):
    """A file of a :class:`DiskStore`."""

    used_at: float
    size: int
    path: str


class DiskStore:
    """Images in the files of a folder, which several processes and runs may share.

    A file is written under another name, then renamed, and carries a checksum.  Where the folder is full, files go that
    this run has not used, those first that were not used for the longest time.

    Args:
        folder: is made if it is not there.
        size: most bytes that the files take.

    Raises:
        ConfigError: the folder cannot be made, or is not this user's to write to.
    """

    _HEAD = struct.Struct("<8sQIII36x")  # mark, checksum, height, width, channels
    _MARK = b"picture1"  # mark and suffix are those of folders that exist
    _USAGE = struct.Struct("<Q")  # bytes that the files take
    _DONE, _PART = ".picture", ".part"
    _BLOCK = 4096  # bytes; files take whole blocks
    _ABANDONED = 3600  # seconds after which nobody is still writing a file
    _REFILL = 0.9  # part of the size that files may still take after some were removed

    def __init__(self, folder: str, size: int):
        self._folder = folder
        self._size = size
        self._closed = _SharedFlag()
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            usage = os.open(os.path.join(folder, "usage"), os.O_RDWR | os.O_CREAT, 0o666)
            os.utime(usage)
        except OSError as error:
            raise ConfigError(f"cache_dir: {folder!r} cannot be used ({error.strerror}); name another") from error
        self._usage = os.fdopen(usage, "r+b", buffering=0)
        self._lock = _FileLock(self._usage)
        self._started = os.fstat(usage).st_mtime
        try:
            self._tidy_up()
        except OSError as error:
            self._close(error)

    def get(self, key: bytes):
        """Returns an image that nothing can be written to, or None if it is not there.  Damaged files are removed."""
        path = self._path(key, self._DONE)
        try:
            with open(path, "rb", buffering=0) as file:
                image = self._load(file.fileno())
        except OSError:
            return None
        if image is None:
            with contextlib.suppress(OSError):
                os.unlink(path)
        return image

    def put(self, key: bytes, image: np.ndarray) -> None:
        """Adds an image if there is room."""
        if self._closed:
            return
        part, done = self._path(key, self._PART), self._path(key, self._DONE)
        try:
            if self._reserve(part, done, self._HEAD.size + image.size):
                self._write(part, image)
                os.replace(part, done)
        except FileExistsError:  # another process has written it, or is about to
            return
        except OSError as error:
            self._close(error)
            with contextlib.suppress(OSError):
                os.unlink(part)

    def _tidy_up(self):
        """Removes files that no process will finish, and counts what the others take."""
        abandoned = self._started - self._ABANDONED
        with self._lock:
            self._remove(lambda file, used: file.path.endswith(self._PART) and file.used_at < abandoned)

    def _close(self, error):
        self._closed.warn("cache: %s takes no more images: %s", self._folder, error.strerror or error)

    def _path(self, key, suffix):
        return os.path.join(self._folder, key.hex() + suffix)

    def _load(self, handle):
        """Returns the image of an open file; None if it is damaged."""
        stat = os.fstat(handle)
        if stat.st_size <= self._HEAD.size:
            return None
        content = mmap.mmap(handle, stat.st_size, mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0), mmap.PROT_READ)
        mark, checksum, *shape = self._HEAD.unpack_from(content)
        values = np.frombuffer(content, np.uint8, offset=self._HEAD.size)
        if mark != self._MARK or math.prod(shape) != values.size or checksum != _checksum(values):
            return None
        if stat.st_mtime < self._started:
            with contextlib.suppress(OSError):
                os.utime(handle)
        return values.reshape(shape)

    def _write(self, part, image):
        values = image.reshape(-1)
        with open(part, "r+b") as file:
            file.write(self._HEAD.pack(self._MARK, _checksum(values), *image.shape))
            file.write(values)

    def _reserve(self, part, done, size):
        """Makes a file of ``size`` bytes, which count from then on; tells whether there is room for it."""
        with self._lock:
            if os.path.exists(done):
                raise FileExistsError(done)
            room = self._size - _rounded(size, self._BLOCK)
            (used,) = self._USAGE.unpack(os.pread(self._usage.fileno(), self._USAGE.size, 0))
            if used > room:
                limit = min(room, self._REFILL * self._size)
                used = self._remove(lambda file, used: file.used_at < self._started and used > limit)
            if used > room:
                self._closed.warn(_FULL, self._folder, used / GIB)
                return False
            with open(part, "xb") as file:
                file.truncate(size)
            self._count(used + _rounded(size, self._BLOCK))
            return True

    def _remove(self, unwanted):
        """Removes files, the longest unused first, where ``unwanted(file, bytes in use)``.

        Returns:
            The bytes that are in use then.
        """
        files = sorted(self._files())
        used = sum(file.size for file in files)
        for file in files:
            if unwanted(file, used):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(file.path)
                used -= file.size
        self._count(used)
        return used

    def _files(self):
        with os.scandir(self._folder) as listing:
            for entry in listing:
                if entry.name.endswith((self._DONE, self._PART)):
                    with contextlib.suppress(FileNotFoundError):
                        stat = entry.stat()
                        yield _File(stat.st_mtime, _rounded(stat.st_size, self._BLOCK), entry.path)

    def _count(self, used):
        os.pwrite(self._usage.fileno(), self._USAGE.pack(used), 0)


def _checksum(values):
    """Returns the sum of the words of 8 bytes, and of the bytes behind the last of them."""
    whole = values.size & ~7
    words, rest = values[:whole].view("<u8"), values[whole:]
    return (int(words.sum()) + int(rest.sum())) % (1 << 64)
