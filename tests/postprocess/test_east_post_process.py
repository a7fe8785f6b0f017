"""Tests of EASTPostProcess."""

import numpy as np
import paddle
import pytest

from ppocr.postprocess.east_post_process import EASTPostProcess

SHAPES = np.array([[64, 96, 1.0, 1.0]])


def maps(*texts, shape=(16, 24)):
    """Maps with texts (quadrangle in pixels of the image, pixels of the map, probability)."""
    score, geometry = np.full((1, 1, *shape), 0.05, np.float32), np.zeros((1, 8, *shape), np.float32)
    for quad, (left, top, right, bottom), probability in texts:
        ys, xs = np.mgrid[top : bottom + 1, left : right + 1]
        score[0, 0, ys, xs] = probability
        ways = 4 * np.stack([xs, ys], axis=-1)[:, :, None] - np.array(quad)
        geometry[0][:, ys, xs] = ways.reshape(*xs.shape, 8).transpose(2, 0, 1)
    return {"f_score": score, "f_geo": geometry}


def box(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def find(preds, shapes=SHAPES, **settings):
    (result,) = EASTPostProcess(**settings)(preds, shapes)
    return result


ONE = (box(10, 12, 70, 32), (5, 4, 14, 6), 0.9)


def test_every_pixel_of_a_text_gives_the_same_box():
    result = find(maps(ONE))
    assert result["points"].dtype == np.int32 and result["points"].tolist() == [ONE[0]]
    assert set(result) == {"points"}


def test_boxes_belong_to_the_image_and_stay_in_it():
    result = find(maps(ONE, (box(60, 48, 120, 70), (16, 13, 22, 14), 0.9)), np.array([[128, 48, 0.5, 2.0]]))
    boxes = sorted(result["points"].tolist())
    assert boxes == [box(5, 24, 35, 64), box(30, 96, 48, 128)]


def test_corners_begin_at_the_top_left_and_go_clockwise():
    corners = np.array(ONE[0])
    for turned in (np.roll(corners, 1, axis=0), corners[::-1], np.roll(corners[::-1], 2, axis=0)):
        assert find(maps((turned, *ONE[1:])))["points"].tolist() == [ONE[0]]


def test_pixels_below_the_threshold_are_no_text():
    assert find(maps((*ONE[:2], 0.79)))["points"].shape == (0,)
    assert len(find(maps((*ONE[:2], 0.79)), score_thresh=0.75)["points"]) == 1


def test_boxes_need_a_mean_probability():
    # pixels 2 ... 17 and 3 ... 8 are in the box, 30 of these 96 are text
    mean = (30 * 0.9 + 66 * 0.05) / 96
    assert find(maps(ONE), return_scores=True)["scores"] == pytest.approx([mean], rel=1e-4)
    assert len(find(maps(ONE), cover_thresh=mean - 0.01)["points"]) == 1
    assert len(find(maps(ONE), cover_thresh=mean + 0.01)["points"]) == 0


@pytest.mark.parametrize("height, count", [(4, 0), (5, 1)])
def test_boxes_need_five_pixels_of_the_image(height, count):
    assert len(find(maps((box(8, 20, 60, 20 + height), (4, 5, 12, 5), 0.9)))["points"]) == count


def test_of_two_boxes_that_overlap_that_of_more_pixels_stays():
    apart, other = (box(76, 26, 92, 34), (20, 7, 20, 7), 0.9), (box(14, 28, 74, 48), (6, 8, 12, 8), 0.9)
    assert len(find(maps(ONE, apart, other))["points"]) == 3  # a sixth of the last lies in the first
    assert find(maps(ONE, apart, other), nms_thresh=0.05)["points"].tolist() == [ONE[0], apart[0]]


def test_tensors_and_batches():
    one, none = maps(ONE), maps()
    preds = {name: paddle.to_tensor(np.concatenate([one[name], none[name]])) for name in one}
    results = EASTPostProcess(return_scores=True)(preds, np.repeat(SHAPES, 2, axis=0))
    assert [len(result["points"]) for result in results] == [1, 0]
    assert [result["scores"].shape for result in results] == [(1,), (0,)]
