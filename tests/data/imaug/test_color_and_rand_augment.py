"""Changes of colour and the augmentation that picks a few of many changes."""

import cv2
import numpy as np
import pytest

from ppocr.data.imaug import color
from ppocr.data.imaug.color import ColorJitter
from ppocr.data.imaug.rand_augment import CHANGES, RandAugment


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (24, 60, 3), dtype=np.uint8)


def close(got, want):
    return np.abs(got.astype(float) - np.clip(want, 0, 255)).max() <= 1


def test_factors(image):
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(float)
    assert close(color.adjust_brightness(image, 1.5), image * 1.5)
    assert close(color.adjust_contrast(image, 0.3), 0.3 * image + 0.7 * gray.mean())
    assert close(color.adjust_contrast(image, 0.3, level=74), 0.3 * image + 0.7 * 74)
    assert close(color.adjust_saturation(image, 0.25), 0.25 * image + 0.75 * gray[..., None])
    flat = np.full((9, 9, 3), 80, np.uint8)
    flat[4, 4] = 210  # the smoothed middle is (5 * 210 + 8 * 80) / 13 = 130
    assert color.adjust_sharpness(flat, 0)[4, 4].tolist() == [130] * 3
    assert color.adjust_sharpness(flat, 1.5)[4, 4].tolist() == [250] * 3
    for change in (color.adjust_brightness, color.adjust_contrast, color.adjust_saturation, color.adjust_sharpness):
        assert (change(image, 1.0) == image).all()


def test_hue_turns_red_to_green():
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 2] = 200
    assert color.adjust_hue(red, 1 / 3)[0, 0].tolist() == [0, 200, 0]
    assert color.adjust_hue(red, -1 / 3)[0, 0].tolist() == [200, 0, 0]


def test_tables(image):
    assert (color.posterize(image, 3) == image // 32 * 32).all()
    assert (color.posterize(image, 8) == image).all()
    assert (color.solarize(image, 100) == np.where(image < 100, image, 255 - image)).all()
    dull = (image // 4 + 50).astype(np.uint8)
    low, high = dull.min(axis=(0, 1)), dull.max(axis=(0, 1)).astype(float)
    assert close(color.autocontrast(dull), (dull.astype(float) - low) * 255 / (high - low))
    flat = np.full((3, 3, 3), 9, np.uint8)
    assert (color.autocontrast(flat) == flat).all()
    assert (color.equalize(image)[..., 1] == cv2.equalizeHist(np.ascontiguousarray(image[..., 1]))).all()


def test_jitter_of_the_contrast_leaves_one_level_whatever_the_image():
    dark, light = (np.full((4, 4, 3), value, np.uint8) for value in (74, 174))
    for seed in range(9):
        jitter, rng = ColorJitter(contrast=0.5), np.random.default_rng
        assert (jitter({"image": dark}, rng(seed))["image"] == 74).all()
        factor = rng(seed)
        factor.permutation(1)
        expected = 74 + 100 * factor.uniform(0.5, 1.5)
        assert close(jitter({"image": light}, rng(seed))["image"], expected)


def test_jitter_stays_between_its_factors():
    flat = np.full((4, 4, 3), 100, np.uint8)
    values = [
        ColorJitter(brightness=0.2)({"image": flat}, np.random.default_rng(i))["image"][0, 0, 0] for i in range(99)
    ]
    assert 80 <= min(values) < 85 and 115 < max(values) <= 120
    assert ColorJitter()({"image": flat}, np.random.default_rng(0))["image"] is flat
    full = ColorJitter(0.4, 0.4, 0.4, 0.1)({"image": flat}, np.random.default_rng(0))["image"]
    assert full.shape == flat.shape and (flat == 100).all()


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_keeps_shape_and_input(image, name):
    strength, change = CHANGES[name]
    image = (image // 2 + 9).astype(np.uint8)
    before = image.copy()
    for sign in (-1, 1):
        got = change(image, strength / 2, sign)
        assert got.shape == image.shape and got.dtype == np.uint8 and (got != image).any()
    assert (image == before).all()


def test_moves_fill_with_grey(image):
    strength, change = CHANGES["translateX"]
    moved = change(image, 0.2, 1)  # 12 of 60 pixels
    assert (moved[:, :12] == 128).all() and (moved[:, 12:] == image[:, :-12]).all()


def test_rand_augment(image):
    op = RandAugment(prob=0.5)
    changed = [op({"image": image}, np.random.default_rng(i))["image"] is not image for i in range(300)]
    assert 0.4 < np.mean(changed) < 0.6
    data = RandAugment(prob=1.0, num_layers=3, magnitude=9)({"image": image}, np.random.default_rng(0))
    assert data["image"].shape == image.shape
