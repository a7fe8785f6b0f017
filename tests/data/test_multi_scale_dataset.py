"""MultiScaleDataSet."""

import cv2
import numpy as np
import pytest

from ppocr.data.datasets.base import SampleKey
from ppocr.data.datasets.multi_scale import MultiScaleDataSet, resize_and_pad
from ppocr.errors import DataError

OPS = [{"DecodeImage": {"img_mode": "BGR"}}, {"KeepKeys": {"keep_keys": ["image", "label", "valid_ratio"]}}]


@pytest.fixture
def section(tmp_path):
    sizes = [(64, 32), (160, 32), (640, 32), (30, 40)] * 3
    lines = []
    for i, (w, h) in enumerate(sizes):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((h, w, 3), 255, np.uint8))
        lines.append(f"{i}.png\tw{i}\t{w}\t{h}\n")
    (tmp_path / "label.txt").write_text("".join(lines), encoding="utf-8")
    files = [str(tmp_path / "label.txt")]
    return {"name": "MultiScaleDataSet", "data_dir": str(tmp_path), "label_file_list": files, "transforms": OPS}


def build(section, **more):
    return MultiScaleDataSet(**{**{k: v for k, v in section.items() if k != "name"}, **more})


def test_resize_keeps_the_aspect_ratio_and_pads():
    image = np.full((16, 20, 3), 255, np.uint8)
    image[:, :10] = 0
    padded, valid = resize_and_pad(image, 32, 80)
    assert padded.shape == (3, 32, 80) and padded.dtype == np.float32 and valid == 0.5
    assert padded[:, :, :15].max() == -1 and padded[:, :, 25:40].min() == pytest.approx(1)
    assert not padded[:, :, 40:].any()


def test_resize_squeezes_what_is_too_wide():
    padded, valid = resize_and_pad(np.full((16, 200, 3), 51, np.uint8), 32, 80)
    assert valid == 1 and np.allclose(padded, 51 / 127.5 - 1)


def test_resize_rounds_the_width_up():
    assert resize_and_pad(np.zeros((3, 4, 3), np.uint8), 32, 100)[1] == 0.43  # 42.67 pixels


def test_key_gives_the_size(section):
    dataset = build(section)
    image, label, valid = dataset[SampleKey(0, 1, 320, 48)]
    assert image.shape == (3, 48, 320) and label == "w1" and valid == 0.75
    image, _, valid = dataset[SampleKey(0, 1, 320, 48, 4.6)]
    assert image.shape == (3, 48, 48 * 5) and valid == 1
    assert dataset[SampleKey(0, 3, 320, 48, 0.3)][0].shape == (3, 48, 48)


def test_without_a_sampler_operators_run_as_they_are(section):
    dataset = build(section, transforms=[OPS[0], {"KeepKeys": {"keep_keys": ["image", "label"]}}])
    assert dataset[1][0].shape == (32, 160, 3)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_have_the_sampler_s_sizes(section, make_loader, workers):
    sampler = {"name": "MultiScaleSampler", "scales": [[320, 32], [320, 64]], "first_bs": 4, "fix_bs": False}
    made = make_loader(section, sampler=sampler, num_workers=workers)
    shapes = sorted(batch[0].shape for batch in made)
    assert shapes == [[2, 3, 64, 320]] * 2 + [[4, 3, 32, 320]] * 2 and len(made) == 4
    made.set_epoch(1, skip_batches=3)
    assert len(list(made)) == 1


def test_sampler_in_evaluation_gives_each_sample_once(section, make_loader):
    sampler = {"name": "MultiScaleSampler", "scales": [[320, 32], [320, 64]], "first_bs": 5}
    labels = sum([batch[1] for batch in make_loader(section, "Eval", sampler=sampler)], [])
    assert labels == [f"w{i}" for i in range(12)]


def test_ratio_list_goes_with_a_sampler(section, make_loader):
    sampler = {"name": "MultiScaleSampler", "scales": [[320, 32]], "first_bs": 3}
    made = make_loader({**section, "ratio_list": 0.5}, sampler=sampler)
    epochs = []
    for epoch in range(4):
        made.set_epoch(epoch)
        epochs.append(frozenset(sum([batch[1] for batch in made], [])))
    assert all(len(epoch) == 6 for epoch in epochs) and len(set(epochs)) > 1


def test_width_aware_batches_follow_the_aspect_ratio(section, make_loader):
    dataset = build(section, ds_width=True)
    assert dataset.wh_ratio[:4].tolist() == [2, 5, 20, 0.75]
    sampler = {"name": "MultiScaleSampler", "scales": [[320, 32]], "first_bs": 3, "max_w": 320}
    widths = sorted(batch[0].shape[3] for batch in make_loader({**section, "ds_width": True}, sampler=sampler))
    assert widths == [32, 64, 160, 320]  # ratios 0.75, 2, 5, and 20 held to 320 pixels


def test_width_aware_lines_need_width_and_height(section, tmp_path):
    (tmp_path / "label.txt").write_text("0.png\tw0\t64\t32\n1.png\tw1\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2.*path, label, width and height"):
        build(section, ds_width=True)


def test_width_and_height_stand_behind_the_delimiter_of_the_line(section, tmp_path):
    (tmp_path / "label.txt").write_text("0.png hello you 100 32\n1.png b 64 32\n", encoding="utf-8")
    dataset = build(section, ds_width=True, delimiter=" ")
    assert dataset.wh_ratio.tolist() == [100 / 32, 2]
    read = dataset.load(0, SampleKey(0, 0), np.random.default_rng(0))
    assert read["label"] == dataset.label_of(0) == "hello you" and read["notes"] == []
