"""Targets made of shrunk texts: PSE and CentripetalText."""

import json

import numpy as np
import pytest

from ppocr.data.imaug import create_operators, transform
from ppocr.data.imaug.ct_groups import GroupRandomCropPadding, GroupRandomHorizontalFlip, GroupRandomRotate
from ppocr.data.imaug.ct_targets import (
    CTLabelEncode,
    MakeCentripetalShift,
    MakeShrink,
    RandomScale,
    ScaleAlignedShort,
    shifts_to_nearest,
)
from ppocr.data.imaug.pse_targets import MakePseGt, shrink
from ppocr.errors import ConfigError, DataError, Dropped

BOX = np.array([[20, 20], [60, 20], [60, 60], [20, 60]], np.float32)
SMALL = np.array([[80, 80], [84, 80], [84, 84], [80, 84]], np.float32)
SEED = np.random.default_rng


def pse(size=100, **arguments):
    data = {
        "image": np.zeros((100, 120, 3), np.uint8),
        "polys": np.stack([BOX, SMALL]),
        "ignore_tags": np.array([False, True]),
    }
    return MakePseGt(size=size, **arguments)(data)


def test_shrinking_moves_the_outline_by_area_over_length():
    shrunk = shrink(BOX, 0.5)  # 1600 * 0.75 / 160 = 7.5, a little less
    assert (shrunk.min(axis=0).tolist(), shrunk.max(axis=0).tolist()) == ([27, 27], [53, 53])
    line = np.array([[0, 0], [9, 0], [9, 0], [0, 0]], np.float32)
    assert shrink(line, 0.5).tolist() == line.tolist()  # nothing would be left


def test_pse_kernels_shrink_by_equal_steps_and_count_ignored_texts_too():
    data = pse(kernel_num=3, min_shrink_ratio=0.5)
    assert data["gt_kernels"].shape == (3, 100, 120) and data["gt_kernels"].dtype == np.float32
    # ratios 0.75, 0.5, 0.25: the box moves inwards by 10 (1 - r^2) pixels, 4.4, 7.5 and 9.4
    widths = [np.count_nonzero(kernel[40]) for kernel in data["gt_kernels"]]
    assert widths == [33, 27, 23]
    assert (data["gt_text"] == data["gt_kernels"][0]).all()
    assert data["mask"].sum() == 100 * 120 - 25 and not data["mask"][80:85, 80:85].any()
    assert data["gt_kernels"][0, 82, 82] == 1


def test_pse_enlarges_small_images_only():
    data = pse(size=200, kernel_num=2)
    assert data["image"].shape == (200, 240, 3) and (data["polys"][0] == BOX * 2).all()
    assert pse(size=50, kernel_num=2)["image"].shape == (100, 120, 3)
    with pytest.raises(ConfigError, match="'kernel_num' must be a whole number from 2 to 100, not 1"):
        create_operators([{"MakePseGt": {"kernel_num": 1}}])


def test_ct_labels_are_lists_of_points_or_of_numbers():
    label = [{"transcription": "a", "points": [1, 2, 3, 4, 5, 6]}, {"transcription": "b", "points": [[1, 2], [3, 4]]}]
    data = CTLabelEncode()({"label": json.dumps(label)})
    assert [polygon.tolist() for polygon in data["polys"]] == [[[1, 2], [3, 4], [5, 6]], [[1, 2], [3, 4]]]
    assert data["texts"] == ["a", "b"]
    with pytest.raises(DataError):
        CTLabelEncode()({"label": json.dumps([{"transcription": "a", "points": [1, 2, 3]}])})
    assert transform({"label": "[]"}, [CTLabelEncode(keep_empty=False)]) is None


@pytest.mark.parametrize("points", [[], None, 5, {}, [[1, 2], [3]], [["a", "b"]], [[10**400, 0]]])
def test_ct_labels_that_are_none(points):
    with pytest.raises(DataError, match="box 1: a polygon must be a list of"):
        CTLabelEncode()({"label": json.dumps([{"transcription": "a", "points": points}])})


def test_ct_texts_that_are_in_no_image_cannot_be_read():
    points = [[[float("nan"), 0], [1, 1]], [[1e6, 0], [1, 1]], [[90000, 0], [1, 1]]]
    data = CTLabelEncode()({"label": json.dumps([{"transcription": "a", "points": one} for one in points])})
    assert data["texts"] == ["###", "###", "a"] and [one[0, 0] for one in data["polys"]] == [0, 0, 90000]


@pytest.mark.parametrize("op", [RandomScale(640), ScaleAlignedShort(640), MakePseGt(size=640)])
def test_strips_that_would_not_fit_into_memory_are_dropped(op):
    data = {"image": np.zeros((1, 3000, 3), np.uint8), "polys": np.zeros((0, 4, 2)), "ignore_tags": []}
    with pytest.raises(Dropped, match="1 x 3000 pixels would have to become [67].. x [12]......"):
        op(data, SEED(0)) if op.random else op(data)


def test_sizes_of_scaled_images():
    data = ScaleAlignedShort(320)({"image": np.zeros((200, 333, 3), np.uint8)})
    assert data["shape"].tolist() == [200, 333, 3, 320, 544, 3]
    sides = set()
    for seed in range(30):
        data = RandomScale(320)({"image": np.zeros((100, 200, 3), np.uint8)}, SEED(seed))
        height, width = data["image"].shape[:2]
        assert data["scale_factor"] == (width / 200, height / 100) and height % 32 == width % 32 == 0
        sides.add(height)
    assert sides == {224, 256, 288, 320, 352, 384, 416}


def shrunk(texts=("a", "###")):
    data = {
        "image": np.full((100, 120, 3), 7, np.uint8),
        "polys": [BOX / (1, 2), np.array([[70, 20], [110, 20], [110, 60], [70, 60]])],
        "texts": list(texts),
        "scale_factor": (1.0, 2.0),
    }
    data["polys"][1] = data["polys"][1] / (1, 2)
    return MakeShrink()(data)["image"]


def test_ct_maps():
    image, instance, mask, kernel_instance, kernels, inner, distance_mask = shrunk()
    assert (image == 7).all() and instance.dtype == np.uint8
    assert (instance[40, 40], instance[40, 90], instance[0, 0]) == (1, 2, 0)
    assert np.count_nonzero(instance == 1) == 41 * 41
    # 1600 * (1 - 0.49) / 160 = 5.1 pixels inwards
    assert np.count_nonzero(kernel_instance == 1) == np.count_nonzero(kernels[:, :65]) == 31 * 31
    # the pixels next to the kernel's outermost ones
    assert np.count_nonzero(inner == 1) == 29 * 29 - 27 * 27 and inner[26, 26] == 1
    assert mask[40, 40] == 1 and mask[22, 22] == 0 and not mask[20:61, 70:111].any() and mask[0, 0] == 1
    assert distance_mask.sum() == 100 * 120 - 41 * 41


def test_shifts_lead_to_the_rim_of_the_kernel():
    data = MakeCentripetalShift()({"image": shrunk()})
    inner = shrunk()[5]
    assert data["gt_distance"].shape == (2, 100, 120) and data["gt_distance"].dtype == np.float32
    assert {data[key].dtype for key in MakeCentripetalShift.writes[1:-1]} == {np.dtype(np.int64)}
    outside = np.argwhere((data["gt_instance"] == 1) & (data["gt_kernel_instance"] == 0))
    for y, x in outside:
        dx, dy = data["gt_distance"][:, y, x] * 10
        assert inner[round(y + dy), round(x + dx)] == 1
    assert data["gt_distance"][:, 20, 40].tolist() == pytest.approx([0, 0.6])
    assert not data["gt_distance"][:, data["gt_kernel"] > 0].any()


def test_a_text_whose_kernel_is_too_small_does_not_count():
    images = shrunk(("a", "b"))
    images[5][images[5] == 2] = 0
    data = MakeCentripetalShift()({"image": images})
    assert not data["training_mask"][20:61, 70:111].any() and data["training_mask"][40, 40] == 1
    assert not data["training_mask_distance"][20:61, 70:111].any()


def test_nearest_targets_in_several_steps(monkeypatch):
    monkeypatch.setattr("ppocr.data.imaug.ct_targets.AT_ONCE", 7)
    rng = SEED(0)
    points, wanted = rng.integers(0, 50, (40, 2)), rng.integers(0, 50, (5, 2))
    lengths = np.square(shifts_to_nearest(points, wanted)).sum(axis=1)
    assert (lengths == np.square(points[:, None] - wanted).sum(axis=2).min(axis=1)).all()
    assert shifts_to_nearest(points[:0], wanted).shape == (0, 2)


def test_groups_change_together():
    flipped = GroupRandomHorizontalFlip(1)({"image": shrunk()}, SEED(0))["image"]
    assert all((new == old[:, ::-1]).all() for new, old in zip(flipped, shrunk()))
    turned = GroupRandomRotate()({"image": shrunk()}, SEED(2))["image"]
    assert [image.shape for image in turned] == [image.shape for image in shrunk()]
    assert set(np.unique(turned[1])) == {0, 1, 2} and (turned[1] != shrunk()[1]).any()
    both = turned[4] > 0
    assert (turned[1][both] > 0).mean() > 0.99


@pytest.mark.parametrize("seed", range(6))
def test_group_crops(seed):
    cropped = GroupRandomCropPadding([64, 200])({"image": shrunk()}, SEED(seed))["image"]
    assert {image.shape[:2] for image in cropped} == {(64, 200)}
    assert (cropped[0][:, :120] == 7).all() and not cropped[0][:, 120:].any() and not cropped[2][:, 120:].any()
    assert ((cropped[1] == 1) >= (cropped[3] == 1)).all()
