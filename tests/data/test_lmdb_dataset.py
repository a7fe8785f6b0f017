"""LMDBDataSet."""

import cv2
import numpy as np
import pytest

from ppocr.data.datasets.base import SampleKey
from ppocr.data.datasets.lmdb import LMDBDataSet, LMDBDataSetSR
from ppocr.errors import DataError

lmdb = pytest.importorskip("lmdb")
DECODE = [{"DecodeImage": {"img_mode": "BGR"}}, {"KeepKeys": {"keep_keys": ["image", "label"]}}]


def png(value):
    return cv2.imencode(".png", np.full((8, 16, 3), value, np.uint8))[1].tobytes()


def write(folder, items, count=None):
    """Writes a database; ``items`` are ``(image bytes or None, label bytes or None)``."""
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 22) as environment, environment.begin(write=True) as transaction:
        for number, (image, label) in enumerate(items, 1):
            for name, value in (("image", image), ("label", label)):
                if value is not None:
                    transaction.put(f"{name}-{number:09d}".encode(), value)
        transaction.put(b"num-samples", str(len(items) if count is None else count).encode())
    return folder


@pytest.fixture
def two(tmp_path):
    write(tmp_path / "all" / "a", [(png(i), f"a{i}".encode()) for i in range(3)])
    write(tmp_path / "all" / "deep" / "b", [(png(10 + i), f"b{i}é".encode()) for i in range(2)])
    return str(tmp_path / "all")


def test_nested_databases_are_numbered_through(two):
    dataset = LMDBDataSet(two, DECODE)
    assert len(dataset) == 5
    samples = [dataset[i] for i in range(5)]
    assert [label for _, label in samples] == ["a0", "a1", "a2", "b0é", "b1é"]
    assert [int(image[0, 0, 0]) for image, _ in samples] == [0, 1, 2, 10, 11]
    assert dataset.label_of(4) == "b1é" and dataset.describe(4).endswith("b, number 2")


def test_raw_sample_is_bytes(two):
    sample = LMDBDataSet(two, [])[1]
    assert sample["image"] == png(1) and sample["label"] == "a1"


@pytest.mark.parametrize("workers", [0, 2])
def test_training_and_evaluation_may_share_a_database(two, make_loader, labels_of, workers):
    section = {"name": "LMDBDataSet", "data_dir": two, "transforms": DECODE}
    train = make_loader(section, num_workers=workers, batch_size_per_card=2)
    evaluation = make_loader(section, "Eval", num_workers=workers)
    seen = []
    for _, labels in train:
        seen += labels
        assert labels_of(evaluation) == [["a0", "a1", "a2", "b0é"], ["b1é"]]
    assert sorted(seen) == ["a0", "a1", "a2", "b0é", "b1é"]


def test_bad_samples_are_told_apart(tmp_path):
    items = [(None, b"x"), (png(1), None), (b"no image", b"y"), (png(2), b"\xff"), (b"", b"z"), (png(3), b"good")]
    dataset = LMDBDataSet(str(write(tmp_path / "db", items)), DECODE)
    found = [dataset.read(SampleKey(0, i)) for i in range(6)]
    assert [events[0].reason for _, events in found[:5]] == [
        "unreadable_image",
        "bad_label",
        "unreadable_image",
        "bad_label",
        "unreadable_image",
    ]
    assert found[0][1][0].label == "x" and found[5][0][1] == "good" and not found[5][1]


def test_training_replaces_bad_samples(tmp_path):
    items = [(png(1), b"good"), (None, b"bad")]
    dataset = LMDBDataSet(str(write(tmp_path / "db", items)), DECODE, training=True)
    sample, events = dataset.read(SampleKey(1, 1))
    assert sample[1] == "good" and {event.label for event in events} == {"bad"}


def test_what_is_no_database_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no LMDB database"):
        LMDBDataSet(str(tmp_path), DECODE)
    with pytest.raises(DataError, match="num-samples is b'0'"):
        LMDBDataSet(str(write(tmp_path / "empty", [])), DECODE)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "data.mdb").write_bytes(b"garbage" * 2000)
    with pytest.raises(DataError, match="broken"):
        LMDBDataSet(str(tmp_path / "broken"), DECODE)


class Attack:
    def __reduce__(self):
        return print, ("this code ran",)


def test_a_pickle_in_a_database_is_not_run(tmp_path, capsys):
    import pickle

    import lmdb

    from ppocr.data.datasets.lmdb import LMDBDataSet

    with lmdb.open(str(tmp_path / "db"), map_size=1 << 20) as environment, environment.begin(write=True) as write:
        write.put(b"num-samples", b"1")
        write.put(b"image-000000001", pickle.dumps(Attack()))
        write.put(b"label-000000001", pickle.dumps(Attack()))
    dataset = LMDBDataSet(str(tmp_path / "db"), [{"DecodeImage": None}, {"KeepKeys": {"keep_keys": ["image"]}}])
    assert dataset[0] is None
    assert "this code ran" not in capsys.readouterr().out


def test_a_folder_that_is_still_to_be_named():
    from ppocr.data.datasets.lmdb import LMDBDataSet
    from ppocr.errors import ConfigError

    with pytest.raises(ConfigError, match="LMDBDataSet needs data_dir"):
        LMDBDataSet(None, [])


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_database_of_which_a_part_is_missing_is_refused(tmp_path, share):
    """Reading what is not there would end the process by a signal."""
    folder = write(tmp_path / "db", [(png(i) * 50, b"a") for i in range(40)])
    file = folder / "data.mdb"
    whole = file.read_bytes()
    assert len(LMDBDataSet(str(folder), [])) == 40
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match=f"data.mdb has {int(len(whole) * share)} of [0-9]+ bytes; it is cut off"):
        LMDBDataSet(str(folder), [])


def test_less_than_the_head_of_a_database_is_none(tmp_path):
    folder = write(tmp_path / "db", [(png(1), b"a")])
    (folder / "data.mdb").write_bytes((folder / "data.mdb").read_bytes()[:3000])
    with pytest.raises(DataError, match="LMDB database"):
        LMDBDataSet(str(folder), [])


def test_labels_of_one_database(two):
    dataset = LMDBDataSet(two, [])
    assert dataset.labels_in(1, [2, 3]) == ["b1é".encode(), None] and dataset.labels_in(0, [1]) == [b"a0"]


def test_pairs_of_images(tmp_path):
    values = {"num-samples": b"2", "image_lr-000000001": png(1), "image_hr-000000001": png(2), "label-000000001": b"a"}
    values.update({"image_lr-000000002": png(3), "label-000000002": b"b"})
    with lmdb.open(str(tmp_path / "pairs"), map_size=1 << 20) as environment, environment.begin(write=True) as writing:
        for name, value in values.items():
            writing.put(name.encode(), value)
    resize = [
        {"SRResize": {"imgH": 4, "imgW": 8, "down_sample_scale": 2}},
        {"KeepKeys": {"keep_keys": ["img_lr", "img_hr", "label"]}},
    ]
    dataset = LMDBDataSetSR(str(tmp_path / "pairs"), resize)
    small, large, label = dataset[0]
    assert small.shape == (3, 2, 4) and large.shape == (3, 4, 8) and label == "a"
    assert round(255 * float(small[0, 0, 0])) == 1 and round(255 * float(large[0, 0, 0])) == 2
    sample, (event,) = dataset.read(SampleKey(0, 1))
    assert sample is None and event.detail == "the database holds no image for it"
