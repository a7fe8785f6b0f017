"""Training samples of the detectors EAST and SAST."""

import pickle

import numpy as np
import pytest

from ppocr.data.imaug import transform
from ppocr.data.imaug.east_targets import EASTProcessTrain, empty_window, quads_of, shrink_quad, text_window
from ppocr.data.imaug.line_targets import borders_at, center_part
from ppocr.data.imaug.operator import Rejected
from ppocr.data.imaug.sast_targets import SASTProcessTrain, corners_of, text_ribbon
from ppocr.errors import Dropped
from ppocr.geometry.polygons import signed_areas

BOXES = np.array([[30, 30, 150, 70], [40, 120, 90, 150], [120, 110, 180, 160]], np.float32)
POLYS = np.stack([BOXES[:, [0, 2, 2, 0]], BOXES[:, [1, 1, 3, 3]]], axis=2)


def sample(ignored=(False, True, False), polys=POLYS):
    image = np.full((200, 220, 3), 128, np.uint8)
    return {"image": image, "polys": polys, "ignore_tags": np.array(ignored)}


def rng(seed=0):
    return np.random.default_rng(seed)


def test_shrinking_a_quad_by_a_third_of_its_shorter_edges():
    quad = np.array([[0, 0], [100, 0], [100, 20], [0, 20]], float)
    assert shrink_quad(quad).tolist() == [[6, 6], [94, 6], [94, 14], [6, 14]]
    assert shrink_quad(quad[:, ::-1]).tolist() == [[6, 6], [6, 94], [14, 94], [14, 6]]


def test_polygons_become_boxes():
    octagon = np.array([[[0, 0], [10, 0], [20, 0], [30, 0], [30, 10], [20, 10], [10, 10], [0, 10]]])
    assert sorted(np.rint(quads_of(octagon)[0]).tolist()) == [[0, 0], [0, 10], [30, 0], [30, 10]]
    assert quads_of(POLYS) is POLYS


@pytest.mark.parametrize("seed", range(20))
def test_windows_cut_no_text(seed):
    window = text_window(POLYS, lambda _: np.array([False, True, False]), 220, 200, (20, 20), rng(seed))
    low, high = np.array([window.left, window.top]), np.array([window.left + window.width, window.top + window.height])
    inside = ((POLYS >= low) & (POLYS <= high)).all(axis=(1, 2))
    begun = ((POLYS > low) & (POLYS < high)).all(axis=2).any(axis=1)
    assert inside[1] and (inside | ~begun).all()
    assert empty_window(POLYS, 220, 200, rng(seed)) is None
    window = empty_window(POLYS[:1] * 0.3, 220, 200, rng(seed))
    assert window.left >= 45 or window.top >= 21


@pytest.mark.parametrize("seed", range(30))
def test_east_maps_lead_to_the_corners(seed):
    data = EASTProcessTrain([128, 160], background_ratio=0, min_text_size=4)(sample(), rng(seed))
    assert data["image"].shape == (3, 128, 160) and data["image"].dtype == np.float32
    assert [data[key].shape for key in EASTProcessTrain.writes[1:]] == [(1, 32, 40), (9, 32, 40), (1, 32, 40)]
    ys, xs = np.nonzero(data["score_map"][0])
    assert len(ys)
    corners = np.stack([xs, ys], axis=1)[:, None] * 4 - data["geo_map"][:8, ys, xs].T.reshape(-1, 4, 2)
    found = np.unique(np.rint(corners), axis=0)
    assert len(found) <= 3 and (signed_areas(found) > 0).all()
    edges = np.hypot(*(np.roll(found, -1, axis=1) - found).transpose(2, 0, 1))
    sizes = {40 / 120, 30 / 50, 50 / 60}
    for quad_edges in edges:
        proportions = quad_edges.min() / quad_edges.max()
        assert min(abs(proportions - size) for size in sizes) < 0.1
    norms = np.unique(data["geo_map"][8][data["score_map"][0] > 0])
    np.testing.assert_allclose(np.sort(1 / norms), np.unique(np.sort(edges.min(axis=1))), rtol=0.1)
    assert not data["geo_map"][:, data["score_map"][0] == 0].any()


def test_east_image_is_normalized_and_padded_with_zeros():
    data = EASTProcessTrain([512, 512], background_ratio=0)(sample(), rng(3))
    filled = data["image"][0] != 0
    red = (128 / 255 - 0.485) / 0.229
    assert filled.any() and not filled.all()
    np.testing.assert_allclose(data["image"][0][filled], red, atol=1e-5)


def test_east_background_and_masks():
    data = sample(ignored=(False,) * 3, polys=POLYS * 0.2)
    data = EASTProcessTrain([64, 64], background_ratio=1)(data, rng())
    assert not data["score_map"].any() and data["training_mask"].all()
    data = EASTProcessTrain([256, 256], background_ratio=0, min_text_size=10)(sample((True, True, True)), rng(1))
    assert (data["training_mask"][data["score_map"] > 0] == 0).all()
    with pytest.raises(Dropped, match="no_text"):
        EASTProcessTrain()(sample(polys=np.zeros((3, 4, 2), np.float32)), rng())


def test_borders_on_a_slanted_box():
    box = np.array([[0, 0], [10, 0], [16, 8], [-2, 8]], float)
    upper_at, lower_at = np.array([2.0, 0.0]), np.array([-2 + 0.2 * 18, 8.0])
    points = np.array([0.25, 0.5, 0.9])[:, None] * (lower_at - upper_at) + upper_at
    upper, lower = borders_at(points, box)
    np.testing.assert_allclose(upper, np.tile(upper_at, (3, 1)), atol=1e-6)
    np.testing.assert_allclose(lower, np.tile(lower_at, (3, 1)), atol=1e-6)
    upper, lower = borders_at(np.array([[3.0, 2.0]]), np.array([[0, 0], [8, 0], [8, 4], [0, 4]], float))
    assert (upper.tolist(), lower.tolist()) == ([[3, 0]], [[3, 4]])


def test_centre_lines_lose_three_tenths_of_the_height_at_both_ends():
    ribbon = center_part(text_ribbon(POLYS[0]), 0.3)
    assert ribbon.top.tolist() == [[42, 30], [138, 30]]
    assert corners_of(text_ribbon(POLYS[0])).tolist() == POLYS[0].tolist()


def test_corners_of_a_polygon_are_those_of_its_box_from_the_head_on():
    octagon = np.array([[0, 1], [10, 0], [20, 0], [30, 1], [30, 11], [20, 10], [10, 10], [0, 11]], float)
    corners = corners_of(text_ribbon(octagon))
    np.testing.assert_allclose(corners, [[0, 0], [30, 0], [30, 11], [0, 11]], atol=0.01)


def accepted(seed, ignored=(False, True, False), **arguments):
    for again in range(seed, seed + 100):
        try:
            return SASTProcessTrain([256, 256], **arguments)(sample(ignored), rng(again))
        except Rejected:
            continue
    pytest.fail("every draw was rejected")


@pytest.mark.parametrize("seed", range(0, 1000, 100))
def test_sast_maps_lead_to_borders_corners_and_centres(seed):
    data = accepted(seed)
    assert data["image"].shape == (3, 256, 256)
    channels = [len(data[key]) for key in SASTProcessTrain.writes[1:]]
    assert channels == [1, 5, 1, 9, 3] and {data[key].shape[1:] for key in SASTProcessTrain.writes[1:]} == {(64, 64)}
    ys, xs = np.nonzero(data["score_map"][0])
    here = np.stack([xs, ys], axis=1)
    corners = here[:, None] - data["tvo_map"][:8, ys, xs].T.reshape(-1, 4, 2)
    centers = here - data["tco_map"][:2, ys, xs].T
    np.testing.assert_allclose(corners.mean(axis=1), centers, atol=1e-3)
    upper = here + data["border_map"][[1, 0]][:, ys, xs].T
    lower = here + data["border_map"][[3, 2]][:, ys, xs].T
    np.testing.assert_allclose(upper[:, 1], corners[:, 0, 1], atol=1e-3)
    np.testing.assert_allclose(lower[:, 1], corners[:, 3, 1], atol=1e-3)
    heights = corners[:, 3, 1] - corners[:, 0, 1]
    np.testing.assert_allclose(data["border_map"][4, ys, xs], 1 / heights, rtol=1e-4)
    np.testing.assert_allclose(data["tvo_map"][8, ys, xs], 1 / heights, rtol=0.6)
    assert set(np.unique(data["training_mask"])) <= {np.float32(0.15), np.float32(1)}


def test_sast_leaves_out_what_does_not_count():
    with pytest.raises(Dropped, match="no_text"):
        SASTProcessTrain()(sample((True, True, True)), rng())
    data = accepted(0, ignored=(False, False, False), min_text_size=500)
    assert not data["score_map"].any() and (data["training_mask"] == np.float32(0.15)).any()


def test_a_rejected_draw_gives_no_sample():
    flat = {**sample((False,), polys=np.array([[[5, 5], [390, 5], [390, 25], [5, 25]]], np.float32))}
    flat["image"] = np.zeros((30, 400, 3), np.uint8)
    with pytest.raises(Rejected, match="less than half") as caught:
        SASTProcessTrain([64, 64])(dict(flat), rng())
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.reason, copy.detail) == ("unlucky_draw", caught.value.detail)
    assert transform(flat, [SASTProcessTrain([64, 64])], rng()) is None
