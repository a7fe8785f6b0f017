"""SimpleDataSet: lines, shares of files, bad samples, further samples."""

import json
import re

import cv2
import numpy as np
import pytest

from ppocr.data.bad_samples import NoGoodSample
from ppocr.data.datasets.base import SampleKey
from ppocr.data.imaug.operator import Operator, note
from ppocr.errors import ConfigError, DataError, Dropped
from ppocr.registry import DATASETS

DECODE = [{"DecodeImage": {"img_mode": "BGR"}}, {"KeepKeys": {"keep_keys": ["image", "label"]}}]


class Probe(Operator):
    """Lets a test look at, or drop, a sample."""

    def __init__(self, action, ext_data_num=0):
        self.action = action
        self.ext_data_num = ext_data_num

    def __call__(self, data):
        self.action(data)
        return data


def build(section, **more):
    supplied = {key: more.pop(key) for key in ("training", "base_seed", "global_config") if key in more}
    return DATASETS.build({**section, "name": "SimpleDataSet", **more}, supplied=supplied)


def labels(dataset, epoch=0, count=None):
    chosen = dataset.select(epoch)
    return [dataset.label_of(int(i)) for i in (range(len(dataset)) if chosen is None else chosen)]


def test_sample_holds_image_and_label(line_set):
    dataset = build(line_set(3))
    image, label = dataset[2]
    assert label == "w2" and image.shape == (8, 16, 3) and image.min() == image.max() == 2
    assert len(dataset) == 3 and dataset[-1][1] == "w2"
    with pytest.raises(IndexError):
        dataset[3]


def test_raw_sample_has_the_keys_that_operators_know(line_set, tmp_path):
    sample = build(line_set(1), transforms=[])[0]
    assert sample["img_path"] == str(tmp_path / "0.png") and sample["label"] == "w0"
    assert isinstance(sample["image"], bytes) and set(sample) == {"img_path", "label", "image"}


@pytest.mark.parametrize(
    "line, delimiter, label",
    [
        ("0.png\ttwo words", "\t", "two words"),
        ("0.png two words", " ", "two words"),
        ("0.png\ttext\t100\t20", "\t", "text"),
        ("0.png,x", ",", "x"),
        ("0.png\t", "\t", ""),
    ],
)
def test_delimiters(line_set, tmp_path, line, delimiter, label):
    section = line_set(1)
    (tmp_path / "label.txt").write_text(line + "\n", encoding="utf-8")
    assert build(section, delimiter=delimiter)[0][1] == label


def test_one_of_several_images_is_drawn(line_set, tmp_path):
    section = line_set(3)
    (tmp_path / "label.txt").write_text(json.dumps(["0.png", "1.png", "2.png"]) + "\tshared\n", encoding="utf-8")
    dataset = build(section, training=True)
    drawn = [dataset[SampleKey(epoch, 0)] for epoch in range(30)]
    assert {int(image[0, 0, 0]) for image, _ in drawn} == {0, 1, 2} and {label for _, label in drawn} == {"shared"}


@pytest.mark.parametrize(
    "ratios, counts", [([0.5, 1.0], (5, 20)), (0.3, (3, 6)), ([0.25, 0.35], (2, 7)), ([0.0, 0.1], (0, 2))]
)
def test_ratio_list_keeps_a_share_of_each_file(line_set, ratios, counts):
    first, second = line_set(10, name="a.txt", prefix="a"), line_set(20, name="b.txt", prefix="b")
    files = first["label_file_list"] + second["label_file_list"]
    dataset = build(first, label_file_list=files, ratio_list=ratios)
    for epoch in range(3):
        found = labels(dataset, epoch)
        assert (sum(x[0] == "a" for x in found), sum(x[0] == "b" for x in found)) == counts
        assert len(set(found)) == len(found) == len(dataset)
    if counts[0]:
        assert labels(dataset, 1) != labels(dataset, 2) and labels(dataset, 1) == labels(dataset, 1)
    drawn = [dataset.label_of(dataset.draw(np.random.default_rng(i)))[0] for i in range(60)]
    assert ("a" in drawn) == bool(counts[0]) and "b" in drawn


@pytest.mark.parametrize("ratios", [[1.0, 1.0], [1.5], [-0.1], 2, ["x"], [True]])
def test_senseless_ratios_are_refused(line_set, ratios):
    with pytest.raises(ConfigError, match="ratio_list"):
        build(line_set(3), ratio_list=ratios)


def test_missing_folder_file_and_lines_are_named(line_set, tmp_path):
    section = line_set(2)
    with pytest.raises(DataError, match="nowhere"):
        build(section, data_dir=str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="none.txt"):
        build(section, label_file_list=str(tmp_path / "none.txt"))
    with pytest.raises(DataError, match="leaves no line"):
        build(section, ratio_list=0)


@pytest.mark.parametrize("position", [0, 2, 4])
def test_training_replaces_a_bad_sample_by_a_determined_one(line_set, position):
    dataset = build(line_set(5, missing=[position]), training=True, base_seed=9)
    sample, events = dataset.read(SampleKey(3, position))
    again, _ = build(line_set(5, missing=[position]), training=True, base_seed=9).read(SampleKey(3, position))
    assert sample[1] == again[1] != f"w{position}"
    assert events[0][:2] == (position, "unreadable_image") and events[0].label == f"w{position}"
    assert events[0].where == f"{position}.png (label.txt, line {position + 1})" and not events[0].kept
    assert len({dataset.read(SampleKey(epoch, position))[0][1] for epoch in range(20)}) > 1


def test_evaluation_replaces_nothing(line_set):
    dataset = build(line_set(5, missing=[1]))
    sample, events = dataset.read(SampleKey(0, 1))
    assert sample is None and [event.label for event in events] == ["w1"] and dataset[1] is None


def test_training_gives_up_after_many_bad_draws(line_set):
    dataset = build(line_set(5, missing=range(5)), training=True)
    with pytest.raises(NoGoodSample, match="50 samples drawn in a row.*unreadable image.*label_file_list"):
        dataset[0]


def test_an_operator_that_fails_is_one_line_with_the_sample_and_the_place(line_set):
    def broken(data):
        raise ZeroDivisionError("by nothing")

    dataset = build(line_set(2), training=True)
    dataset.ops = [Probe(broken)]
    place = rf"{re.escape(__file__)}:\d+"
    with pytest.raises(ConfigError, match=rf"^1.png .* cannot be prepared: ZeroDivisionError: by nothing \({place}\)$"):
        dataset.read(SampleKey(0, 1))


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"no delimiter here\n", "bad_label"),
        (b"0.png\tok\xff\n", "bad_label"),
        (b"other.png\tx\n", "unreadable_image"),
        (b"empty.png\tx\n", "unreadable_image"),
        (b"a\x00b.png\tx\n", "unreadable_image"),
        (b"text.png\tx\n", "unreadable_image"),
    ],
)
def test_causes_are_told_apart(line_set, tmp_path, content, reason):
    section = line_set(1)
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_bytes(b"no image")
    (tmp_path / "label.txt").write_bytes(content)
    sample, (event,) = build(section).read(SampleKey(0, 0))
    assert sample is None and event.reason == reason and "\n" not in str(event)


def test_dropped_samples_and_notes_become_events(line_set):
    def act(data):
        if data["label"] == "w0":
            raise Dropped("too_long", "9 of 5")
        if data["label"] == "w1":
            raise DataError("no JSON")
        note(data, "unknown_characters", "é")

    dataset = build(line_set(3))
    dataset.ops.insert(0, Probe(act))
    events = [dataset.read(SampleKey(0, i))[1][0] for i in range(3)]
    assert [(e.reason, e.detail, e.kept) for e in events] == [
        ("too_long", "9 of 5", False),
        ("bad_data", "no JSON", False),
        ("unknown_characters", "é", True),
    ]


def test_operators_know_the_epoch(line_set):
    seen = []
    dataset = build(line_set(2), training=True)
    dataset.ops.insert(0, Probe(lambda data: seen.append(data["epoch"])))
    dataset.read(SampleKey(7, 0))
    dataset.read(SampleKey(0, 1))
    assert seen == [7, 0]


def test_further_samples_are_loaded_when_asked_for(line_set):
    found = []

    def act(data):
        extra = data["ext_data"]
        assert len(extra) == 2
        if data["label"] != "w0":
            found.append([(item["label"], item["image"].shape) for item in extra])
            assert extra[0] is extra[0] and extra[-1] is extra[1]

    dataset = build(line_set(6, missing=[3]), training=True, ext_op_transform_idx=1)
    dataset.ops.insert(1, Probe(act, ext_data_num=2))
    dataset._ext_wanted = 2
    _, events = dataset.read(SampleKey(0, 0))
    assert not events and not found
    for _ in range(2):
        dataset.read(SampleKey(5, 1))
    assert found[0] == found[1] and {shape for _, shape in found[0]} == {(8, 16, 3)}
    bad = set()
    for epoch in range(20):
        bad |= {event.index for event in dataset.read(SampleKey(epoch, 1))[1]}
    drawn = {label for row in found for label, _ in row}
    assert len(drawn) > 2 and "w3" not in drawn and bad == {3}


def test_image_may_be_any_file_that_opencv_reads(line_set, tmp_path):
    section = line_set(1)
    cv2.imwrite(str(tmp_path / "x.jpg"), np.full((4, 6, 3), 200, np.uint8))
    (tmp_path / "label.txt").write_text("x.jpg\tx\n", encoding="utf-8")
    assert build(section)[0][0].shape == (4, 6, 3)


def test_what_stands_behind_a_second_tab_is_noted(line_set, tmp_path):
    section = line_set(3)
    (tmp_path / "label.txt").write_text("0.png\tab\tcd\n1.png\tab\t16\t8\n2.png\tab\n", encoding="utf-8")
    dataset = build(section)
    read = [dataset.read(SampleKey(0, index)) for index in range(3)]
    assert [sample[1] for sample, _ in read] == ["ab"] * 3
    (event,) = read[0][1]
    assert (event.reason, event.detail, event.kept) == ("text_behind_a_tab", "'cd'", True)
    assert read[1][1] == read[2][1] == []


def test_samples_are_named_by_the_number_of_their_line_in_the_file(line_set, tmp_path):
    section = line_set(2)
    (tmp_path / "label.txt").write_text("\n0.png\tab\n\n\n1.png\tcd\n", encoding="utf-8")
    dataset = build(section)
    assert [dataset.describe(i) for i in range(2)] == ["0.png (label.txt, line 2)", "1.png (label.txt, line 5)"]


@pytest.mark.parametrize(
    "line, words",
    [
        (b"0.PNG\tab", "No such file or directory: {folder}/0.PNG; there is '0.png'"),
        (b"0.png ab", "no delimiter '\\t' in the line '0.png ab'; there are blanks where the tab should be"),
        ("0.png\t中文字".encode("gbk"), "the line is not UTF-8 (invalid continuation byte) (it looks like GBK: iconv"),
    ],
)
@pytest.mark.parametrize("cache", [None, "memory"])
def test_a_line_that_cannot_be_used_says_what_may_be_meant(line_set, tmp_path, line, words, cache):
    section = {**line_set(1), "cache": cache}
    (tmp_path / "label.txt").write_bytes(line + b"\n")
    _, (event,) = build(section).read(SampleKey(0, 0))
    assert words.format(folder=tmp_path).split("byte")[0] in event.detail and words.split(";")[-1][-20:] in event.detail


def test_a_label_file_that_is_not_there_says_where_paths_start(line_set, tmp_path):
    section = {**line_set(1), "label_file_list": ["label.txt"]}
    with pytest.raises(
        DataError, match=f"label file label.txt is not there; data_dir holds it: write {tmp_path}/label.txt"
    ):
        build(section)
