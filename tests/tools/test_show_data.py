"""Samples of a data set as files."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr.commands import show_data
from ppocr.data.datasets.simple import SimpleDataSet
from ppocr.data.raw_samples import Stored
from ppocr.errors import ConfigError, DataError, UserError

QUICKSTART = Path(__file__).resolve().parents[2] / "configs/quickstart"


def shown(tmp_path, *words, task="rec"):
    folder = tmp_path / "samples"
    return show_data.main(["-c", str(QUICKSTART / f"{task}.yml"), "--folder", str(folder), *words])


def test_stored_samples_come_back_through_the_label_file(tmp_path):
    folder = shown(tmp_path, "--section", "Eval", "--count", "3", "-o", "Eval.dataset.length=5")
    assert sorted(path.name for path in folder.iterdir()) == ["0000.png", "0001.png", "0002.png", "labels.txt"]
    again = SimpleDataSet(str(folder), [str(folder / "labels.txt")], [{"DecodeImage": {"img_mode": "BGR"}}])
    drawn = show_data.raw_dataset(show_data.load(QUICKSTART / "rec.yml"), "Eval")
    for index in range(3):
        assert again[index]["label"] == drawn[index]["label"]
        np.testing.assert_array_equal(again[index]["image"], drawn[index]["image"])


def test_a_set_of_less_than_a_batch_is_written_too(tmp_path):
    few = ["Train.dataset.length=2", "Train.loader.batch_size_per_card=8", "Train.loader.drop_last=true"]
    assert len(list(shown(tmp_path, "-o", *few).glob("*.png"))) == 2


def test_labels_of_a_detector_are_its_boxes(tmp_path):
    folder = shown(tmp_path, "--count", "1", task="det")
    name, label = (folder / "labels.txt").read_text(encoding="utf-8").rstrip("\n").split("\t")
    assert cv2.imread(str(folder / name)).shape == (320, 320, 3)
    assert {"transcription", "points"} <= set(json.loads(label)[0])


def test_a_label_of_several_lines_becomes_one(tmp_path, monkeypatch):
    samples = [Stored("x", "a\tb\nc\u2028d", lambda: np.zeros((4, 4, 3), np.uint8))]
    monkeypatch.setattr(show_data, "stored_samples", lambda dataset: samples)
    folder = shown(tmp_path)
    assert (folder / "labels.txt").read_text(encoding="utf-8") == "0000.png\ta b c\u2028d\n"


def test_what_cannot_be_read_is_named(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "data.txt").write_text("gone.png\ta\na.png\tb\n")
    files = f"data_dir: '{tmp_path}', label_file_list: '{tmp_path}/data.txt'"
    folder = shown(tmp_path, "-o", f"Train.dataset={{name: SimpleDataSet, {files}, transforms: [{{DecodeImage: }}]}}")
    assert (folder / "labels.txt").read_text() == "0000.png\tb\n"
    assert "left out: gone.png (data.txt, line 1): " in capsys.readouterr().out


def test_augmented_samples_are_those_of_the_first_epoch(tmp_path):
    few = ["Train.dataset.length=4", "Train.loader.batch_size_per_card=2"]
    folder = shown(tmp_path, "--augmented", "--count", "3", "-o", *few)
    assert sorted(path.name for path in folder.iterdir()) == ["0000.png", "0001.png", "0002.png"]
    config = show_data.override(show_data.load(QUICKSTART / "rec.yml"), few)
    loader = show_data.build_dataloader(
        {**config, "Train": {**config["Train"], "loader": {"batch_size_per_card": 4}}}, "Train", "cpu", None
    )
    loader.set_epoch(1)
    (batch,) = loader
    for number in range(3):
        image = cv2.imread(str(folder / f"{number:04d}.png"))
        np.testing.assert_array_equal(image, show_data.to_image(batch[0][number]))


def test_a_data_set_is_not_written_over(tmp_path):
    folder = shown(tmp_path, "--section", "Eval", "--count", "2", "-o", "Eval.dataset.length=5")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for data_dir in (folder, tmp_path):
        files = f"name: SimpleDataSet, data_dir: '{data_dir}', label_file_list: ['{folder}/../samples/labels.txt']"
        files = f"Train.dataset={{{files}, transforms: [DecodeImage: , CTCLabelEncode: , "
        files += "KeepKeys: {keep_keys: [image, label, length]}]}"
        with pytest.raises(ConfigError, match="samples: the data set itself lies there, and would be written over"):
            shown(tmp_path, "-o", files)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_cannot_be_shown(tmp_path):
    with pytest.raises(ConfigError, match="--count 0: must be at least 1"):
        shown(tmp_path, "--count", "0")
    with pytest.raises(ConfigError, match="--section Guard: .*rec.yml has no such section"):
        shown(tmp_path, "--section", "Guard")
    with pytest.raises(ConfigError, match="CTCLoss reads length, which is not among label"):
        shown(tmp_path, "--augmented", "-o", "Train.dataset.transforms.2.KeepKeys.keep_keys=[label]")
    (tmp_path / "labels.txt").write_text("missing.png\ta\n")
    files = f"data_dir: '{tmp_path}', label_file_list: '{tmp_path}/labels.txt'"
    files = f"Train.dataset={{name: SimpleDataSet, {files}, transforms: ["
    files += "DecodeImage: , CTCLabelEncode: , KeepKeys: {keep_keys: [image, label, length]}]}"
    with pytest.raises(DataError, match="Train: there is no sample that can be read"):
        shown(tmp_path, "-o", files)
    (tmp_path / "samples/labels.txt").mkdir(parents=True)
    with pytest.raises(UserError, match="labels.txt: cannot be written"):
        shown(tmp_path, "--count", "1")
