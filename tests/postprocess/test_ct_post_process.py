"""Polygons of CentripetalText, from maps that say what they are."""

import numpy as np
import pytest

from ppocr.metrics.detection_iou import match_detections
from ppocr.postprocess import build_post_process

SHAPE = [[160, 320, 3, 160, 320, 3]]
TEXTS = [(4, 4, 30, 12), (4, 14, 30, 22), (50, 20, 76, 36)]  # left, top, right and bottom in pixels of the map


def perfect(texts):
    """Returns what a network gives that shrinks texts by two pixels, and knows the way back."""
    maps, score = np.zeros([1, 3, 40, 80], "float32"), np.full([1, 40, 80], 0.95, "float32")
    maps[:, 0] = -5
    ys, xs = np.mgrid[:40, :80]
    for left, top, right, bottom in texts:
        maps[0, 0, top + 2 : bottom - 2, left + 2 : right - 2] = 5
        inside = (slice(top, bottom), slice(left, right))
        maps[0, 1][inside] = (np.clip(xs, left + 2, right - 3) - xs)[inside] * 0.4
        maps[0, 2][inside] = (np.clip(ys, top + 2, bottom - 3) - ys)[inside] * 0.4
    return {"maps": maps, "score": score}


def boxes(texts):
    return [np.array([[x, y], [right, y], [right, bottom], [x, bottom]]) * 4 for x, y, right, bottom in texts]


@pytest.mark.parametrize("box_type", ["poly", "rect"])
def test_texts_that_touch_are_found_one_by_one(box_type):
    (page,) = build_post_process({"name": "CTPostProcess", "box_type": box_type})(perfect(TEXTS), SHAPE)
    assert page["scores"] == pytest.approx([0.95] * 3)
    assert match_detections(boxes(TEXTS), [False] * 3, page["points"], iou_threshold=0.9) == (3, 3, 3)


def test_points_belong_to_the_image_before_it_was_resized():
    post_process = build_post_process({"name": "CTPostProcess"})
    (page,), (other,) = (post_process(perfect(TEXTS[:1]), shape) for shape in (SHAPE, [[80, 960, 3, 160, 320, 3]]))
    np.testing.assert_array_equal(other["points"][0], (page["points"][0] * [3, 0.5]).astype(int))


def test_small_kernels_low_scores_and_small_texts_are_left_out():
    small = [(4, 4, 11, 11)]  # a kernel of 3 x 3
    assert build_post_process({"name": "CTPostProcess"})(perfect(small), SHAPE)[0]["points"] == []
    assert build_post_process({"name": "CTPostProcess", "min_score": 0.96})(perfect(TEXTS), SHAPE)[0]["points"] == []
    large = {"name": "CTPostProcess", "min_area": 26 * 16 * 16}
    assert len(build_post_process(large)(perfect(TEXTS), SHAPE)[0]["points"]) == 1


def test_a_shift_out_of_the_map_ends_at_its_edge():
    preds = perfect(TEXTS[:1])
    preds["maps"][0, 1:, 30:, 60:] = 1e6
    assert len(build_post_process({"name": "CTPostProcess"})(preds, SHAPE)[0]["points"]) == 1
