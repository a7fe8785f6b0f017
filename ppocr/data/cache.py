"""Decoded images are kept from one epoch to the next: what a configuration says about it, and the operator for it."""

import contextlib
import hashlib
import logging
import os
import tempfile
from dataclasses import dataclass
from typing import Callable, Literal, NamedTuple, Optional

import cv2

from ppocr.data.image_store import GIB, DiskStore, MemoryStore
from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.imaug.operator import Operator
from ppocr.values import Gigabytes, Name

logger = logging.getLogger("ppocr")


@dataclass(eq=False, repr=False)
class CacheOptions:
    """What a ``dataset`` section says about its cache.

    Args:
        cache: keep decoded images from one epoch to the next: in ``memory``, or on ``disk`` for other runs too.
        cache_size_gb: most GiB of them; when they are taken, further images are decoded each time.
        cache_dir: folder of ``disk``; by default ``ppocr_cache_<user>`` in the folder for temporary files.
    """

    cache: Optional[Literal["memory", "disk"]] = None
    cache_size_gb: Gigabytes = 4.0
    cache_dir: Optional[Name] = None

    @staticmethod
    def check_arguments(cache, cache_dir):
        """Yields a problem if a folder is given for images that are not kept in files."""
        if cache_dir is not None and cache == "memory":
            yield "cache_dir", "'cache_dir' needs cache: disk; cache: memory writes no files"


class ImageSource(NamedTuple):
    """Stands in a raw sample for the bytes of an image, which are not read where a cache has the image.

    Attributes:
        name: returns what tells the image from all others, and changes when it does.
        read: returns the bytes.
    """

    name: Callable
    read: Callable


class CachedDecode(Operator):
    """Gives the decoded image of a :class:`ImageSource`, which nothing can be written to.

    Args:
        decode: the ``DecodeImage`` in whose place it stands.
        store: a :class:`MemoryStore` or :class:`DiskStore`.
    """

    reads = ("image",)
    writes = ("image",)

    def __init__(self, decode: DecodeImage, store):
        self._decode = decode
        self._store = store
        self._settings = (decode.img_mode, decode.flags, cv2.__version__)

    def __call__(self, data):
        source = data["image"]
        key = hashlib.blake2b(repr((self._settings, source.name())).encode(), digest_size=16).digest()
        image = self._store.get(key)
        if image is None:
            image = self._decode.in_mode(source.read())
            image.setflags(write=False)
            self._store.put(key, image)
        data["image"] = self._decode.arranged(image)
        return data

    def __repr__(self):
        return repr(self._decode)


def with_cache(operators: list, store) -> list:
    """Returns the operators with each ``DecodeImage`` replaced by a :class:`CachedDecode`."""
    return [CachedDecode(op, store) if isinstance(op, DecodeImage) else op for op in operators]


def build_store(options: CacheOptions):
    """Returns the :class:`MemoryStore` or :class:`DiskStore` that the options ask for.

    Several training processes on one machine share the folder; of memory each has its part.

    Raises:
        ConfigError: there is no such memory, or the folder cannot be used.
    """
    size = int(options.cache_size_gb * GIB)
    if options.cache == "disk":
        return DiskStore(options.cache_dir or default_folder(), size)
    processes = int(os.environ.get("PADDLE_LOCAL_SIZE") or 1)  # set by paddle.distributed.launch
    return MemoryStore(_affordable(size) // processes)


def default_folder() -> str:
    """Returns a folder of this user in the one for temporary files (which ``TMPDIR`` names)."""
    return os.path.join(tempfile.gettempdir(), f"ppocr_cache_{os.getuid()}")


def _affordable(size):
    """Returns the size, lowered with a warning to three quarters of the free memory if it is more."""
    free = free_memory()
    if free is None or size <= free * 3 // 4:
        return size
    text = "cache_size_gb: %.1f GiB are too much for the %.1f GiB of free memory; going on with %.1f GiB"
    logger.warning(text, size / GIB, free / GIB, free * 0.75 / GIB)
    return free * 3 // 4


def free_memory():
    """Returns the bytes that programs can still have, None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            fields = dict(line.split(":") for line in file)
        free = int(fields["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return None
    with contextlib.suppress(OSError, ValueError), open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
        free = min(free, int(file.read()))  # "max" stands for no limit
    return free
