"""Images without text teach that there is none, and boxes that a target leaves out are counted."""

import contextlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from ppocr.data.imaug import create_operators, run_operators
from ppocr.data.imaug.det_crop import RandomCropImgMask
from ppocr.data.imaug.operator import Rejected, note_lost_boxes

CHAINS = yaml.safe_load(Path(__file__).parents[1].joinpath("chains.yml").read_text(encoding="utf-8"))["det"]
BACKGROUND = {
    "v2": {"shrink_map": 0, "shrink_mask": 1, "threshold_map": 0.3, "threshold_mask": 0},
    "v4": {"shrink_map": 0, "shrink_mask": 1, "threshold_map": 0.3, "threshold_mask": 0},
    "v6": {"shrink_map": 0, "shrink_mask": 1, "threshold_map": 0.3, "threshold_mask": 0},
    "east": {"score_map": 0, "geo_map": 0, "training_mask": 1},
    "sast": {"score_map": 0, "border_map": 0, "tvo_map": 0, "tco_map": 0, "training_mask": 1},
    "pse": {"gt_kernels": 0, "gt_text": 0, "mask": 1},
    "fce": {"p3_maps": [[[0]], [[0]], [[1]]] + [[[0]]] * 22},
    "drrg": {"gt_text_mask": 0, "gt_center_region_mask": 0, "gt_mask": 1, "gt_sin_map": 0},
    "ct": {"gt_kernel": 0, "gt_instance": 0, "gt_kernel_instance": 0, "gt_distance": 0},
}
ROW = [[10, 10], [60, 10], [60, 30], [10, 30]]
SMALL = [[70, 60], [73, 60], [73, 63], [70, 63]]
BEYOND = [[200, 10], [240, 10], [240, 30], [200, 30]]


def sample(*outlines, size=(96, 120)):
    """Returns a sample as it is stored: an image of ``size`` (height, width) and a label."""
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    items = [{"transcription": str(i), "points": points} for i, points in enumerate(outlines)]
    return {"image": cv2.imencode(".png", image)[1].tobytes(), "label": json.dumps(items), "notes": [], "epoch": 0}


def run(chain, data, seed=0):
    return run_operators(data, create_operators(chain), np.random.default_rng(seed))


def lost(chain, *outlines, seed=0, **data):
    """Returns how many boxes a chain leaves out after the label has been read, by reason."""
    stored = {**sample(*outlines), **data}
    with contextlib.suppress(Rejected):
        run(chain, stored, seed)
    counts = {}
    for note in stored["notes"]:
        if note.expected and note.reason != "boxes":
            counts[note.reason] = counts.get(note.reason, 0) + note.count
    return counts


@pytest.mark.parametrize("name", BACKGROUND)
@pytest.mark.parametrize("seed", range(3))
def test_an_image_without_text_is_all_background(name, seed):
    data = run(CHAINS[name][:-1], sample(), seed)
    assert data["image"].ndim == 3 and data["image"].dtype == np.float32
    for key, value in BACKGROUND[name].items():
        assert np.allclose(data[key], value), key


def test_texts_can_be_pasted_into_an_image_without_any():
    other = run(CHAINS["v4"][:2], sample(ROW))
    data = run(CHAINS["v4"][:3], {**sample(size=(200, 200)), "ext_data": [other]})
    assert data["texts"] == ["0"] and data["polys"].shape == (1, 4, 2) and data["ignore_tags"].tolist() == [False]
    assert run(CHAINS["v4"][:3], {**sample(ROW), "ext_data": [run(CHAINS["v4"][:2], sample())]})["texts"] == ["0"]


def encode_then(**operator):
    return [{"DecodeImage": {"img_mode": "BGR"}}, {"DetLabelEncode": None}, operator]


@pytest.mark.parametrize(
    ("operator", "outlines", "expected"),
    [
        ({"MakeShrinkMap": None}, [ROW, SMALL], {"boxes_below_min_text_size": 1}),
        ({"MakeShrinkMap": None}, [ROW, BEYOND], {"boxes_of_less_than_a_pixel": 1}),
        ({"MakePseGt": {"size": 64}}, [ROW, [[1, 1], [9, 9]]], {"boxes_of_less_than_a_pixel": 1}),
        ({"FCENetTargets": None}, [ROW, [[0, 0], [119, 0], [119, 95], [0, 95]]], {"boxes_that_fit_no_level": 1}),
        ({"DRRGTargets": None}, [ROW, SMALL], {"boxes_shorter_than_a_component": 1}),
        (
            {"EastRandomCropData": {"size": [64, 64], "max_tries": 500, "min_crop_side_ratio": 0.5}},
            [ROW, [[10, 80], [60, 80], [60, 90], [10, 90]]],
            {"boxes_cut_off": 1},
        ),
        (
            {"EASTProcessTrain": {"image_shape": [96, 120], "background_ratio": 0.0}},
            [ROW, BEYOND],
            {"boxes_of_less_than_a_pixel": 1},
        ),
        (
            {"SASTProcessTrain": {"image_shape": [96, 120], "min_text_size": 40}},
            [ROW, BEYOND],
            {"boxes_of_less_than_a_pixel": 1, "boxes_outside_of_min_and_max_text_size": 1},
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_boxes_that_a_target_leaves_out_are_counted(operator, outlines, expected):
    found = [lost(encode_then(**operator), *outlines, seed=seed) for seed in range(8)]
    assert expected in found, found


def test_nothing_is_counted_where_nothing_is_lost():
    for operator in ("MakeShrinkMap", "MakePseGt", "FCENetTargets", "DRRGTargets"):
        assert lost(encode_then(**{operator: None}), ROW) == {}


def test_boxes_that_are_to_be_ignored_are_not_counted():
    data = sample(ROW, SMALL)
    data["label"] = data["label"].replace('"1"', '"###"')
    run(encode_then(MakeShrinkMap=None), data)
    assert [(note.reason, note.count) for note in data["notes"]] == [("boxes", 1)]


def test_east_counts_what_is_too_small_at_the_scale_of_its_crop():
    chain = encode_then(EASTProcessTrain={"image_shape": [96, 120], "background_ratio": 0.0, "min_text_size": 21})
    found = [lost(chain, ROW, seed=seed) for seed in range(12)]
    assert {"boxes_below_min_text_size": 1} in found and {} in found


def test_ct_counts_what_its_crop_and_its_kernels_lose():
    chain = [entry for entry in CHAINS["ct"][:-4] if "GroupRandomRotate" not in entry]
    wide = [[[x, 10], [x + 30, 10], [x + 30, 40], [x, 40]] for x in (5, 165)]
    found = [lost(chain, *wide, seed=seed, image=sample(size=(64, 200))["image"]) for seed in range(8)]
    assert {"boxes_cut_off": 1} in found
    thin = [[40, 50], [80, 50], [80, 51], [40, 51]]
    assert "boxes_without_a_kernel" in {reason for seed in range(4) for reason in lost(chain, thin, seed=seed)}


def test_a_crop_of_maps_counts_the_boxes_outside_of_it():
    text = np.zeros((40, 100), np.float32)
    polys = np.array([[[0, 0], [9, 0], [9, 9], [0, 9]], [[90, 30], [99, 30], [99, 39], [90, 39]]], np.float32)
    data = {"image": np.zeros((40, 100, 3), np.uint8), "gt_text": text, "polys": polys, "notes": []}
    data["ignore_tags"] = np.array([False, False])
    crop = RandomCropImgMask([20, 20], "gt_text", ["image", "gt_text"])
    crop(data, np.random.default_rng(0))
    assert [(note.reason, note.count) for note in data["notes"]] == [("boxes_cut_off", 2)]


def test_a_text_without_room_to_be_pasted_is_counted():
    other = run(CHAINS["v4"][:2], sample([[0, 0], [119, 0], [119, 95], [0, 95]]))
    data = {**sample(ROW), "ext_data": [other]}
    run(CHAINS["v4"][:3], data)
    assert ("boxes_that_found_no_room_to_be_pasted", 1) in [(note.reason, note.count) for note in data["notes"]]


def test_a_sample_without_notes_counts_nothing():
    note_lost_boxes({}, "cut_off", np.array([True]))
