"""The batch of a step is the same for any number of workers and after any interruption, with all that is random."""

import json
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest
import yaml

CHAINS = yaml.safe_load(Path(__file__).with_name("chains.yml").read_text(encoding="utf-8"))
COUNT = 14
EPOCH = 3
LINES = [
    {"DecodeImage": {"img_mode": "BGR"}},
    {"RecConAug": {"prob": 0.8, "ext_data_num": 2, "image_shape": [32, 320, 3], "max_text_length": 25}},
    {"RecAug": {"tia_prob": 0.8}},
    {"MultiLabelEncode": {"max_text_length": 25, "gtc_encode": "NRTRLabelEncode"}},
]
KEEP = {"KeepKeys": {"keep_keys": ["image", "label_ctc", "label_gtc", "length", "valid_ratio"]}}
SAMPLER = {"name": "MultiScaleSampler", "scales": [[80, 32], [80, 48]], "first_bs": 3, "divided_factor": [8, 16]}


@pytest.fixture
def write(tmp_path):
    """Returns a function that writes random images and a label file, in which one image is missing."""

    def write_set(label, delimiter="\t", more=""):
        rng = np.random.default_rng(0)
        lines = []
        for number in range(COUNT):
            height, width = rng.integers(30, 90, 2).tolist()
            if number != 4:
                small = rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)
                cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.resize(small, (width, height)))
            lines.append(f"{number}.png{delimiter}{label(number, width, height)}{more.format(width, height)}\n")
        (tmp_path / "label.txt").write_text("".join(lines), encoding="utf-8")
        return {"data_dir": str(tmp_path), "label_file_list": [str(tmp_path / "label.txt")], "max_bad_ratio": 1.0}

    return write_set


def boxes(number, width, height):
    box = [[2, 3], [width - 9, 3], [width - 9, height // 2], [2, height // 2]]
    return json.dumps([{"transcription": text, "points": box} for text in ("a", "###")])


def text(number, width, height):
    return f"w{number}"


def detection(write):
    dataset = {"name": "SimpleDataSet", "transforms": CHAINS["det"]["v4"], "ratio_list": 0.9, **write(boxes)}
    return {"dataset": dataset}


def detection_of_several_files(write):
    files = write(boxes)
    files["label_file_list"] *= 2
    return {"dataset": {"name": "TextDetDataset", "transforms": CHAINS["det"]["v6"], "ratio_list": [0.4, 1.0], **files}}


def sast(write):
    return {"dataset": {"name": "SimpleDataSet", "transforms": CHAINS["det"]["sast"], **write(boxes)}}


def recognition(write):
    transforms = [*LINES, {"RecResizeImg": {"image_shape": [3, 32, 100]}}, KEEP]
    return {"dataset": {"name": "SimpleDataSet", "transforms": transforms, **write(text)}}


def multi_scale(write):
    dataset = {"name": "MultiScaleDataSet", "transforms": [*LINES, KEEP], **write(text)}
    return {"dataset": dataset, "sampler": SAMPLER}


def multi_scale_by_width(write):
    dataset = {"name": "MultiScaleDataSet", "transforms": [*LINES, KEEP], "ds_width": True}
    return {"dataset": {**dataset, **write(text, more="\t{}\t{}")}, "sampler": SAMPLER}


def content(loader, epoch, skip=0):
    loader.set_epoch(epoch, skip)
    return [[field.numpy() if isinstance(field, paddle.Tensor) else field for field in batch] for batch in loader]


@pytest.mark.parametrize(
    "section", [detection, detection_of_several_files, sast, recognition, multi_scale, multi_scale_by_width]
)
def test_batches_depend_on_seed_epoch_and_step_alone(section, write, make_loader):
    section = section(write)

    def build(**options):
        return make_loader(**section, batch_size_per_card=3, **options)

    loader = build()
    expected = {epoch: content(loader, epoch) for epoch in (EPOCH, EPOCH + 1)}
    assert len(expected[EPOCH]) > 3
    with pytest.raises(AssertionError):
        np.testing.assert_equal(expected[EPOCH + 1], expected[EPOCH])
    for workers in (1, 4):
        np.testing.assert_equal(content(build(num_workers=workers), EPOCH), expected[EPOCH])
    for workers in (0, 4):
        resumed = build(num_workers=workers)
        np.testing.assert_equal(content(resumed, EPOCH, skip=2), expected[EPOCH][2:])
        np.testing.assert_equal(content(resumed, EPOCH + 1), expected[EPOCH + 1])
    assert loader.report.counts["unreadable_image"]


def test_the_shrink_ratio_follows_the_epoch_where_every_line_is_used(write, make_loader):
    transforms = [
        *CHAINS["det"]["v4"][:2],
        {"MakeShrinkMap": {"total_epoch": 500}},
        {"KeepKeys": {"keep_keys": ["shrink_map"]}},
    ]
    dataset = {"name": "SimpleDataSet", "transforms": transforms, "ratio_list": [1.0], **write(boxes)}
    loader = make_loader(dataset, batch_size_per_card=1, shuffle=False)
    drawn = [sum(float(maps.sum()) for (maps,) in content(loader, epoch)) for epoch in (0, 250, 499)]
    assert drawn[0] * 1.1 < drawn[1] and drawn[1] * 1.1 < drawn[2]
