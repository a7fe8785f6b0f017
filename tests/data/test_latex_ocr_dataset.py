"""Formulas of one size share batches; a pickle and a label file say the same."""

import logging
import pickle
import re
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image
from tiny_tokenizer import write_tokenizer

from ppocr.data import build_dataloader
from ppocr.data.datasets.latex_ocr import LaTeXOCRDataSet
from ppocr.data.sampling import GroupSampler
from ppocr.errors import DataError

FORMULAS = ["ab", "a+b", "c^2", "d", "e"]
WIDTHS = [40, 47, 49, 60, 700]


@pytest.fixture
def folder(tmp_path):
    """Returns a folder with five images, which have three sizes as the model reads them."""
    write_tokenizer(tmp_path)
    rows = {}
    for number, (formula, width) in enumerate(zip(FORMULAS, WIDTHS)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((20, width, 3), 255, np.uint8))
        rows.setdefault((-(-width // 16) * 16, 32), []).append((formula, f"{number}.png"))
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(rows))
    lines = "".join(f"{number}.png\t{formula}\n" for number, formula in enumerate(FORMULAS))
    (tmp_path / "data.txt").write_text(lines, encoding="utf-8")
    return tmp_path


def loader(folder, data="data.pkl", mode="Train", size=1, logger=None, **keys):
    dataset = {
        "name": "LaTeXOCRDataSet", "data_dir": str(folder), "data": str(folder / data),
        "rec_char_dict_path": str(folder), "max_seq_len": 9, "batch_size_per_pair": 2,
        "transforms": [
            {"DecodeImage": {"channel_first": False}}, {"MinMaxResize": None}, {"LatexTestTransform": None},
            {"LatexImageFormat": None}, {"KeepKeys": {"keep_keys": ["image"]}},
        ],
        **keys,
    }  # fmt: skip
    section = {"dataset": dataset, "loader": {"batch_size_per_card": size, "collate_fn": "LaTeXOCRCollator"}}
    return build_dataloader({"Global": {}, mode: section}, mode, "cpu", logger)


@pytest.mark.parametrize("data", ["data.pkl", "data.txt"])
def test_images_of_one_size_share_batches(folder, data):
    batches = list(loader(folder, data, "Eval"))
    assert [batch.image.shape for batch in batches] == [[2, 1, 32, 48], [2, 1, 32, 64], [1, 1, 32, 672]]
    first, *_ = batches
    assert first.names == ("image", "label", "attention_mask")
    assert first.label.tolist() == [[1, 4, 5, 2, 0], [1, 4, 45, 5, 2]]
    assert first.attention_mask.tolist() == [[1, 1, 1, 1, 0], [1] * 5]
    assert [facts.text for batch in batches for facts in batch.facts] == FORMULAS


def test_epochs_differ_and_repeat(folder):
    def read(epoch):
        loaded = loader(folder)
        loaded.set_epoch(epoch)
        return [[facts.text for facts in batch.facts] for batch in loaded]

    assert read(3) == read(3) and any(read(0) != read(epoch) for epoch in range(1, 6))
    assert sorted(text for batch in read(1) for text in batch) == sorted(FORMULAS)


def test_what_is_left_of_a_size_may_be_left_out(folder):
    assert len(loader(folder)) == 3 and len(loader(folder, keep_smaller_batches=False)) == 2
    assert len(loader(folder, size=2)) == 3 and len(loader(folder, batch_size_per_pair=1)) == 5
    with pytest.raises(DataError, match="no size of images has 8 samples for a batch, the most is 2"):
        loader(folder, size=4, keep_smaller_batches=False)


def test_an_evaluation_leaves_nothing_of_a_size_out(folder):
    assert [len(batch.facts) for batch in loader(folder, mode="Eval", keep_smaller_batches=False)] == [2, 2, 1]


def test_sizes_that_are_too_rare_for_a_batch_are_told(folder, caplog):
    loaded = loader(folder, keep_smaller_batches=False, logger=logging.getLogger("ppocr_test"))
    assert sum(len(batch.facts) for batch in loaded) == 4
    assert "left out 1 sample of rare sizes" in loaded.report.account()
    assert "no epoch reads 1 sample of rare sizes: lower batch_size_per_pair to read them" in caplog.text


def test_the_samples_of_a_batch_are_those_of_a_size_times_those_of_a_card(folder):
    assert loader(folder, size=3).batch_size == 6


def test_a_formula_that_is_too_long_is_left_out_by_name(folder):
    loaded = loader(folder, mode="Eval", max_seq_len=4)
    assert [facts.text for batch in loaded for facts in batch.facts] == ["ab", "d", "e"]
    assert loaded.report.counts["too_long"] == 2


def nested(depth):
    """Returns a list that would be 2 ** depth numbers as a text, and takes a few bytes in a pickle."""
    value = [0]
    for _ in range(depth):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({(32, 32): [("a",)]}), "the pickle does not hold"),
        (pickle.dumps([1, 2]), "the pickle does not hold"),
        (pickle.dumps({(0, 0): [("a", "0.png")]}), "a size of 0 x 0"),
        (pickle.dumps({(float("inf"), 3): [("a", "0.png")]}), "the pickle does not hold"),
        (pickle.dumps({(32, 32): ["ab"]}), "a str instead of formula and image"),
        (pickle.dumps({(32, 32): [(nested(40), "0.png")]}), "a list and a str instead of two texts"),
        (pickle.dumps({(32, 32): [("\ud800", "0.png")]}), "the pickle does not hold"),
        (pickle.dumps({}), "the pickle holds no formula"),
        (pickle.dumps(LaTeXOCRDataSet), "which only an unsafe file would need"),
        (b"", "holds no line"),
    ],
)
def test_a_file_of_another_kind_is_said_in_one_line(folder, content, message):
    (folder / "data.pkl").write_bytes(content)
    with pytest.raises(DataError, match=message):
        loader(folder)


@pytest.mark.parametrize("kept", [["image", "img_path"], ["attention_mask", "image"], ["label", "img_path", "image"]])
def test_fields_are_found_by_name(folder, kept):
    transforms = [
        {"DecodeImage": {"channel_first": False}},
        {"LatexImageFormat": None},
        {"KeepKeys": {"keep_keys": kept}},
    ]
    first, *_ = loader(folder, mode="Eval", transforms=transforms)
    assert first.names == ("image", "label", "attention_mask") and first.image.shape == [2, 1, 32, 48]
    assert first.label.tolist() == [[1, 4, 5, 2, 0], [1, 4, 45, 5, 2]]


@pytest.mark.parametrize(
    ("line", "reason", "kept", "message"),
    [
        (
            b"5.png a",
            "bad_label",
            False,
            r"line 6\): no delimiter .*; there are blanks where the tab should be: mend the file$",
        ),
        (b"5.png\t\xe9", "bad_label", False, r"line 6\): the line is not UTF-8"),
        (b"5.png\ta\tb", "text_behind_a_tab", True, "'b'"),
    ],
)
def test_lines_keep_the_rules_of_label_files(folder, line, reason, kept, message):
    cv2.imwrite(str(folder / "5.png"), np.full((20, 40, 3), 255, np.uint8))
    with open(folder / "data.txt", "ab") as file:
        file.write(line)
    loaded = loader(folder, "data.txt", "Eval")
    assert sum(len(batch.facts) for batch in loaded) == 5 + kept
    assert (loaded.report.kept if kept else loaded.report.counts)[reason] == 1
    ((text,),) = loaded.report.examples.values()
    assert re.search(message, text)


def test_a_bad_formula_is_replaced_by_one_of_its_size(folder):
    for bad in (0, 4):  # of 4.png's size there is no other
        (folder / f"{bad}.png").write_bytes(b"no image")
    loaded = loader(folder)
    for epoch in range(4):
        loaded.set_epoch(epoch)
        shapes = sorted(batch.image.shape[-1] for batch in loaded if len(batch.facts) == 2)
        assert shapes == [48, 64]
    assert loaded.report.counts["unreadable_image"] == 2


def test_an_image_that_pillow_deems_too_large_is_read_all_the_same(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    batches = list(loader(folder, "data.txt", "Eval"))
    assert [batch.image.shape[-1] for batch in batches] == [48, 64, 672]
    assert [facts.text for batch in batches for facts in batch.facts] == FORMULAS


@pytest.mark.parametrize("ignored, shapes", [(False, [[2, 1, 48, 32], [1, 1, 192, 32]]), (True, [[2, 1, 32, 48]])])
def test_images_have_the_size_to_which_their_file_turns_them(folder, ignored, shapes):
    exif = Image.Exif()
    exif[0x112] = 6
    for number, width in ((0, 40), (1, 40), (2, 700)):
        Image.new("L", (width, 20), 255).save(folder / f"{number}.jpg", exif=exif)
    lines = "".join(f"{number}.jpg\t{FORMULAS[number]}\n" for number in range(2 if ignored else 3))
    (folder / "turned.txt").write_text(lines, encoding="utf-8")
    decode = {"DecodeImage": {"channel_first": False, "ignore_orientation": ignored}}
    transforms = [decode, {"MinMaxResize": None}, {"LatexImageFormat": None}, {"KeepKeys": {"keep_keys": ["image"]}}]
    loaded = loader(folder, "turned.txt", "Eval", transforms=transforms)
    assert [batch.image.shape for batch in loaded] == shapes


def test_samples_behind_the_full_batches_of_their_size_are_told(folder):
    (folder / "5.png").write_bytes((folder / "0.png").read_bytes())
    with open(folder / "data.txt", "a", encoding="utf-8") as file:
        file.write("5.png\tf\n")
    loaded = loader(folder, "data.txt", keep_smaller_batches=False)
    assert sum(len(batch.facts) for batch in loaded) == 4
    account = (
        "augmentation and size limits left out 1 sample of rare sizes; in each epoch 1 sample did not fill a batch"
    )
    assert loaded.report.account().endswith(account)
    assert "did not fill" not in loader(folder, "data.txt").report.account()


def test_files_that_are_not_there_are_named(folder):
    with pytest.raises(DataError, match="'data' names a pickle of LaTeX-OCR or a label file"):
        loader(folder, "nothing.pkl")
    with pytest.raises(DataError, match="is not a folder; it holds the images that 'data' names"):
        loader(folder, data_dir=str(folder / "nothing"))


def batches(training, rank=0, world_size=1, epoch=0, skip=0, **keys):
    dataset = SimpleNamespace(seed=1, groups=[np.arange(5), np.arange(5, 9), np.arange(9, 10)])
    sampler = GroupSampler(dataset, 2, training, keys.get("drop_last", False), training, rank, world_size)
    found = [[key.index for key in keys] for keys in sampler.batches(epoch, skip)]
    assert len(found) == len(sampler) - skip
    return found


def test_processes_share_the_batches():
    whole = batches(True)
    assert sorted(index for batch in whole for index in batch) == list(range(10))
    assert all(len({index // 5 + index // 9 for index in batch}) == 1 for batch in whole)
    shares = [batches(True, rank, 4) for rank in range(4)]
    assert [batch for step in zip(*shares) for batch in step][:6] == whole
    assert [len(share) for share in shares] == [2] * 4
    assert batches(True, skip=2) == whole[2:] and batches(True, epoch=1) != whole


def test_an_evaluation_gives_each_sample_once():
    whole = [[0, 1], [2, 3], [4], [5, 6], [7, 8], [9]]
    assert batches(False) == whole and [batches(False, rank, 4) for rank in range(4)][0] == [[0, 1], [7, 8]]
    assert sorted(batch for rank in range(4) for batch in batches(False, rank, 4)) == whole
    assert batches(False, drop_last=True) == whole


def test_characters_that_the_tokenizer_lacks_are_noted(folder):
    (folder / "labels.txt").write_text("0.png\ta!b\n1.png\t!!\n", encoding="utf-8")
    loaded = loader(folder, data=str(folder / "labels.txt"), mode="Eval")
    assert [facts.text for batch in loaded for facts in batch.facts] == ["a!b"]
    assert loaded.report.counts["unknown_characters"] == loaded.report.kept["unknown_characters"] == 1
