"""What holds for any image and any polygons: texts stay in their images, targets in their ranges.

Samples begin where ``DetLabelEncode`` has left them.
"""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.imaug import create_operators, run_operators
from ppocr.errors import Dropped

DETECTION = yaml.safe_load(Path(__file__).with_name("chains.yml").read_text(encoding="utf-8"))["det"]
PROPERTY = settings(max_examples=30, deadline=None, derandomize=True)
ROUNDING = 0.51  # pixels: sizes of images are whole numbers, and so are drawn rectangles
SEEDS = st.integers(0, 2**32 - 1)


def polygon(rng, kind, corners, size):
    """Draws one polygon in an image of ``size`` (width, height)."""
    if kind == "point":
        return np.tile(rng.uniform(0, size), (corners, 1))
    if kind == "line":
        return rng.uniform(0, size) * [1, 0] + rng.uniform(0, size, (corners, 2)) * [0, 1]
    if kind == "any":
        return rng.uniform(0, size, (corners, 2))
    low, high = np.sort(rng.uniform(0, size, (2, 2)), axis=0)
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False) + 1.25 * np.pi
    reach = np.sqrt(0.5) if corners == 4 else 1.0
    return (low + high) / 2 + np.stack([np.cos(turns), np.sin(turns)], axis=1) / reach * (high - low) / 2


@st.composite
def scenes(draw, corners=(4, 4, 6, 14)):
    """Samples of which all polygons are in the image: an image, polygons of any shape, texts and ignore tags."""
    width, height = draw(st.integers(1, 120)), draw(st.integers(1, 120))
    kinds = draw(st.lists(st.sampled_from(["box", "box", "any", "line", "point"]), max_size=5))
    corners = draw(st.sampled_from(corners))
    rng = np.random.default_rng(draw(SEEDS))
    polys = [polygon(rng, kind, corners, (width, height)) for kind in kinds]
    return {
        "image": rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        "polys": np.array(polys, np.float32).reshape(-1, corners, 2),
        "texts": [str(number) for number in range(len(kinds))],
        "ignore_tags": rng.random(len(kinds)) < 0.3,
        "epoch": int(rng.integers(700)),
    }


def run(chain, scene, seed, other=None, fused=True):
    """Runs a chain after its first two operators, and without its ``KeepKeys``."""
    entries = chain[2:-1]
    ops = create_operators(entries) if fused else [create_operators([entry])[0] for entry in entries]
    return run_operators({**scene, "ext_data": [other] if other else []}, ops, np.random.default_rng(seed))


def assert_inside(data, size):
    """Polygons are in an image of ``size`` (height, width), and there is a text and a tag for each."""
    assert (data["polys"] >= -ROUNDING).all() and (data["polys"] <= np.array(size[::-1]) + ROUNDING).all()
    assert len(data["polys"]) == len(data["texts"]) == len(data["ignore_tags"])


INSIDE = [
    {"CopyPaste": {"objects_paste_ratio": 1.0}},
    {"IaaAugment": {"augmenter_args": [{"type": "Affine", "args": {"rotate": [-45, 45], "fit_output": True}}]}},
    {"IaaAugment": {"augmenter_args": [{"type": "Flipud"}, {"type": "Resize", "args": {"size": [0.1, 3]}}]}},
    {"RandomCrop": {"size": [96, 64]}},
    {"RandomCropFlip": {"crop_ratio": 1.0}},
    {"RandomCropPolyInstances": {"crop_ratio": 1.0}},
    {"RandomPerspective": {"prob": 1.0, "degrees": 30, "perspective": 0.01}},
    {"RandomRotatePolyInstances": {"rotate_ratio": 1.0, "max_angle": 60}},
    {"RandomScaling": {"size": 80}},
    {"Resize": {"size": [50, 70]}},
    {"SquareResizePad": {"target_size": 90}},
]


@pytest.mark.parametrize("entry", INSIDE, ids=lambda entry: next(iter(entry)))
@PROPERTY
@given(scenes(), scenes(corners=(4,)), SEEDS)
def test_an_operator_leaves_polygons_in_the_image(entry, scene, other, seed):
    data = run([None, None, entry, None], scene, seed, other)
    assert_inside(data, data["image"].shape[:2])


@PROPERTY
@given(scenes(), SEEDS)
def test_what_an_image_turned_at_its_size_loses_is_out_of_it_too(scene, seed):
    """A turn that keeps the size may move texts out of the image; perspective then drops them."""
    entry = {"RandomPerspective": {"prob": 1.0, "degrees": 90, "scale": 0.9, "fit_output": False}}
    data = run([None, None, entry, None], scene, seed)
    low, high = data["polys"].min(axis=1, initial=1e9), data["polys"].max(axis=1, initial=-1e9)
    assert (high >= 0).all() and (low <= data["image"].shape[1::-1]).all()
    assert data["image"].shape == scene["image"].shape and len(data["polys"]) == len(data["texts"])


@PROPERTY
@given(scenes(), SEEDS)
def test_a_crop_between_texts_cuts_none_that_counts(scene, seed):
    """Every text that counts is whole, or only touches the edge; one that is to be ignored may be cut."""
    size = np.array([960, 640])
    data = run([None, None, {"EastRandomCropData": {"size": size.tolist()}}, None], scene, seed)
    rounding = size.max() / min(scene["image"].shape[:2])  # half a pixel at either end, enlarged
    counted = data["polys"][~data["ignore_tags"]]
    low, high = counted.min(axis=1), counted.max(axis=1)
    whole = ((low >= -rounding) & (high <= size + rounding)).all(axis=1)
    beside = (np.minimum(high, size) - np.maximum(low, 0) <= rounding).any(axis=1)
    assert (whole | beside).all()
    assert len(data["polys"]) == len(data["texts"]) == len(data["ignore_tags"])


@pytest.mark.parametrize("name", ["v2", "v4", "v6", "seal"])
@PROPERTY
@given(scenes(), scenes(corners=(4,)), SEEDS)
def test_targets_of_db(name, scene, other, seed):
    """Rotation and crop may leave polygons across the edge: the last that draws them brings them into the image."""
    data = run(DETECTION[name], scene, seed, other)
    size = data["image"].shape[1:]
    assert data["image"].shape == (3, 64, 96 if name in ("v2", "v4") else 64) and data["image"].dtype == np.float32
    for key in ("shrink_map", "shrink_mask", "threshold_map", "threshold_mask"):
        assert data[key].shape == size and data[key].dtype == np.float32
        assert key == "threshold_map" or np.isin(data[key], (0, 1)).all()
    assert data["threshold_map"].min() >= 0.3 - 1e-6 and data["threshold_map"].max() <= 0.7 + 1e-6
    assert (data["polys"] >= 0).all() and (data["polys"] <= np.array(size[::-1]) - 1).all()
    assert len(data["polys"]) == len(data["texts"]) == len(data["ignore_tags"])
    unfused = run(DETECTION[name], scene, seed, other, fused=False)
    np.testing.assert_allclose(unfused["polys"], data["polys"], atol=1e-3)
    assert unfused["texts"] == data["texts"]


def sample_of(name, scene, seed):
    """Returns what a chain makes of a scene; None where it drops the sample or rejects its draw."""
    try:
        return run(DETECTION[name], scene, seed)
    except Dropped:
        return None


def assert_maps(data, keys, shape, dtype=np.float32, values=(0, 1)):
    for key in keys:
        assert data[key].shape == shape and data[key].dtype == dtype, key
        assert np.isin(data[key], np.array(values, dtype)).all(), key


@PROPERTY
@given(scenes(), SEEDS)
def test_targets_of_east(scene, seed):
    data = sample_of("east", scene, seed)
    if data is None:
        return
    assert data["image"].shape == (3, 64, 96) and data["image"].dtype == np.float32
    assert_maps(data, ("score_map", "training_mask"), (1, 16, 24))
    geometry = data["geo_map"]
    assert geometry.shape == (9, 16, 24) and geometry.dtype == np.float32
    ys, xs = np.nonzero(data["score_map"][0])
    corners = np.stack([xs, ys], axis=1)[:, None] * 4 - geometry[:8, ys, xs].T.reshape(-1, 4, 2)
    assert (corners >= -ROUNDING).all() and (corners <= np.array([96, 64]) + ROUNDING).all()
    assert (geometry[8, ys, xs] > 0).all() and (geometry[8] <= 1).all()
    assert not geometry[:, data["score_map"][0] == 0].any()


@PROPERTY
@given(scenes(), SEEDS)
def test_targets_of_sast(scene, seed):
    data = sample_of("sast", scene, seed)
    if data is None:
        return
    assert data["image"].shape == (3, 64, 96) and data["image"].dtype == np.float32
    assert_maps(data, ("score_map",), (1, 16, 24))
    assert_maps(data, ("training_mask",), (1, 16, 24), values=(0.15, 1))
    assert [data[key].shape for key in ("border_map", "tvo_map", "tco_map")] == [(n, 16, 24) for n in (5, 9, 3)]
    shown = data["score_map"][0] > 0
    for key in ("border_map", "tvo_map", "tco_map"):
        part = data[key][-1]
        assert np.isfinite(data[key]).all() and (part[shown] > 0).all() and (part <= 1).all(), key
        assert not data[key][:, ~shown].any(), key
    ys, xs = np.nonzero(shown)
    middle = np.stack([xs, ys], axis=1) - data["tco_map"][:2, ys, xs].T
    assert (middle >= -ROUNDING).all() and (middle <= np.array([24, 16]) + ROUNDING).all()


@PROPERTY
@given(scenes(), SEEDS)
def test_targets_of_pse(scene, seed):
    data = sample_of("pse", scene, seed)
    height, width = data["image"].shape[1:]
    assert (height, width) == (64, 64) and data["image"].dtype == np.float32
    assert_maps(data, ("gt_kernels",), (7, 64, 64))
    assert_maps(data, ("gt_text", "mask"), (64, 64))
    np.testing.assert_array_equal(data["gt_text"], data["gt_kernels"][0])


@PROPERTY
@given(scenes(), SEEDS)
def test_targets_of_fce(scene, seed):
    data = sample_of("fce", scene, seed)
    assert_inside(data, (96, 96))
    for key, divisor in (("p3_maps", 8), ("p4_maps", 16), ("p5_maps", 32)):
        maps = data[key]
        assert maps.shape == (25, 96 // divisor, 96 // divisor) and maps.dtype == np.float32
        text, center, counts = maps[:3]
        assert np.isin(maps[:2], (0, 1)).all() and (counts == 1).all() and np.isfinite(maps).all()
        assert not maps[3:, text == 0].any()


@PROPERTY
@given(scenes(), SEEDS)
def test_targets_of_drrg(scene, seed):
    data = sample_of("drrg", scene, seed)
    assert_inside(data, (96, 96))
    assert_maps(data, ("gt_text_mask", "gt_center_region_mask", "gt_mask"), (96, 96), np.uint8)
    center = data["gt_center_region_mask"] > 0
    for key in ("gt_top_height_map", "gt_bot_height_map", "gt_sin_map", "gt_cos_map"):
        assert data[key].shape == (96, 96) and data[key].dtype == np.float32 and not data[key][~center].any()
    assert (data["gt_top_height_map"] >= 0).all() and (data["gt_bot_height_map"] >= 0).all()
    length = np.hypot(data["gt_sin_map"], data["gt_cos_map"])[center]
    assert (np.isclose(length, 1) | (length == 0)).all()
    components = data["gt_comp_attribs"]
    count = int(components[0, 0])
    assert components.shape == (600, 8) and (components[:count, 0] == count).all() and not components[count:].any()
    assert np.isin(components[:count, 7], np.arange(len(data["polys"]) + 1)).all()
    np.testing.assert_allclose(np.hypot(components[:count, 5], components[:count, 6]), 1, atol=1e-4)


@PROPERTY
@given(scenes(), SEEDS)
def test_targets_of_ct(scene, seed):
    """Each shift leads to a kernel, to that of its own text where texts do not overlap."""
    data = sample_of("ct", {**scene, "polys": list(scene["polys"])}, seed)
    assert data["image"].shape == (3, 64, 96) and data["image"].dtype == np.float32
    assert_maps(data, ("gt_kernel", "training_mask", "training_mask_distance"), (64, 96), np.int64)
    numbers = np.arange(len(scene["polys"]) + 1)
    assert_maps(data, ("gt_instance", "gt_kernel_instance"), (64, 96), np.int64, numbers)
    shifts = data["gt_distance"]
    assert shifts.shape == (2, 64, 96) and shifts.dtype == np.float32
    ys, xs = np.nonzero(shifts.any(axis=0))
    dx, dy = np.rint(shifts[:, ys, xs] * 10).astype(int)
    assert data["gt_kernel"][ys + dy, xs + dx].all()
    if len(numbers) <= 2:
        np.testing.assert_array_equal(data["gt_kernel_instance"][ys + dy, xs + dx], data["gt_instance"][ys, xs])
    assert not data["gt_kernel_instance"][ys, xs].any()
