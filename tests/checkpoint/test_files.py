import json
import threading
import weakref

import numpy as np
import pytest

from ppocr.checkpoint import files as module
from ppocr.checkpoint.files import (
    BackgroundWriter,
    check_files,
    checkpoints_in,
    delete_checkpoint,
    write_checkpoint,
)
from ppocr.errors import CheckpointError

SUFFIXES = (".a", ".b")


def write(prefix, value, **more):
    contents = {suffix: {"value": value, "array": np.full(1000, value)} for suffix in SUFFIXES}
    write_checkpoint(prefix, contents, {"global_step": value}, **more)


def good(prefix):
    try:
        check_files(prefix)
    except CheckpointError:
        return False
    return prefix.with_name(prefix.name + ".manifest").exists()


def test_the_manifest_lists_size_and_checksum(tmp_path):
    write(tmp_path / "latest", 3)
    manifest = json.loads((tmp_path / "latest.manifest").read_text())
    assert manifest["counters"] == {"global_step": 3} and set(manifest["files"]) == set(SUFFIXES)
    assert manifest["files"][".a"]["size"] == (tmp_path / "latest.a").stat().st_size
    check_files(tmp_path / "latest")
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_one_flipped_bit_is_noticed(tmp_path, where):
    write(tmp_path / "latest", 3)
    path = tmp_path / "latest.b"
    data = bytearray(path.read_bytes())
    data[{"first": 0, "middle": len(data) // 2, "last": -1}[where]] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="latest.b: damaged"):
        check_files(tmp_path / "latest")


def test_a_truncated_or_missing_file_and_a_broken_manifest_are_noticed(tmp_path):
    write(tmp_path / "one", 1)
    (tmp_path / "one.a").write_bytes((tmp_path / "one.a").read_bytes()[:-10])
    with pytest.raises(CheckpointError, match="one.a: damaged"):
        check_files(tmp_path / "one")
    (tmp_path / "one.a").unlink()
    with pytest.raises(CheckpointError, match="one.a: missing"):
        check_files(tmp_path / "one")
    (tmp_path / "one.manifest").write_text("{")
    with pytest.raises(CheckpointError, match="one.manifest: damaged"):
        check_files(tmp_path / "one")


def test_files_without_a_manifest_are_taken_as_they_are(tmp_path):
    (tmp_path / "old.pdparams").write_bytes(b"x")
    check_files(tmp_path / "old")


def test_what_is_replaced_becomes_the_previous_one(tmp_path):
    for value in (1, 2, 3):
        write(tmp_path / "latest", value)
    assert [(step, p.name) for step, p in checkpoints_in(tmp_path)] == [(3, "latest"), (2, "latest_previous")]
    assert good(tmp_path / "latest") and good(tmp_path / "latest_previous")
    write(tmp_path / "best", 1, keep_previous=False)
    write(tmp_path / "best", 2, keep_previous=False)
    assert not list(tmp_path.glob("best_previous*"))


def test_a_damaged_one_does_not_take_the_place_of_a_good_previous_one(tmp_path):
    write(tmp_path / "latest", 1)
    write(tmp_path / "latest", 2)
    (tmp_path / "latest.a").write_bytes(b"half")
    write(tmp_path / "latest", 3)
    assert [step for step, _ in checkpoints_in(tmp_path)] == [3, 1]
    assert good(tmp_path / "latest") and good(tmp_path / "latest_previous")


class Killed(BaseException):
    pass


@pytest.mark.parametrize("fatal", range(1, 16))
def test_at_no_moment_is_there_no_good_checkpoint(tmp_path, monkeypatch, fatal):
    """Dies at the n-th operation on the disk, goes on as a new process would, and always finds a good checkpoint."""
    prefix = tmp_path / "latest"
    write(prefix, 1)
    calls = {"left": fatal}

    def dying(operation):
        def run(*arguments, **named):
            calls["left"] -= 1
            if calls["left"] == 0:
                raise Killed
            return operation(*arguments, **named)

        return run

    with monkeypatch.context() as patch:
        for name in ("replace", "fsync", "link"):
            patch.setattr(module.os, name, dying(getattr(module.os, name)))
        for value in (2, 3):
            try:
                write(prefix, value)
            except Killed:
                calls["left"] = 10**6
            assert any(good(p) for _, p in checkpoints_in(tmp_path))
    newest = next(step for step, p in checkpoints_in(tmp_path) if good(p))
    assert newest >= 1
    write(prefix, 9)
    assert good(prefix) and checkpoints_in(tmp_path)[0][0] == 9


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("not supported")

    monkeypatch.setattr(module.os, "link", refuse)
    write(tmp_path / "latest", 1)
    write(tmp_path / "latest", 2)
    assert good(tmp_path / "latest_previous")


def test_a_full_disk_leaves_everything_as_it_was(tmp_path, monkeypatch):
    write(tmp_path / "latest", 1)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        with pytest.raises(CheckpointError, match="No space left on device"):
            write(tmp_path / "latest", 2)
    assert good(tmp_path / "latest") and checkpoints_in(tmp_path) == [(1, tmp_path / "latest")]
    assert not list(tmp_path.glob("*.tmp"))


def test_a_folder_that_is_gone(tmp_path):
    with pytest.raises(CheckpointError, match="No such file or directory"):
        write(tmp_path / "gone" / "latest", 1)


def test_delete(tmp_path):
    write(tmp_path / "iter_epoch_1", 1)
    delete_checkpoint(tmp_path / "iter_epoch_1")
    assert not list(tmp_path.iterdir())


def test_the_background_writer_keeps_errors_and_order():
    writer, done = BackgroundWriter(), []

    def fail():
        raise ValueError("disk on fire")

    for job in (lambda: done.append(1), fail, lambda: done.append(2)):
        writer.submit(job)
    writer.wait()
    assert done == [1, 2] and str(writer.error()) == "disk on fire" and writer.error() is None


def test_a_writer_that_has_been_waited_for_keeps_nothing_and_can_go_on():
    writer, model = BackgroundWriter(), type("Model", (), {})()
    writer.submit(lambda model=model: None)
    writer.wait()
    gone = weakref.ref(model)
    del model
    assert gone() is None
    done = []
    writer.submit(lambda: done.append(1))
    writer.wait()
    assert done == [1]


def test_submitting_does_not_wait_for_the_writing():
    writer, gate = BackgroundWriter(), threading.Event()
    writer.submit(gate.wait)
    gate.set()
    writer.wait()
    assert writer.error() is None
