"""Polygons of FCENet, from maps that say what they are."""

import numpy as np
import pytest

from ppocr.data.imaug.fce_targets import FCENetTargets
from ppocr.metrics.detection_iou import match_detections
from ppocr.postprocess import build_post_process

SHAPE = [[512, 512, 1.0, 1.0]]


def word(x, y, width, height):
    """Returns a text that bends downwards, 10 points."""
    xs = np.linspace(x, x + width, 5)
    bend = height * np.sin(np.linspace(0, np.pi, 5)) / 2
    return np.stack([np.append(xs, xs[::-1]), np.append(y + bend, y + height + bend[::-1])], axis=1)


WORDS = [word(16, 16, 96, 24), word(160, 30, 180, 30), word(40, 120, 400, 120)]  # one for each level


def perfect(polys):
    """Returns what a network gives that knows the targets of texts."""
    data = {"image": np.zeros([512, 512, 3], np.uint8), "polys": np.array(polys, "float32")}
    data = FCENetTargets()(data)
    levels = {}
    for i, key in enumerate(("p3_maps", "p4_maps", "p5_maps")):
        text, center, _, *rest = data[key]
        levels[f"level_{i}"] = np.stack([1 - text, text, 1 - center, center, *rest])[None]
    return levels


def test_the_texts_of_the_targets_are_found_once_each():
    (page,) = build_post_process({"name": "FCEPostProcess"})(perfect(WORDS), SHAPE)
    assert page["points"].shape == (3, 50, 2) and page["scores"] == [1.0] * 3
    assert match_detections(WORDS, [False] * 3, page["points"], iou_threshold=0.75) == (3, 3, 3)


def test_points_belong_to_the_image_before_it_was_resized():
    preds = perfect(WORDS)
    post_process = build_post_process({"name": "FCEPostProcess"})
    (page,), (twice,) = post_process(preds, SHAPE), post_process(preds, [[1024, 256, 0.5, 2.0]])
    np.testing.assert_array_equal(twice["points"], page["points"] * np.array([0.5, 2.0]))


def test_rectangles_begin_at_the_bottom_left():
    (page,) = build_post_process({"name": "FCEPostProcess", "box_type": "quad"})(perfect(WORDS[2:]), SHAPE)
    (quad,) = page["points"]
    assert quad.shape == (4, 2)
    assert quad[[0, 1], 0].max() < quad[[2, 3], 0].min() and quad[0, 1] > quad[1, 1] and quad[3, 1] > quad[2, 1]


def test_a_page_without_text_has_no_polygons():
    (page,) = build_post_process({"name": "FCEPostProcess"})(perfect(np.zeros([0, 4, 2])), SHAPE)
    assert len(page["points"]) == 0 and page["scores"] == []


@pytest.mark.parametrize("beta, found", [(1.0, 1), (2.0, 0)])
def test_the_score_is_the_product_of_powers(beta, found):
    preds = perfect(WORDS[:1])
    preds["level_0"][0, 3] *= 0.4
    (page,) = build_post_process({"name": "FCEPostProcess", "beta": beta})(preds, SHAPE)
    assert len(page["points"]) == found


def test_holes_of_a_region_belong_to_it():
    preds = perfect(WORDS[:1])
    score = preds["level_0"][0, 3]
    preds["level_0"][0, 1] = 1
    score[:] = 0
    score[2:7, 2:12] = 0.5
    score[4, 6] = 0.25  # below the threshold, but inside
    score[20, 20] = 0.25
    (page,) = build_post_process({"name": "FCEPostProcess", "nms_thr": 1.0})(preds, SHAPE)
    assert page["scores"].count(0.25) == 1
