"""Tests of SASTPostProcess."""

import numpy as np
import paddle
import pytest

from ppocr.postprocess.sast_post_process import CenterLines, SASTPostProcess, nearest

SHAPES = np.array([[64, 128, 1.0, 1.0]])


def box(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def maps(*texts, shape=(16, 32)):
    """Maps with texts (quadrangle, pixels of the centre line as left, top, right, bottom, probability)."""
    preds = {f"f_{name}": np.zeros((1, c, *shape), np.float32) for name, c in (("border", 4), ("tvo", 8), ("tco", 2))}
    preds["f_score"] = np.full((1, 1, *shape), 0.05, np.float32)
    for quad, (left, top, right, bottom), probability in texts:
        quad = np.array(quad, np.float64)
        ys, xs = (plane.ravel() for plane in np.mgrid[top : bottom + 1, left : right + 1])
        preds["f_score"][0, 0, ys, xs] = probability
        pixels = np.stack([xs, ys], axis=1)
        preds["f_tvo"][0][:, ys, xs] = (pixels[:, None] - quad).reshape(-1, 8).T
        preds["f_tco"][0][:, ys, xs] = (pixels - quad.mean(axis=0)).T
        for channel, y in ((0, quad[0, 1]), (2, quad[3, 1])):
            preds["f_border"][0, channel, ys, xs] = y - ys
    return preds


def find(preds, shapes=SHAPES, **settings):
    (result,) = SASTPostProcess(**{"shrink_ratio_of_width": 0.25, **settings})(preds, shapes)
    return result


# 20 x 4 pixels of the map; the centre line is shorter by a quarter of the height at either end
ONE = (box(2, 4, 22, 8), (3, 6, 21, 6), 0.9)
ONE_FOUND = np.array(box(8, 16, 88, 32))


def test_a_text_reaches_from_border_to_border_and_from_end_to_end():
    result = find(maps(ONE))
    assert result["points"].dtype == np.float32 and set(result) == {"points"}
    np.testing.assert_allclose(result["points"], [ONE_FOUND], atol=1e-3)


def test_polygons_belong_to_the_image_and_stay_in_it():
    result = find(maps((box(0, 4, 22, 8), (0, 6, 21, 6), 0.9)), np.array([[128, 64, 2.0, 0.5]]))
    # a height of 32 pixels of the image: the right end moves from 42 by 8
    np.testing.assert_allclose(result["points"], [box(0, 32, 50, 64)], atol=1e-3)


def test_points_along_both_borders():
    (outline,) = find(maps(ONE), sample_pts_num=4)["points"]
    steps = np.array([8, 36, 60, 88])  # pixels 3, 9, 15 and 21 of the map, the ends moved out by 1
    expected = [[x, 16] for x in steps] + [[x, 32] for x in steps[::-1]]
    np.testing.assert_allclose(outline, expected, atol=1e-3)


def test_a_border_follows_a_curve():
    preds = maps((box(2, 2, 22, 8), (3, 5, 21, 5), 0.9))
    preds["f_border"][0, 0, 5, 12] = -5.0
    (outline,) = find(preds, sample_pts_num=3, shrink_ratio_of_width=0.0)["points"]
    np.testing.assert_allclose(outline[:3], [[12, 8], [48, 0], [84, 8]], atol=1e-3)


def test_the_number_of_points_follows_the_length():
    preds = maps(ONE, (box(2, 11, 12, 15), (3, 13, 11, 13), 0.9))
    result = find(preds, sample_pts_num=0)
    assert sorted(map(len, result["points"])) == [4, 8]  # lines of 8 and of 18 pixels, heights of 4


@pytest.mark.parametrize("scale, moved", [(1.0, 0), (1.1, 0.5), (1.5, 1.0), (10.0, 3.0)])
def test_borders_move_out_by_half_a_pixel_to_three(scale, moved):
    (outline,) = find(maps((box(2, 4, 22, 8), (3, 6, 21, 6), 0.9)), expand_scale=scale, shrink_ratio_of_width=0.0)[
        "points"
    ]
    np.testing.assert_allclose(outline[:, 1], 4 * np.array([4 - moved, 4 - moved, 8 + moved, 8 + moved]), atol=1e-3)


def test_pixels_go_to_the_text_whose_middle_they_point_to():
    beside = (box(23, 4, 31, 8), (23, 6, 30, 6), 0.9)
    result = find(maps(ONE, beside), shrink_ratio_of_width=0.0)
    assert sorted(outline[:, 0].tolist() for outline in result["points"]) == [[12, 84, 84, 12], [92, 120, 120, 92]]


def test_small_and_weak_texts_are_left_out():
    flat, tiny = (box(2, 4, 22, 6.9), (3, 5, 21, 5), 0.9), (box(2, 4, 4, 6), (3, 5, 3, 5), 0.9)
    assert find(maps(flat))["points"].shape == find(maps(tiny))["points"].shape == (0,)
    assert find(maps(ONE), score_thresh=0.95)["points"].shape == (0,)
    weak = (*ONE[:2], 0.09)
    assert len(find(maps(weak), score_thresh=0.06)["points"]) == 0


def test_scores_are_the_means_of_the_centre_line():
    preds = maps(ONE)
    preds["f_score"][0, 0, 6, 3:12] = 0.7
    result = find(preds, return_scores=True)
    np.testing.assert_allclose(result["scores"], [(9 * 0.7 + 10 * 0.9) / 19], rtol=1e-5)


def test_one_point_makes_no_line():
    assert list(SASTPostProcess.check_arguments(1)) and not list(SASTPostProcess.check_arguments(0))


def test_tensors_and_batches():
    one, none = maps(ONE), maps()
    preds = {name: paddle.to_tensor(np.concatenate([one[name], none[name]])) for name in one}
    results = SASTPostProcess(return_scores=True)(preds, np.repeat(SHAPES, 2, axis=0))
    assert [len(result["points"]) for result in results] == [1, 0]
    assert [result["scores"].shape for result in results] == [(1,), (0,)]


def test_nearest_centres():
    rng = np.random.default_rng(1)
    points, centers = rng.uniform(0, 2000, (300, 2)), rng.uniform(0, 2000, (40, 2))
    expected = np.linalg.norm(points[:, None] - centers, axis=2).argmin(axis=1)
    assert nearest(points, centers).tolist() == expected.tolist()


def test_pixels_of_a_line_go_from_head_to_tail():
    pixels = np.array([[5.0, 0.0], [1.0, 0.0], [3.0, 0.0], [9.0, 9.0]])
    quads = np.array([box(10, 0, 0, -4), box(0, 8, 10, 12)])  # the head of the first is on the right
    lines = CenterLines(pixels, np.ones(4), np.array([0, 0, 0, 1]), quads)
    assert lines.spread(np.array([0, 1]), 3).tolist() == [[0, 2, 1], [3, 3, 3]]
