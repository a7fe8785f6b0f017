"""Random operators that keep whole texts, and perspective."""

import numpy as np
import pytest

from ppocr.data.imaug import create_operators
from ppocr.data.imaug.det_augment import IaaAugment
from ppocr.data.imaug.det_crop import RandomCrop, RandomCropImgMask, draw_free_edges
from ppocr.data.imaug.det_instances import (
    RandomCropFlip,
    RandomCropPolyInstances,
    RandomRotatePolyInstances,
    RandomScaling,
    SquareResizePad,
    backdrop,
)
from ppocr.data.imaug.det_perspective import RandomPerspective
from ppocr.data.imaug.perspective import fit_projection, project, shift
from ppocr.geometry.polygons import signed_areas

BOXES = np.array([[10, 10, 50, 30], [70, 40, 100, 60], [20, 70, 60, 90]], np.float32)
SEEDS = range(12)


def sample():
    """An image of grey with a text of a colour of its own in each box; the second is ignored."""
    image = np.full((100, 120, 3), 40, np.uint8)
    for number, (left, top, right, bottom) in enumerate(BOXES.astype(int), 1):
        image[top:bottom, left:right] = 60 * number + 15
    polys = np.stack([BOXES[:, [0, 2, 2, 0]], BOXES[:, [1, 1, 3, 3]]], axis=2)
    return {"image": image, "polys": polys, "texts": ["1", "2", "3"], "ignore_tags": np.array([False, True, False])}


def run(op, seed=0):
    return op(sample(), np.random.default_rng(seed))


def assert_texts_are_where_they_say(data):
    """The middle of each polygon shows the colour of its text."""
    assert len(data["polys"]) == len(data["texts"]) == len(data["ignore_tags"])
    for polygon, text, ignored in zip(data["polys"], data["texts"], data["ignore_tags"]):
        x, y = polygon.mean(axis=0).astype(int)
        if 0 <= y < data["image"].shape[0] and 0 <= x < data["image"].shape[1]:
            assert data["image"][y, x].tolist() == [60 * int(text) + 15] * 3
        assert ignored == (text == "2")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "op",
    [
        RandomScaling(90, 0.5),
        RandomCropFlip(1.0),
        RandomCropPolyInstances(1.0, 0.3),
        RandomRotatePolyInstances(1.0, 60),
        SquareResizePad(150),
        RandomPerspective(1.0, degrees=10.0),
        RandomPerspective(1.0, fit_output=False),
        RandomCrop([80, 64]),
        IaaAugment([{"type": "Affine", "args": {"rotate": [-45, 45], "fit_output": True}}]),
    ],
    ids=repr,
)
def test_polygons_follow_the_image(op, seed):
    before = sample()
    data = op(dict(before), np.random.default_rng(seed))
    assert_texts_are_where_they_say(data)
    assert (before["image"] == sample()["image"]).all() and (before["polys"] == sample()["polys"]).all()


@pytest.mark.parametrize(
    "op",
    [
        RandomCropFlip(0.0),
        RandomCropPolyInstances(0.0),
        RandomRotatePolyInstances(0.0),
        RandomPerspective(0.0),
        IaaAugment([{"type": "Affine", "args": {"rotate": 30, "p": 0.0}}]),
    ],
    ids=repr,
)
def test_probability_zero_changes_nothing(op):
    data = run(op)
    assert (data["image"] == sample()["image"]).all() and (data["polys"] == sample()["polys"]).all()


def test_scaling_is_relative_to_the_size():
    heights, widths = zip(*(run(RandomScaling(60, (0.5, 2.0)), seed)["image"].shape[:2] for seed in range(40)))
    assert 30 <= min(widths) < 45 and 90 < max(widths) <= 120
    assert all(
        height == int(width * 100 / 120) or abs(height - width / 1.2) < 1 for height, width in zip(heights, widths)
    )


def test_flips_mirror_one_rectangle():
    kinds = set()
    for seed in range(40):
        data = run(RandomCropFlip(1.0), seed)
        assert np.sort(data["image"], axis=None).tolist() == np.sort(sample()["image"], axis=None).tolist()
        moved = (data["polys"] != sample()["polys"]).any(axis=(1, 2))
        np.testing.assert_allclose(np.abs(signed_areas(data["polys"])), signed_areas(sample()["polys"]))
        kinds |= {tuple(np.sign(data["polys"][i, 2] - data["polys"][i, 0]).astype(int)) for i in np.flatnonzero(moved)}
    assert kinds == {(-1, 1), (1, -1), (-1, -1)}


def test_instance_crops_cut_nothing_and_drop_what_is_outside():
    counts = set()
    for seed in range(40):
        data = run(RandomCropPolyInstances(1.0, 0.3), seed)
        height, width = data["image"].shape[:2]
        assert height >= 30 and width >= 36
        assert (data["polys"] >= 0).all() and (data["polys"] <= (width, height)).all()
        for number in (1, 2, 3):  # a text is wholly there or not at all
            pixels = np.count_nonzero((data["image"] == 60 * number + 15).all(axis=2))
            area = {1: 800, 2: 600, 3: 800}[number]
            assert pixels == (area if str(number) in data["texts"] else 0)
        counts.add(len(data["texts"]))
    assert counts >= {1, 3}
    empty = {**sample(), "polys": np.zeros((0, 4, 2), np.float32), "texts": [], "ignore_tags": np.zeros(0, bool)}
    assert RandomCropPolyInstances(1.0)(empty, np.random.default_rng(0))["image"].shape == (100, 120, 3)


def test_turned_images_hold_everything():
    for seed in range(10):
        data = run(RandomRotatePolyInstances(1.0, 60, pad_with_fixed_color=True, pad_value=[255, 0, 0]), seed)
        height, width = data["image"].shape[:2]
        assert (data["polys"] >= -0.01).all() and (data["polys"] <= (width + 0.01, height + 0.01)).all()
        np.testing.assert_allclose(signed_areas(data["polys"]), signed_areas(sample()["polys"]), rtol=1e-4)
        assert data["image"][0, 0].tolist() == [255, 0, 0] or abs(width - 120) < 5


def test_corners_are_filled_with_a_patch_of_the_image():
    patch = backdrop(sample()["image"], 30, 20, np.random.default_rng(0))
    assert patch.shape == (20, 30, 3) and patch.min() >= 40
    assert run(RandomRotatePolyInstances(1.0, 60), 1)["image"].min() >= 40


def test_squares():
    data = run(SquareResizePad(240, 1.0, pad_with_fixed_color=True, pad_value=[1, 2, 3]))
    assert data["image"].shape == (240, 240, 3)
    assert (data["image"][:20] == (1, 2, 3)).all() and (data["image"][220:] == (1, 2, 3)).all()
    assert data["polys"][0].tolist() == [[20, 40], [100, 40], [100, 80], [20, 80]]
    data = run(SquareResizePad(240, 0.0))
    np.testing.assert_allclose(data["polys"][0], [[20, 24], [100, 24], [100, 72], [20, 72]], rtol=1e-5)


def test_crops_that_cut_no_text():
    counts = set()
    for seed in range(40):
        data = run(RandomCrop([64, 64], max_tries=20), seed)
        assert data["image"].shape == (64, 64, 3)
        assert (data["polys"] >= 0).all() and (data["polys"] <= 64).all()
        counts.add(len(data["texts"]))
    assert counts == {1, 2, 3}
    windows = [RandomCrop().draw(sample(), 120, 100, np.random.default_rng(seed)) for seed in range(40)]
    assert all(window.width == 120 or window.height == 100 for window in windows)
    assert {window.width < 120 for window in windows} == {window.height < 100 for window in windows} == {False, True}
    empty = {**sample(), "polys": np.zeros((0, 4, 2), np.float32), "texts": [], "ignore_tags": np.zeros(0, bool)}
    data = RandomCrop([64, 64])(empty, np.random.default_rng(0))
    assert np.count_nonzero(data["image"].any(axis=(1, 2))) == 53  # 100 / 120 of 64


def test_crop_after_augmentation_is_one_step():
    ops = create_operators([{"IaaAugment": None}, {"RandomCrop": {"size": [64, 64]}}])
    assert list(map(repr, ops)) == ["AugmentAndCrop"]
    data = ops[0](sample(), np.random.default_rng(0))
    assert data["image"].shape == (64, 64, 3)


def test_layers_of_maps_are_cropped_by_height_and_width():
    kernels = np.arange(100 * 120).reshape(100, 120)
    data = {**sample(), "gt_kernels": np.stack([kernels] * 7), "gt_text": kernels}
    op = RandomCropImgMask([32, 48], "gt_text", ["image", "gt_kernels", "gt_text"])
    data = op(data, np.random.default_rng(0))
    assert data["image"].shape == (32, 48, 3) and data["gt_kernels"].shape == (7, 32, 48)
    assert (data["gt_kernels"] == data["gt_text"]).all()
    (square,) = create_operators([{"RandomCropImgMask": {"size": 32, "main_key": "gt_text", "crop_keys": ["image"]}}])
    assert square(sample() | {"gt_text": kernels}, np.random.default_rng(0))["image"].shape == (32, 32, 3)


def test_places_between_texts():
    rng = np.random.default_rng(0)
    low, high = draw_free_edges(np.array([10]), np.array([90]), 100, 500, rng)
    assert set(low.tolist()) <= {*range(10), *range(90, 101)} and (low <= high).all()
    assert {0, 100} <= set(low.tolist()) | set(high.tolist())
    low, high = draw_free_edges(np.array([-20]), np.array([130]), 100, 3, rng)
    assert (low.tolist(), high.tolist()) == ([0] * 3, [100] * 3)


def test_a_turn_by_a_right_angle_swaps_the_sides():
    data = run(IaaAugment([{"type": "Affine", "args": {"rotate": 90, "fit_output": True}}]))
    assert data["image"].shape == (120, 100, 3)
    np.testing.assert_allclose(data["polys"][0], [[90, 10], [90, 50], [70, 50], [70, 10]], atol=1e-4)


def test_projections():
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0.01, 0, 1]])
    assert project([[100, 50]], matrix).tolist() == [[50, 25]]
    fitted, width, height = fit_projection(shift(-30, 20) @ matrix, 100, 40)
    assert (width, height) == (50, 40)
    np.testing.assert_allclose(project([[0, 0], [100, 0]], fitted), [[0, 0], [50, 0]], atol=1e-5)


def test_strong_perspective_stays_bounded_and_fills_with_the_colour():
    op = RandomPerspective(1.0, scale=0.0, shear=0.0, perspective=0.5, fill_value=[9, 8, 7])
    for seed in range(10):
        data = run(op, seed)
        assert max(data["image"].shape) < 1000 and len(data["texts"]) == 3
        assert (data["image"] == (9, 8, 7)).all(axis=2).any()


def test_perspective_drops_what_leaves_the_image():
    lost = [run(RandomPerspective(1.0, degrees=180.0, scale=0.0, shear=0.0, fit_output=False), s) for s in range(40)]
    assert {data["image"].shape for data in lost} == {(100, 120, 3)}
    edge = {**sample(), "polys": sample()["polys"] + (0, 300)}
    data = RandomPerspective(1.0, fit_output=False)(edge, np.random.default_rng(0))
    assert len(data["polys"]) == 0 and data["texts"] == []


def test_a_text_that_reaches_behind_the_horizon_stays_where_it_is_seen():
    """Far outside of the image perspective turns left and right round."""
    long = {**sample(), "polys": np.array([[[10, 40], [9000, 40], [9000, 60], [10, 60]]] * 3, np.float32)}
    for seed in range(20):
        data = RandomPerspective(1.0, shear=0.0, perspective=0.5)(dict(long), np.random.default_rng(seed))
        left, right = data["polys"][0, [0, 3], 0], data["polys"][0, [1, 2], 0]
        assert (left < right).all() and (right < 2 * data["image"].shape[1]).all()
