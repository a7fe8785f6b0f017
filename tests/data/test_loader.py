"""The loader: order, workers, resuming, bad samples, death of a worker."""

import logging
import multiprocessing
import os
import select
import signal
import time

import numpy as np
import paddle
import pytest

from ppocr.data import build_dataloader, device_feed, loader
from ppocr.data.imaug.operator import Operator
from ppocr.distributed.watchdog import STACK_SIGNAL
from ppocr.errors import ConfigError, DataError, UserError


class Tag(Operator):
    """Writes a random number and the epoch into the image, so that content shows what it depends on."""

    random = True

    def __call__(self, data, rng):
        image = data["image"].astype(np.int64)
        image[0, 0] = [rng.integers(1 << 40), data["epoch"], 0]
        data["image"] = image
        return data


def content(batches):
    return [(labels, [image[0, 0].tolist() for image in images.numpy()]) for images, labels in batches]


def tagged(make_loader, section, **options):
    made = make_loader(section, **options)
    made.dataset.ops.insert(1, Tag())
    return made


def test_batches_are_tensors_and_lists(line_set, make_loader):
    made = make_loader(line_set(6), "Eval")
    batches = list(made)
    assert len(made) == len(batches) == 2 and isinstance(batches[0], list)
    images, labels = batches[0]
    assert isinstance(images, paddle.Tensor) and images.shape == [4, 8, 16, 3] and images.dtype == paddle.uint8
    assert labels == ["w0", "w1", "w2", "w3"] and batches[1][1] == ["w4", "w5"]
    assert images.numpy()[:, 0, 0, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_know_the_names_of_their_fields(line_set, make_loader, workers):
    made = make_loader(line_set(5), num_workers=workers)
    first, last = made
    assert first.names == last.names == ("image", "label") and first.label is first[1] and len(last.sample_keys) == 1
    assert made.read_again(first.sample_keys).label == first.label and made.first_batch()[0].names == first.names


def test_padding_finds_the_image_by_its_name(line_set, make_loader):
    keep = {"KeepKeys": {"keep_keys": ["label", "image"]}}
    section = {**line_set(2), "transforms": [{"DecodeImage": {"img_mode": "GRAY"}}, {"ToCHWImage": None}, keep]}
    (batch,) = make_loader(section, "Eval", collate_fn="PadCollator")
    assert batch.names == ("label", "image") and batch.image.shape == [2, 3, 8, 16]


def test_content_is_the_same_for_any_number_of_workers(line_set, make_loader):
    section = line_set(23, missing=[2, 9])
    results = []
    for workers, shared in [(0, False), (1, True), (3, True), (3, False)]:
        made = tagged(make_loader, section, num_workers=workers, use_shared_memory=shared)
        made.set_epoch(2)
        results.append((content(made), sorted(made.report.counts.items()), sorted(made.report.examples.items())))
    assert results[0][1] == [("unreadable_image", 2)]
    assert all(result == results[0] for result in results[1:])


@pytest.mark.parametrize("workers", [0, 3])
def test_epochs_differ_and_resume_exactly(line_set, make_loader, workers):
    section = line_set(11)
    made = tagged(make_loader, section, num_workers=workers)
    made.set_epoch(5)
    epoch = content(made)
    made.set_epoch(6)
    assert content(made) != epoch
    resumed = tagged(make_loader, section)
    reads = []
    read = resumed.dataset.read
    resumed.dataset.read = lambda key: reads.append(key) or read(key)
    resumed.set_epoch(5, skip_batches=2)
    assert content(resumed) == epoch[2:] and len(reads) == 3
    assert content(resumed) == epoch  # the next pass skips nothing


def test_seed_matters(line_set, make_loader, labels_of):
    section = line_set(20)
    assert labels_of(make_loader(section, seed=1)) == labels_of(make_loader(section, seed=1))
    assert labels_of(make_loader(section, seed=1)) != labels_of(make_loader(section, seed=2))


def test_seed_comes_from_global_where_none_is_given(line_set):
    config = {
        "Global": {"seed": 5},
        "Train": {"dataset": line_set(4), "loader": {"batch_size_per_card": 2}},
    }
    assert build_dataloader(config, "Train", None, None).dataset.seed == 5
    assert build_dataloader(config, "Train", None, None, seed=8).dataset.seed == 8


def test_ratio_list_changes_with_the_epoch(line_set, make_loader, labels_of):
    made = make_loader({**line_set(20), "ratio_list": 0.5})
    epochs = []
    for epoch in range(3):
        made.set_epoch(epoch)
        epochs.append(frozenset(sum(labels_of(made), [])))
    assert all(len(epoch) == 10 for epoch in epochs) and len(set(epochs)) > 1


@pytest.mark.parametrize("workers", [0, 2])
def test_evaluation_leaves_out_and_names_bad_samples(line_set, make_loader, labels_of, workers):
    made = make_loader(line_set(9, missing=[2, 4, 5, 6, 7]), "Eval", num_workers=workers)
    made.set_epoch(3)
    for _ in range(2):
        assert labels_of(made) == [["w0", "w1", "w3"], ["w8"]]  # nothing is left of the second batch
        assert [event.label for event in made.report.take_events()] == ["w2", "w4", "w5", "w6", "w7"]
    assert made.report.counts == {"unreadable_image": 5}


@pytest.mark.parametrize("workers", [0, 2])
def test_training_ends_in_one_line_when_nothing_is_readable(line_set, make_loader, workers):
    made = make_loader(line_set(300, missing=range(300)), num_workers=workers)
    with pytest.raises(DataError) as caught:
        list(made)
    text = str(caught.value)
    assert "unreadable image" in text and ".png (label.txt, line" in text and "check data_dir" in text
    assert "\n" not in text and made.report.counts["unreadable_image"] > 1


@pytest.mark.parametrize("workers", [0, 2])
def test_training_ends_when_too_many_are_bad(line_set, make_loader, workers):
    section = line_set(40, missing=range(20))
    with pytest.raises(DataError, match=r"11 of 40 training samples .at most 10 may.|1[1-9] of 40 training samples"):
        list(make_loader(section, num_workers=workers))
    tolerant = make_loader({**section, "max_bad_ratio": 0.5}, num_workers=workers)
    assert sum(len(batch[1]) for batch in tolerant) == 40


@pytest.mark.parametrize("shared", [True, False])
def test_a_killed_worker_ends_in_one_line(line_set, make_loader, shared):
    made = make_loader(line_set(400), batch_size_per_card=1, num_workers=2, use_shared_memory=shared)
    before = {child.pid for child in multiprocessing.active_children()}
    batches = iter(made)
    next(batches)
    workers = [child.pid for child in multiprocessing.active_children() if child.pid not in before]
    os.kill(workers[0], signal.SIGKILL)
    with pytest.raises(UserError, match="killed by signal 9.*num_workers"):
        list(batches)
    assert not {child.pid for child in multiprocessing.active_children()} & set(workers)


def test_workers_end_with_the_iteration(line_set, make_loader):
    before = len(multiprocessing.active_children())
    handler = signal.getsignal(signal.SIGCHLD)
    for number, _ in enumerate(make_loader(line_set(40), num_workers=2)):
        if number == 1:
            break
    assert len(multiprocessing.active_children()) == before
    assert signal.getsignal(signal.SIGCHLD) == handler


@pytest.fixture
def worker_pids():
    """Returns a function that gives the process ids of the workers that were started in this test and are alive."""
    before = {child.pid for child in multiprocessing.active_children()}
    return lambda: {child.pid for child in multiprocessing.active_children()} - before


@pytest.mark.parametrize("shared", [True, False])
def test_workers_stay_from_epoch_to_epoch(line_set, make_loader, worker_pids, shared):
    section = {**line_set(23, missing=[2, 9]), "ratio_list": 0.9}
    alone = tagged(make_loader, section)
    made = tagged(make_loader, section, num_workers=2, use_shared_memory=shared)
    assert not worker_pids()
    first = None
    for epoch, skip in [(0, 0), (1, 0), (7, 3), (7, 99), (2, 0)]:
        for one in (made, alone):
            one.set_epoch(epoch, skip)
        assert content(made) == content(alone), (epoch, skip)
        first = first or worker_pids()
        assert len(first) == 2 and worker_pids() == first
    assert made.report.counts == alone.report.counts and made.report.examples == alone.report.examples
    made.close()
    assert not worker_pids()
    made.set_epoch(1)
    alone.set_epoch(1)
    assert content(made) == content(alone) and len(worker_pids()) == 2 and not worker_pids() & first
    del made
    assert not worker_pids()


def test_batches_for_a_device_are_the_same(line_set, make_loader, worker_pids, monkeypatch):
    """A thread takes them from the workers then; the CPU stands for the device."""
    monkeypatch.setattr(device_feed, "is_cpu", lambda place: False)
    section = line_set(43, missing=[2, 9])
    alone, made = tagged(make_loader, section), tagged(make_loader, section, num_workers=2)
    for epoch in (0, 1):
        for one in (made, alone):
            one.set_epoch(epoch)
        batches = list(made)
        assert content(batches) == content(alone) and len(worker_pids()) == 2
        assert made.last_keys == alone.last_keys == batches[-1].sample_keys
    os.kill(min(worker_pids()), signal.SIGKILL)
    with pytest.raises(UserError, match="killed by signal 9"):
        list(made)
    assert not worker_pids()
    next(iter(made))
    while worker_pids():  # the thread that takes the batches ends them in its own time
        time.sleep(0.01)
    assert content(made) == content(alone)


def test_workers_of_an_evaluation_end_with_it(line_set, make_loader, worker_pids):
    made = make_loader(line_set(6), "Eval", num_workers=1)
    assert [len(worker_pids()) for _ in made] == [1, 1] and not worker_pids()


def test_an_epoch_that_was_not_finished_leaves_nothing_to_the_next(line_set, make_loader, labels_of, worker_pids):
    section = line_set(40)
    made = make_loader(section, num_workers=2)
    next(iter(made))
    assert not worker_pids()
    made.set_epoch(1)
    alone = make_loader(section)
    alone.set_epoch(1)
    assert labels_of(made) == labels_of(alone)


def test_two_iterations_at_a_time_have_workers_of_their_own(line_set, make_loader, labels_of, worker_pids):
    section = line_set(12)
    expected = labels_of(make_loader(section))
    made = make_loader(section, num_workers=1)
    pairs = list(zip(made, made))  # each takes a batch in turn
    assert [pair[0][1] for pair in pairs] == [pair[1][1] for pair in pairs] == expected
    made.close()
    assert not worker_pids()


def test_a_worker_that_dies_between_two_epochs_is_named(line_set, make_loader, worker_pids):
    made = make_loader(line_set(8), num_workers=2)
    list(made)
    victim, other = worker_pids()
    os.kill(victim, signal.SIGKILL)
    with pytest.raises(UserError, match=f"data worker process {victim} was killed by signal 9"):
        list(made)
    assert not worker_pids()
    assert len(list(made)) == 2  # with new ones


def test_workers_that_wait_end_with_a_parent_that_is_killed(line_set, make_loader):
    made = make_loader(line_set(8), num_workers=2)
    heard, held = os.pipe()  # the workers hold the writing end as long as they live
    ready, tell = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            list(made)
            os.write(tell, b".")
            signal.pause()
        finally:
            os._exit(1)
    os.close(held)
    assert os.read(ready, 1) == b"."
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert select.select([heard], [], [], 300)[0] and os.read(heard, 1) == b""
    for end in (heard, ready, tell):
        os.close(end)


def test_too_small_shared_memory_is_not_used(line_set, make_loader, monkeypatch, caplog):
    monkeypatch.setattr(loader, "batch_bytes", lambda packed: 1 << 60)
    logger = logging.getLogger("loader-test")
    made = make_loader(line_set(8), "Eval", num_workers=1, logger=logger)
    with caplog.at_level(logging.WARNING, logger="loader-test"):
        assert [batch[1] for batch in made] == [["w0", "w1", "w2", "w3"], ["w4", "w5", "w6", "w7"]]
    # a batch of 4 images, 2 read ahead, 2 on their way
    (record,) = [r for r in caplog.records if "shared memory" in r.getMessage()]
    assert record.args[2] == 4 * 4 << 40


def test_loader_options_are_checked(line_set, make_loader):
    section = line_set(3)
    with pytest.raises(ConfigError, match="num_worker.*did you mean 'num_workers'"):
        make_loader(section, num_worker=2)
    with pytest.raises(ConfigError, match="'batch_size_per_card' must be a whole number from 1 to 65,536, not 0"):
        make_loader(section, batch_size_per_card=0)
    with pytest.raises(ConfigError, match="collate function 'NoSuch'"):
        make_loader(section, collate_fn="NoSuch")
    with pytest.raises(DataError, match="fewer than one batch of 4"):
        make_loader(section, drop_last=True)
    with pytest.raises(ConfigError, match="Train.loader is missing"):
        build_dataloader({"Train": {"dataset": section}}, "Train", None, None)
    with pytest.raises(ConfigError, match="section Eval is missing"):
        build_dataloader({}, "Eval", None, None)


def test_collate_function_by_name_and_with_keys(line_set, make_loader):
    section = {**line_set(4), "transforms": [{"DecodeImage": {"img_mode": "BGR"}}]}
    (batch,) = make_loader(section, "Eval", collate_fn="DictCollator")
    assert batch["label"] == ["w0", "w1", "w2", "w3"] and batch["image"].shape == [4, 8, 16, 3]
    (batch,) = make_loader(line_set(4), "Eval", collate_fn="DictCollator")
    assert batch.names == ("image", "label") and batch.label == ["w0", "w1", "w2", "w3"]
    pad = {"name": "PadCollator", "shape_at": None}
    (batch,) = make_loader(line_set(4), "Eval", collate_fn=pad, num_workers=1)
    assert batch[0].shape == [4, 8, 16, 3]


def test_shuffle_and_drop_last_are_honoured(line_set, make_loader, labels_of):
    section = line_set(6)
    assert labels_of(make_loader(section, shuffle=False)) == [["w0", "w1", "w2", "w3"], ["w4", "w5"]]
    assert labels_of(make_loader(section, shuffle=False, drop_last=True)) == [["w0", "w1", "w2", "w3"]]
    shuffled = sum(labels_of(make_loader(section, "Eval", shuffle=True)), [])
    assert sorted(shuffled) == [f"w{i}" for i in range(6)] != shuffled


def test_processes_share_the_samples(line_set, make_loader, labels_of, monkeypatch):
    section, found = line_set(5), {}
    monkeypatch.setattr(paddle.distributed, "get_world_size", lambda: 2)
    for mode in ("Train", "Eval"):
        for rank in range(2):
            monkeypatch.setattr(paddle.distributed, "get_rank", lambda rank=rank: rank)
            found[mode, rank] = sum(labels_of(make_loader(section, mode)), [])
    assert found["Eval", 0] == ["w0", "w1", "w2", "w3"] and found["Eval", 1] == ["w4"]
    assert len(found["Train", 0]) == len(found["Train", 1]) == 3
    assert set(found["Train", 0]) | set(found["Train", 1]) == {f"w{i}" for i in range(5)}


class Faulty(Operator):
    """Has a bug that one sample brings out."""

    def __call__(self, data):
        if data["label"] == "w3":
            raise ZeroDivisionError("a bug")
        return data


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bug_is_not_taken_for_bad_data(line_set, make_loader, workers):
    made = make_loader(line_set(4), "Eval", num_workers=workers)
    made.dataset.ops.insert(0, Faulty())
    with pytest.raises(DataError, match=r"^3.png \(label.txt, line 4\): .* ZeroDivisionError: a bug \(.*\.py:\d+\)$"):
        list(made)
    assert not made.report.counts


@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_knows_its_samples_and_can_be_read_again(line_set, make_loader, workers):
    made = tagged(make_loader, line_set(11, missing=[3]), num_workers=workers)
    made.set_epoch(2)
    batches = list(made)
    again = [made.read_again(batch.sample_keys) for batch in batches]
    assert content(again) == content(batches)
    assert made.last_keys == batches[-1].sample_keys
    assert all(
        f"{key.index}.png" in name for b in batches for key, name in zip(b.sample_keys, made.names(b.sample_keys))
    )


@pytest.mark.parametrize("mode", ["Train", "Eval"])
@pytest.mark.parametrize("named", [True, False], ids=["file", "standard error"])
def test_workers_of_any_loader_survive_being_asked_for_their_stacks(
    line_set, make_loader, tmp_path, capfd, mode, named
):
    made = make_loader(line_set(11), mode, num_workers=2)
    made.stack_file = str(tmp_path / "train.log") if named else None
    batches = iter(made)
    read = [next(batches), next(batches)]  # of either worker: both have started, handler and all
    workers, stacks = multiprocessing.active_children(), ""
    for worker in workers:
        os.kill(worker.pid, STACK_SIGNAL)
    while stacks.count("most recent call first") < len(workers):  # one that is told to end first writes nothing
        time.sleep(0.01)
        stacks = (tmp_path / "train.log").read_text() if named else stacks + capfd.readouterr().err
    read += batches
    made.close()
    assert len(read) == len(made)
