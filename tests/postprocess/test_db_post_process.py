"""Tests of DBPostProcess."""

import cv2
import numpy as np
import paddle
import pytest

from ppocr.geometry.quads import ordered_corners
from ppocr.metrics.detection_iou import to_polygons
from ppocr.postprocess.db_post_process import DBPostProcess, region_score, rescale, unclip

SHAPES = np.array([[64, 96, 1.0, 1.0]])


def block_map(*blocks, shape=(64, 96)):
    """Map (1, 1, height, width) with blocks (left, top, right, bottom, probability), last pixels included."""
    drawn = np.zeros(shape, dtype=np.float32)
    for left, top, right, bottom, probability in blocks:
        drawn[top : bottom + 1, left : right + 1] = probability
    return drawn[None, None]


def test_a_block_grows_by_area_times_ratio_over_perimeter():
    # 20..60 x 20..40: area 800, perimeter 120, so 800 * 0.9 / 120 = 6 pixels on each side
    (result,) = DBPostProcess(unclip_ratio=0.9)({"maps": block_map((20, 20, 60, 40, 0.9))}, SHAPES)
    assert result["points"].dtype == np.int32 and set(result) == {"points"}
    np.testing.assert_allclose(result["points"], [[[14, 14], [66, 14], [66, 46], [14, 46]]], atol=1)


def test_boxes_are_scaled_to_the_image_and_kept_inside():
    maps = paddle.to_tensor(np.concatenate([block_map((20, 20, 60, 40, 0.9)), block_map((0, 0, 40, 20, 0.9))]))
    shapes = np.array([[128, 288, 0.5, 1 / 3], [64, 96, 1, 1]])
    first, second = DBPostProcess(unclip_ratio=0.9)({"maps": maps}, shapes)
    np.testing.assert_allclose(first["points"][0], [[42, 28], [198, 28], [198, 92], [42, 92]], atol=3)
    np.testing.assert_allclose(second["points"][0], [[0, 0], [46, 0], [46, 26], [0, 26]], atol=1)


def test_weak_and_small_regions_are_left_out():
    maps = block_map((5, 5, 30, 15, 0.69), (40, 5, 70, 15, 0.71), (5, 30, 30, 31, 0.99), (50, 40, 80, 50, 0.29))
    (result,) = DBPostProcess(box_thresh=0.7)({"maps": maps}, SHAPES)
    assert len(result["points"]) == 1 and result["points"][0, :, 0].min() >= 30


def test_sides_need_three_pixels_before_and_five_after_growing():
    thin, thinner = block_map((20, 20, 60, 23, 0.9)), block_map((20, 20, 60, 22, 0.9))  # sides of 3 and of 2
    counts = {
        (side, ratio): len(DBPostProcess(unclip_ratio=ratio)({"maps": maps}, SHAPES)[0]["points"])
        for side, maps in ((3, thin), (2, thinner))
        for ratio in (0.1, 5.0)
    }
    assert counts == {(3, 0.1): 0, (3, 5.0): 1, (2, 0.1): 0, (2, 5.0): 0}
    for ratio, count in ((0.1, 0), (5.0, 1)):
        (result,) = DBPostProcess(box_type="poly", unclip_ratio=ratio)({"maps": thin}, SHAPES)
        assert len(result["points"]) == count


def test_the_curved_text_of_a_seal_is_found_as_a_polygon():
    rows, columns = np.mgrid[:64, :96]
    radius = np.hypot(columns - 48, rows - 60)
    arch = ((radius >= 30) & (radius <= 42) & (rows < 55)).astype(np.float32) * 0.9
    angles = np.radians(np.linspace(5, 175, 30))
    circles = [48 + r * np.cos(angles) + 1j * (60 - r * np.sin(angles)) for r in (28.7, 43.3)]
    truth = np.concatenate([circles[0], circles[1][::-1]])
    truth = np.stack([truth.real, truth.imag], axis=1)
    settings = {"thresh": 0.2, "box_thresh": 0.6, "unclip_ratio": 0.5}  # those of the published seal detectors
    (result,) = DBPostProcess(box_type="poly", **settings)({"maps": arch[None, None]}, SHAPES)
    (found,), (true,) = (to_polygons(points)[0] for points in (result["points"], [truth]))
    assert found.intersection(true).area > 0.7 * found.union(true).area
    (result,) = DBPostProcess(**settings)({"maps": arch[None, None]}, SHAPES)
    assert len(result["points"]) == 0  # the rectangle around it is mostly empty


@pytest.mark.parametrize("box_type", ["quad", "poly"])
def test_scores_on_request(box_type):
    maps = block_map((20, 20, 60, 40, 0.75), (70, 50, 90, 60, 0.9))
    (result,) = DBPostProcess(box_type=box_type, return_scores=True)({"maps": maps}, SHAPES)
    assert result["scores"].dtype == np.float32 and len(result["points"]) == 2
    np.testing.assert_allclose(sorted(result["scores"]), [0.75, 0.9], rtol=1e-5)


def test_score_modes_differ_on_an_angle():
    # the box around an L covers much that the L does not
    maps = block_map((20, 10, 60, 15, 0.9), (20, 10, 25, 50, 0.9))
    fast = DBPostProcess(box_thresh=0.6, return_scores=True)
    slow = DBPostProcess(box_thresh=0.6, score_mode="slow", return_scores=True)
    assert len(fast({"maps": maps}, SHAPES)[0]["points"]) == 0
    (result,) = slow({"maps": maps}, SHAPES)
    np.testing.assert_allclose(result["scores"], [0.9], rtol=1e-5)


def test_dilation_joins_and_widens():
    maps = block_map((20, 20, 39, 40, 0.9), (41, 20, 60, 40, 0.9))  # one column between them
    settings = {"box_thresh": 0.5, "unclip_ratio": 0.9}
    assert len(DBPostProcess(**settings)({"maps": maps}, SHAPES)[0]["points"]) == 2
    (result,) = DBPostProcess(use_dilation=True, **settings)({"maps": maps}, SHAPES)
    assert len(result["points"]) == 1


def test_polygons():
    (result,) = DBPostProcess(box_type="poly", unclip_ratio=0.9)({"maps": block_map((20, 20, 60, 40, 0.9))}, SHAPES)
    (polygon,) = result["points"]
    assert polygon.dtype == np.int64 and len(polygon) > 4
    assert polygon.min(axis=0).tolist() == [14, 14] and polygon.max(axis=0).tolist() == [66, 46]


def test_a_triangle_is_no_polygon():
    maps = np.zeros((1, 1, 64, 96), dtype=np.float32)
    cv2.fillPoly(maps[0, 0], [np.array([[20, 10], [50, 40], [20, 40]])], 0.9)
    (result,) = DBPostProcess(box_type="poly")({"maps": maps}, SHAPES)
    assert result["points"] == []


def test_a_thin_line_gives_no_polygon():
    maps = block_map((20, 10, 60, 10, 0.9), (20, 10, 20, 50, 0.9))
    (result,) = DBPostProcess(box_type="poly")({"maps": maps}, SHAPES)
    assert result["points"] == []


def test_nothing_found():
    maps = {"maps": np.zeros((1, 1, 64, 96), dtype=np.float32)}
    (quad,) = DBPostProcess(return_scores=True)(maps, SHAPES)
    assert quad["points"].shape == (0,) and quad["points"].dtype == np.int32 and quad["scores"].shape == (0,)
    assert DBPostProcess(box_type="poly")(maps, SHAPES) == [{"points": []}]


def test_candidates_are_limited():
    blocks = [(left, top, left + 12, top + 8, 0.9) for left in (5, 35, 65) for top in (5, 25, 45)]
    maps = {"maps": block_map(*blocks)}
    assert len(DBPostProcess()(maps, SHAPES)[0]["points"]) == 9
    assert len(DBPostProcess(max_candidates=4)(maps, SHAPES)[0]["points"]) == 4


def test_evaluation_takes_the_shapes_from_the_batch():
    post_process = DBPostProcess()
    maps = {"maps": block_map((20, 20, 60, 40, 0.9))}
    (direct,), (adapted,) = post_process(maps, SHAPES), post_process.process(maps, ["image", SHAPES])
    np.testing.assert_array_equal(direct["points"], adapted["points"])


@pytest.mark.parametrize("angle", [0.0, 20.0, -30.0])
def test_corners_start_at_the_top_left(angle):
    corners = ordered_corners(cv2.minAreaRect(cv2.boxPoints(((50, 40), (40, 10), angle))))
    turn = np.deg2rad(angle)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    expected = (50, 40) + np.array([[-20, -5], [20, -5], [20, 5], [-20, 5]]) @ axes
    np.testing.assert_allclose(corners, expected, atol=1e-3)


def test_region_score_is_the_mean_inside():
    probability = np.arange(20, dtype=np.float32).reshape(4, 5)
    box = np.array([[1, 1], [3, 1], [3, 2], [1, 2]])
    assert region_score(probability, box) == pytest.approx(np.mean([6, 7, 8, 11, 12, 13]))
    outside = np.array([[-3, 2], [1.5, 2], [1.5, 9], [-3, 9]])
    assert region_score(probability, outside) == pytest.approx(np.mean([10, 11, 15, 16]))


def test_unclip_of_a_square():
    grown = unclip(np.array([[0, 0], [40, 0], [40, 40], [0, 40]]), 1.0)  # 1600 / 160 = 10
    assert grown.min(axis=0).tolist() == [-10, -10] and grown.max(axis=0).tolist() == [50, 50]
    # the square, four strips of 40 x 10 and four quarter circles of radius 10
    assert cv2.contourArea(grown) == pytest.approx(1600 + 4 * 400 + np.pi * 100, abs=15)


def test_rescale_rounds_and_clips():
    points = np.array([[1.3, 2.0], [-4.0, 9.0]])
    assert rescale(points, (8, 10), 20, 16).tolist() == [[3, 4], [0, 16]]
