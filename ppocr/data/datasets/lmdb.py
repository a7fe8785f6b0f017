"""LMDBDataSet: images and labels in LMDB databases of the text-recognition benchmarks."""

import importlib.util
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Optional

from ppocr.data.datasets.stored import StoredDataset
from ppocr.errors import ConfigError, DataError, Dropped
from ppocr.registry import DATASETS


@dataclass(eq=False, repr=False)
class DatabaseFolder:
    """The key that a data set of databases needs.

    Args:
        data_dir: a database (a folder with ``data.mdb``), or a folder with databases at any depth.
    """

    data_dir: Optional[str]


@DATASETS.register()
@dataclass(eq=False, repr=False)
class LMDBDataSet(StoredDataset, DatabaseFolder):  # the keys of the base that stands last come first
    """Samples of one database or of all databases in a folder.

    A database holds ``num-samples`` and, numbered from 1, ``image-%09d`` (an encoded image) and ``label-%09d`` (UTF-8
    text).  Values are only ever read as bytes.  Operators get ``label`` (str) and ``image`` (bytes, see
    :meth:`StoredDataset.lazy_image`).

    Raises:
        DataError: there is no database, or one cannot be read, is empty or cut off.
    """

    label_store = "database"

    def __post_init__(self):
        super().__post_init__()
        if importlib.util.find_spec("lmdb") is None:
            raise ConfigError("LMDBDataSet needs the package lmdb: pip install lmdb")
        if self.data_dir is None:  # published configurations leave it to be filled in
            raise ConfigError("LMDBDataSet needs data_dir: the folder of a database")
        if not os.path.isdir(self.data_dir):
            raise DataError(f"{self.data_dir!r} is no folder; paths start at {os.getcwd()}")
        self.paths = sorted(folder for folder, _, files in os.walk(self.data_dir) if "data.mdb" in files)
        if not self.paths:
            raise DataError(f"data_dir {self.data_dir!r} holds no LMDB database (a folder with data.mdb)")
        self._builder = os.getpid()
        self._environments = {}
        self._states = [_state(path) for path in self.paths]
        for path in self.paths:
            _check_size(path)
        self.counts = [self._count(number) for number in range(len(self.paths))]

    def sample_count(self):
        """Returns the number of samples in all databases."""
        return sum(self.counts)

    def load(self, index, key, rng):
        """Returns ``image`` and ``label``."""
        number, position = self._locate(index)
        keys = f"label-{position + 1:09d}", f"image-{position + 1:09d}"
        label, *images = self._get(number, *(keys if self.cache is None else keys[:1]))
        label = _text(label)
        image = self.lazy_image(
            lambda: (*self._states[number], position), lambda: _existing(*images or self._get(number, keys[1]))
        )
        return {"image": image, "label": label}

    def label_of(self, index, epoch=0):
        """Returns the stored label."""
        number, position = self._locate(index)
        (label,) = self._get(number, f"label-{position + 1:09d}")
        return (label or b"").decode("utf-8", "replace")

    def labels_in(self, number, positions) -> list:
        """Returns the stored labels (bytes; None for what is not there) of one database, counted from 1."""
        return self._get(number, *(f"label-{position:09d}" for position in positions))

    def describe(self, index):
        """Returns database and number, from 1 as in the database's keys."""
        number, position = self._locate(index)
        return f"{self.paths[number]}, number {position + 1}"

    def __getstate__(self):
        return {**self.__dict__, "_environments": {}}

    def _locate(self, index):
        for number, count in enumerate(self.counts):
            if index < count:
                return number, index
            index -= count
        raise IndexError(f"sample {index} beyond the last")

    def _count(self, number):
        (value,) = self._get(number, "num-samples")
        if value is None or not value.isdigit() or not int(value):
            raise DataError(f"LMDB database {self.paths[number]}: num-samples is {value!r}, not a number above 0")
        return int(value)

    def _get(self, number, *keys):
        """Returns the values of keys, None for what is not there."""
        import lmdb

        try:
            with self._environment(number) as environment, environment.begin() as transaction:
                return [transaction.get(key.encode()) for key in keys]
        except lmdb.Error as error:
            raise DataError(f"LMDB database {self.paths[number]}: {error}") from error

    @contextmanager
    def _environment(self, number):
        """Gives an open database.

        A worker process keeps it open.  The process that built the data set does not: LMDB's handles must not cross
        a fork, and a process may hold a database open only once, while training and evaluation may share one.
        """
        if os.getpid() == self._builder:
            with _open(self.paths[number]) as environment:
                yield environment
            return
        if number not in self._environments:
            self._environments[number] = _open(self.paths[number])
        yield self._environments[number]


@DATASETS.register()
@dataclass(eq=False, repr=False)
class LMDBDataSetSR(LMDBDataSet):
    """Pairs of small and large images of a text, as TextZoom holds them (https://arxiv.org/abs/2005.03341).

    A database holds ``image_lr-%09d`` and ``image_hr-%09d`` in place of ``image-%09d``.  Operators get ``image``, the
    small one, and ``image_hr``, as encoded bytes, and ``label`` (str).

    Raises:
        DataError: see :class:`LMDBDataSet`.
    """

    gives = ("image", "image_hr", "label")

    def load(self, index, key, rng):
        """Returns ``image``, ``image_hr`` and ``label``."""
        number, position = self._locate(index)
        names = (f"{what}-{position + 1:09d}" for what in ("image_lr", "image_hr", "label"))
        small, large, label = self._get(number, *names)
        return {"image": _existing(small), "image_hr": _existing(large), "label": _text(label)}


def _text(label):
    if label is None:
        raise Dropped("bad_label", "the database holds no label for it")
    try:
        return label.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Dropped("bad_label", f"the label is not UTF-8 ({error.reason})") from error


def _existing(image):
    if not image:
        raise Dropped("unreadable_image", "the database holds no image for it")
    return image


def _check_size(path):
    """Refuses a database of which a part is missing: reading it would end the process by a signal.

    Raises:
        DataError: it is no database, or its file is shorter than the database in it.
    """
    import lmdb

    try:
        with _open(path) as environment:
            needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    except lmdb.Error as error:
        raise DataError(f"LMDB database {path}: {error}") from error
    size = os.path.getsize(os.path.join(path, "data.mdb"))
    if size < needed:
        raise DataError(f"LMDB database {path}: data.mdb has {size} of {needed} bytes; it is cut off, copy it anew")


def _state(path):
    """Returns what tells a database, as it is now, from others."""
    state = os.stat(os.path.join(path, "data.mdb"))
    return os.path.abspath(path), state.st_mtime_ns, state.st_size


def _open(path):
    import lmdb

    return lmdb.open(path, readonly=True, lock=False, readahead=False, meminit=False)
