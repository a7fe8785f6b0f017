"""Flips, turns, scales and crops of detection images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.imaug import create_operators, run_operators, transform
from ppocr.data.imaug.det_augment import IaaAugment
from ppocr.data.imaug.det_crop import EastRandomCropData, RandomCropImgMask, draw_window, free_stretches
from ppocr.errors import ConfigError
from ppocr.geometry.polygons import signed_areas


def sample(height=60, width=90, seed=0):
    """An image with three filled quads, the second ignored."""
    image = np.zeros((height, width, 3), np.uint8)
    quads = np.array([[10, 10, 30, 20], [40, 30, 60, 36], [70, 44, 86, 54]], np.float32)
    polys = np.stack([quads[:, [0, 2, 2, 0]], quads[:, [1, 1, 3, 3]]], axis=2)
    for left, top, right, bottom in quads.astype(int):
        image[top:bottom, left:right] = 200
    return {"image": image, "polys": polys, "texts": ["a", "b", "c"], "ignore_tags": np.array([False, True, False])}


def augment(entries, seed=0, data=None):
    op = IaaAugment(entries)
    return op(data or sample(), np.random.default_rng(seed))


def test_flip():
    data = augment([{"type": "Fliplr", "args": {"p": 1.0}}])
    assert (data["image"] == sample()["image"][:, ::-1]).all()
    assert data["polys"][0].tolist() == [[80, 10], [60, 10], [60, 20], [80, 20]]
    data = augment([{"type": "Flipud", "args": {"p": 1}}])
    assert (data["image"] == sample()["image"][::-1]).all()
    data = sample()
    image = data["image"]
    assert augment([{"type": "Fliplr", "args": {"p": 0}}], data=data)["image"] is image


def test_resize_by_a_factor():
    data = augment([{"type": "Resize", "args": {"size": 2}}])
    assert data["image"].shape == (120, 180, 3)
    assert (data["polys"] == sample()["polys"] * 2).all()


def test_rotation_keeps_size_and_area():
    data = augment([{"type": "Affine", "args": {"rotate": [-10, 10]}}])
    assert data["image"].shape == (60, 90, 3)
    np.testing.assert_allclose(signed_areas(data["polys"]), signed_areas(sample()["polys"]), rtol=1e-4)
    assert (data["polys"] != sample()["polys"]).any()


@pytest.mark.parametrize("entry", [{"type": "Flip"}, "Fliplr", {"type": "Fliplr", "args": {"q": 1}}])
def test_unknown_augmenters(entry):
    with pytest.raises(ConfigError, match="augmenter_args"):
        IaaAugment([entry])


@pytest.mark.parametrize("seed", range(8))
def test_polygons_stay_on_what_they_marked(seed):
    data = augment(None, seed)
    image = data["image"]
    for polygon in data["polys"]:
        x, y = np.floor(polygon.mean(axis=0)).astype(int)
        if 0 <= y < image.shape[0] and 0 <= x < image.shape[1]:
            assert image[y, x].min() > 150


def test_free_stretches():
    starts, ends = free_stretches(np.array([5, 2, 20]), np.array([9, 6, 40]), 30)
    assert (starts.tolist(), ends.tolist()) == ([0, 9], [2, 20])
    starts, ends = free_stretches(np.array([0]), np.array([30]), 30)
    assert not len(starts)
    starts, ends = free_stretches(np.array([-4]), np.array([3]), 30)
    assert (starts.tolist(), ends.tolist()) == ([3], [30])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_windows_cut_no_text_and_hold_one(seed, n):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, [160, 100], (n, 2))
    high = low + rng.uniform(2, 40, (n, 2))
    polys = np.stack([low, np.stack([high[:, 0], low[:, 1]], 1), high, np.stack([low[:, 0], high[:, 1]], 1)], axis=1)
    window = draw_window(polys, 200, 140, 0.1, 50, rng)
    assert 0 <= window.left and window.left + window.width <= 200
    assert 0 <= window.top and window.top + window.height <= 140
    if (window.width, window.height) == (200, 140):
        return
    assert window.width >= 20 and window.height >= 14
    start, end = np.array([window.left, window.top]), np.array([window.left + window.width, window.top + window.height])
    # the window's edges lie at most a pixel inside of a text, which comes from rounding
    holds = ((low >= start - 1) & (high <= end + 1)).all(axis=1)
    misses = ((high <= start + 1) | (low >= end - 1)).any(axis=1)
    assert (holds | misses).all()
    assert holds.any() or (~((high < start) | (low > end)).any(axis=1)).any()


def crop(data, seed=0, **arguments):
    return EastRandomCropData(**arguments)(data, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(10))
def test_crop_keeps_texts_tags_and_image_together(seed):
    data = crop(sample(), seed, size=[128, 96], max_tries=20)
    assert data["image"].shape == (96, 128, 3)
    assert len(data["polys"]) == len(data["texts"]) == len(data["ignore_tags"]) >= 1
    for polygon, text in zip(data["polys"], data["texts"]):
        x, y = polygon.mean(axis=0).astype(int)
        if text != "b":  # the ignored one may be cut
            assert (polygon >= -1.5).all() and (polygon <= (129.5, 97.5)).all()
            assert data["image"][y, x].min() > 150
        assert data["ignore_tags"][data["texts"].index(text)] == (text == "b")


def test_crop_without_text_that_counts_takes_all():
    data = sample()
    data["ignore_tags"][:] = True
    data = crop(data, size=[90, 90])
    assert (data["image"][:60] == sample()["image"]).all()
    assert not data["image"][60:].any()
    assert (data["polys"] == sample()["polys"]).all()
    assert data["texts"] == ["a", "b", "c"]


def test_stretched_crop_fills_the_size():
    data = sample()
    data["ignore_tags"][:] = True
    data["image"][:] = 9
    data = crop(data, size=[45, 60], keep_ratio=False)
    assert data["image"].shape == (60, 45, 3)
    assert (data["image"] == 9).all()
    assert (data["polys"] == sample()["polys"] / 2).all()  # by the smaller of 45 / 90 and 60 / 60


@pytest.mark.parametrize("seed", range(6))
def test_fused_crop_gives_what_the_two_give_one_after_the_other(seed):
    entries = [{"IaaAugment": None}, {"EastRandomCropData": {"size": [96, 96], "max_tries": 20}}]
    fused = create_operators(entries)
    assert len(fused) == 1
    apart = [create_operators([entry])[0] for entry in entries]
    together = run_operators(sample(), fused, np.random.default_rng(seed))
    one_by_one = run_operators(sample(), apart, np.random.default_rng(seed))
    np.testing.assert_allclose(together["polys"], one_by_one["polys"], atol=1e-3)
    assert together["texts"] == one_by_one["texts"]
    assert together["ignore_tags"].tolist() == one_by_one["ignore_tags"].tolist()
    difference = np.abs(together["image"].astype(int) - one_by_one["image"].astype(int))
    assert difference.mean() < 2  # twice interpolated against once


def test_the_input_image_is_left_alone():
    data = sample()
    before = data["image"].copy()
    image = data["image"]
    transform(data, create_operators([{"IaaAugment": None}, {"EastRandomCropData": {"size": [64, 64]}}]))
    assert (image == before).all()


def test_crop_of_image_and_maps():
    image = np.arange(60 * 50 * 3, dtype=np.int64).reshape(60, 50, 3)
    text = np.zeros((60, 50), np.float32)
    text[40:50, 30:40] = 1
    op = RandomCropImgMask([20, 30], "text", ["image", "text"])
    seen = 0
    for seed in range(40):
        data = op({"image": image, "text": text, "x": 1}, np.random.default_rng(seed))
        assert data["image"].shape == (20, 30, 3)
        top, left = divmod(int(data["image"][0, 0, 0]) // 3, 50)
        assert (data["text"] == text[top : top + 20, left : left + 30]).all()
        seen += data["text"].any()
    assert seen > 25
    small = RandomCropImgMask(80, "text", ["image", "text"])({"image": image, "text": text}, np.random.default_rng(0))
    assert small["image"] is image
