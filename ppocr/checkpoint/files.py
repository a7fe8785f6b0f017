"""The files of a checkpoint on the disk: written whole or not at all, listed in a manifest, checked when read.

A checkpoint is several files with one prefix.  Renaming several files is not atomic, so a checkpoint that is replaced
first becomes ``<name>_previous`` (by hard links), then its files are renamed into place one by one, the manifest last:
at every moment one of the two is whole, and a set that is not is known by its manifest.
"""

import hashlib
import json
import math
import os
import queue
import re
import shutil
import threading
from pathlib import Path

from ppocr.checkpoint import safe_pickle
from ppocr.errors import CheckpointError

STATES, MANIFEST = ".states", ".manifest"
PREVIOUS = "_previous"
CHECKSUM = "checksum"  # of the rest of the manifest
_SUFFIX = re.compile(r"\.\w+")
_CHUNK = 1 << 20
_FILE = re.compile(
    rf"(latest|best_accuracy|iter_epoch_\d+)({PREVIOUS})?\.(pdparams|pdopt|states|train_state|manifest)(\.tmp)?"
)


def write_checkpoint(prefix, contents: dict, counters: dict, keep_previous: bool = True):
    """Writes the files of one checkpoint and its manifest.

    Args:
        prefix: path without suffix; the folder must exist.
        contents: ``{suffix: content}`` of plain values and arrays.
        counters: where the run stood; goes into the manifest.
        keep_previous: keep the checkpoint that is replaced as ``<name>_previous``.

    Raises:
        CheckpointError: the files cannot be written; what was there before is still there.
    """
    prefix = Path(prefix)
    manifest = {"counters": counters, "files": {}}
    written = []
    try:
        for suffix, content in contents.items():
            written.append(_temporary(prefix, suffix))
            manifest["files"][suffix] = _write(written[-1], lambda file, c=content: safe_pickle.dump(c, file))
        text = json.dumps({**manifest, CHECKSUM: _sum_of(manifest)}, indent=1).encode()
        written.append(_temporary(prefix, MANIFEST))
        _write(written[-1], lambda file: file.write(text))
        previous = prefix.with_name(prefix.name + PREVIOUS)
        if _is_whole(prefix):
            _link_all(prefix, previous)
        for suffix in (*contents, MANIFEST):
            os.replace(_temporary(prefix, suffix), _path(prefix, suffix))
        _sync_folder(prefix.parent)
        if not keep_previous:
            delete_checkpoint(previous)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise CheckpointError(f"{prefix}: checkpoint cannot be written: {error.strerror or error}") from None


def _path(prefix, suffix):
    return prefix.with_name(prefix.name + suffix)


def _temporary(prefix, suffix):
    return prefix.with_name(f"{prefix.name}{suffix}.tmp")


class _Summing:
    """A binary file that adds up size and checksum of what is written to it."""

    def __init__(self, file):
        self._file, self.size, self.hash = file, 0, hashlib.sha256()

    def write(self, data):
        data = memoryview(data).cast("B")
        self.size += len(data)
        self.hash.update(data)
        return self._file.write(data)


def _write(path, dump):
    """Writes and flushes a file; returns its manifest entry."""
    with open(path, "wb") as file:
        summing = _Summing(file)
        dump(summing)
        file.flush()
        os.fsync(file.fileno())
    return {"size": summing.size, "sha256": summing.hash.hexdigest()}


def _link_all(prefix, previous):
    """Makes ``previous`` a second name of the checkpoint ``prefix``; its old files are replaced one by one."""
    for suffix in (*_read_manifest(prefix)["files"], MANIFEST):
        temporary = _temporary(previous, suffix)
        temporary.unlink(missing_ok=True)
        try:
            os.link(_path(prefix, suffix), temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(_path(prefix, suffix), temporary)
        os.replace(temporary, _path(previous, suffix))


def _sync_folder(folder):
    """Makes renames durable, where the system lets a folder be opened."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_checkpoint_file(name: str) -> bool:
    """Tells whether a file is one of the checkpoints that a run writes, by its name; ``.tmp``: half of one, maybe."""
    return _FILE.fullmatch(name) is not None


def _read_manifest(prefix) -> dict:
    """Returns the manifest of a checkpoint; empty if it is missing or damaged.

    It holds ``counters``, ``files`` (of each suffix ``size`` and ``sha256``) and, unless it is older, its own checksum.
    """
    try:
        manifest = json.loads(_path(Path(prefix), MANIFEST).read_bytes())
        whole = manifest.pop(CHECKSUM, None) in (None, _sum_of(manifest))
        files = {suffix: (entry["size"], entry["sha256"]) for suffix, entry in manifest["files"].items()}
        named = all(_SUFFIX.fullmatch(suffix) for suffix in files) and isinstance(_step_of(manifest), int)
    except (OSError, ValueError, AttributeError, LookupError, TypeError, RecursionError):
        return {}
    return manifest if whole and named else {}


def _sum_of(manifest):
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _step_of(manifest):
    return manifest["counters"].get("global_step", -1)


def check_files(prefix, suffixes=None):
    """Compares the files of a checkpoint with its manifest; one without a manifest is taken as it is.

    Args:
        prefix: path of the checkpoint without suffix.
        suffixes: the files to look at; None for all.

    Raises:
        CheckpointError: a file is missing or has another size or checksum.
    """
    prefix = Path(prefix)
    if not _path(prefix, MANIFEST).exists():
        return
    manifest = _read_manifest(prefix)
    if not manifest:
        raise CheckpointError(f"{prefix}{MANIFEST}: damaged")
    for suffix, entry in manifest["files"].items():
        if suffixes is None or suffix in suffixes:
            _check_file(_path(prefix, suffix), entry, _path(prefix, MANIFEST))


def _check_file(path, entry, manifest):
    if not path.exists():
        raise CheckpointError(f"{path}: missing, though the manifest lists it")
    if path.stat().st_size != entry["size"] or _checksum(path) != entry["sha256"]:
        raise CheckpointError(
            f"{path}: damaged, size or checksum differs from the manifest; if the file was replaced on "
            f"purpose, remove {manifest}"
        )


def _is_whole(prefix):
    """Tells whether a checkpoint is there and undamaged; half of one must not take the place of a good one."""
    if not _path(prefix, MANIFEST).exists():
        return False
    try:
        check_files(prefix)
    except CheckpointError:
        return False
    return True


def _checksum(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def delete_checkpoint(prefix):
    """Removes the files of a checkpoint; the manifest first, so that an interrupted removal is recognised."""
    prefix = Path(prefix)
    suffixes = list(_read_manifest(prefix).get("files", {}))
    for suffix in (MANIFEST, *suffixes):
        _path(prefix, suffix).unlink(missing_ok=True)


def checkpoints_in(folder) -> list:
    """Returns ``[(global_step, prefix)]`` of the checkpoints with a manifest in a folder, the newest first.

    Of two with the same step, the one that training resumes from (``latest``) comes first. Those with a damaged
    manifest come before all others, since their step is unknown.
    """
    found = []
    for path in Path(folder).glob("*" + MANIFEST):
        prefix = path.with_name(path.name[: -len(MANIFEST)])
        manifest = _read_manifest(prefix)
        found.append((_step_of(manifest) if manifest else math.inf, prefix))
    return sorted(found, key=lambda item: (-item[0], item[1].name != "latest", item[1].name))


class BackgroundWriter:
    """Runs jobs one after the other in a thread; an error is kept until it is asked for.

    A second job waits for a place in the queue, so that at most two copies of a model are in memory.
    """

    def __init__(self):
        self._jobs = queue.Queue(maxsize=1)
        self._errors = queue.SimpleQueue()
        self._thread = None

    def submit(self, job):
        """Hands over a function without arguments."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="checkpoint writer", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def error(self):
        """Returns the oldest error that nobody has asked for yet, or None."""
        return None if self._errors.empty() else self._errors.get()

    def wait(self):
        """Returns when every job is done; the thread ends, because an idle one would keep its last job in memory."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    def _run(self):
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 (handed to the main thread, which raises or logs it)
                self._errors.put(error)
