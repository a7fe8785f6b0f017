"""Random changes of text lines."""

import cv2
import numpy as np
import pytest

from ppocr.data.imaug import create_operators, run_operators
from ppocr.data.imaug import rec_augment as changes
from ppocr.data.imaug.rec_concat import RecConAug
from ppocr.data.imaug.text_warp import (
    deform,
    draw_distortion,
    draw_perspective,
    draw_stretching,
    outline,
    warp_text_line,
)

OFF = dict.fromkeys(["crop_prob", "reverse_prob", "noise_prob", "jitter_prob", "blur_prob", "hsv_aug_prob"], -1)


@pytest.fixture
def line():
    return np.random.default_rng(0).integers(5, 256, (32, 100, 3), dtype=np.uint8)


def only(name, **settings):
    return create_operators([{name: {**OFF, **settings}}])


def run(ops, image, seed=0):
    return run_operators({"image": image}, ops, np.random.default_rng(seed))["image"]


def test_outline_points():
    assert outline(100, 32, 2).tolist() == [0, 50, 100, 32j, 50 + 32j, 100 + 32j]


def test_deformation_hits_the_control_points_and_repeats_a_similarity():
    fixed = outline(100, 32, 3)
    moved = fixed + np.array([1, -2, 3j, 0, 2, 1, -1j, 4])
    np.testing.assert_allclose(deform(moved, moved, fixed), fixed, atol=1e-2)
    turned = fixed * 1.5j + 7  # a similarity is found exactly, everywhere
    points = np.array([3 + 4j, 50 + 20j, -9 + 60j])
    np.testing.assert_allclose(deform(points * 1.5j + 7, turned, fixed), points, atol=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_draws_stay_within_their_limits(seed):
    rng = np.random.default_rng(seed)
    fixed, moved = draw_distortion(120, 32, rng)
    segments = len(fixed) // 2 - 1
    assert 3 <= segments <= 6
    move = moved - fixed
    limit = 120 // segments // 3
    assert np.abs(move.real).max() <= limit and np.abs(move.imag).max() <= limit
    corners = move[[0, segments, segments + 1, -1]]
    assert (corners.real * [1, -1, 1, -1] >= 0).all() and (corners.imag * [1, 1, -1, -1] >= 0).all()
    fixed, moved = draw_stretching(120, 32, rng)
    segments = len(fixed) // 2 - 1
    move = moved - fixed
    assert not move.imag.any() and not move[[0, segments, segments + 1, -1]].any()
    assert (move[: segments + 1] == move[segments + 1 :]).all()
    assert np.abs(move.real).max() <= 120 // segments * 2 / 5 + 1
    fixed, moved = draw_perspective(120, 32, rng)
    move = (moved - fixed) * np.array([1, 1, -1, -1])
    assert not move.real.any() and (move.imag >= 0).all() and (move.imag < 16).all()


def test_warp_keeps_size_and_constant_images(line):
    flat = np.full((32, 100, 3), 77, np.uint8)
    assert (warp_text_line(flat, np.random.default_rng(1)) == 77).all()
    before = line.copy()
    warped = warp_text_line(line, np.random.default_rng(1))
    assert warped.shape == line.shape and (warped != line).any() and (line == before).all()


def test_crop_takes_one_to_eight_rows_off_one_side(line):
    rows, sides = set(), set()
    for seed in range(60):
        cropped = changes.crop_rows(line, np.random.default_rng(seed))
        lost = 32 - cropped.shape[0]
        rows.add(lost)
        top = (cropped == line[lost:]).all()
        sides.add(bool(top))
        assert top or (cropped == line[: 32 - lost]).all()
    assert rows == set(range(1, 9)) and sides == {True, False}


def test_noise_darkens_half_of_the_values_by_one(line):
    difference = line.astype(int) - changes.add_noise(line, np.random.default_rng(0))
    assert set(np.unique(difference)) == {0, 1}
    assert 0.45 < difference.mean() < 0.55
    assert not changes.add_noise(np.zeros_like(line), np.random.default_rng(0)).any()


def test_reverse_blur_shift_and_brightness(line):
    assert (run(only("BaseDataAugmentation", reverse_prob=1), line) == 255 - line).all()
    assert (run(only("BaseDataAugmentation", blur_prob=1), line) == cv2.GaussianBlur(line, (5, 5), 1)).all()
    shifted = run(only("BaseDataAugmentation", jitter_prob=1), line)
    assert (shifted[1:, 1:] == line[:-1, :-1]).all() and (shifted[0] == line[0]).all()
    gray = np.repeat(line[..., :1], 3, axis=2)  # without colour only the brightness counts
    lost = {int((gray.astype(int) - changes.jitter_brightness(gray, np.random.default_rng(i))).max()) for i in range(9)}
    assert lost == {0, 1}


def test_all_off_returns_the_image_itself(line):
    assert run(only("RecAug", tia_prob=-1), line) is line


def test_small_images_are_neither_warped_nor_cropped():
    small = np.random.default_rng(0).integers(0, 256, (18, 90, 3), dtype=np.uint8)
    assert run(only("RecAug", tia_prob=1, crop_prob=1), small) is small


@pytest.mark.parametrize("probability", [0.0, 0.4, 1.0])
def test_share_of_warped_images(line, probability):
    ops = only("RecAug", tia_prob=probability)
    share = np.mean([run(ops, line, seed) is not line for seed in range(200)])
    assert abs(share - probability) < 0.12


def test_same_generator_same_image(line):
    ops = create_operators([{"RecAug": None}])
    assert (run(ops, line, 7) == run(ops, line, 7)).all()


def line_sample(width, label):
    return {"image": np.full((32, width, 3), len(label), np.uint8), "label": label}


def concatenate(rng_seed=0, ext=None, first=None, **settings):
    data = {**(first or line_sample(64, "abc")), "ext_data": [line_sample(32, "wxyz")] * 2 if ext is None else ext}
    return RecConAug(**{"prob": 1.0, "image_shape": [48, 320, 3], **settings})(data, np.random.default_rng(rng_seed))


def test_lines_are_joined():
    data = concatenate(ext_data_num=2)
    assert data["label"] == "abcwxyzwxyz"
    assert data["image"].shape == (48, 96 + 48 + 48, 3)
    assert data["image"][0, :, 0].tolist() == [3] * 96 + [4] * 96
    assert "ext_data" not in data


def test_lines_are_joined_only_as_far_as_they_fit():
    assert concatenate(ext_data_num=2, max_text_length=7)["label"] == "abcwxyz"
    assert concatenate(ext_data_num=2, image_shape=[48, 150, 3])["label"] == "abcwxyz"
    alone = concatenate(max_text_length=6)
    assert alone["label"] == "abc" and alone["image"].shape == (32, 64, 3)
    assert concatenate(ext=[])["label"] == "abc"
    assert concatenate()["label"] == "abcwxyz"


def test_what_stands_at_the_right_is_read_first_in_lines_that_run_from_right_to_left():
    left, right = line_sample(64, "שלום 12"), line_sample(32, " ab עולם")
    for direction, label in ((None, " ab עולםשלום 12"), ("ltr", "שלום 12 ab עולם")):
        joined = concatenate(ext=[right], max_text_length=20, text_direction=direction, first=left)
        assert joined["label"] == label


def test_further_lines_are_not_read_without_need():
    class Unread:
        def __len__(self):
            return 2

        def __getitem__(self, i):
            raise AssertionError("read")

    data = concatenate(prob=0.0, ext=Unread())
    assert data["label"] == "abc" and "ext_data" not in data
