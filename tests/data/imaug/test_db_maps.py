"""Targets of the DB text detector."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.imaug.db_maps import MakeBorderMap, MakeShrinkMap, ratio_at
from ppocr.geometry.polygons import offset_polygon

SQUARE = [[20, 20], [60, 20], [60, 60], [20, 60]]  # area 1600, length 160


def data_of(*polygons, ignore=None, size=(80, 90), **more):
    ignore = [False] * len(polygons) if ignore is None else ignore
    polys = np.array(polygons, np.float32).reshape(len(polygons), -1 if polygons else 4, 2)
    return {"image": np.zeros((*size, 3), np.uint8), "polys": polys, "ignore_tags": np.array(ignore, bool), **more}


def distances_to_outline(polygon, size):
    """Reference, pixel by pixel: to the line of an edge inside the circle over it, else to its nearer end."""
    ys, xs = np.mgrid[: size[0], : size[1]].astype(np.float64)
    pixels = np.stack([xs, ys], axis=2)
    nearest = np.full(size, np.inf)
    for start, end in zip(np.array(polygon, float), np.roll(np.array(polygon, float), -1, axis=0)):
        from_start, from_end, edge = pixels - start, pixels - end, end - start
        to_ends = np.minimum(np.hypot(*from_start.transpose(2, 0, 1)), np.hypot(*from_end.transpose(2, 0, 1)))
        to_line = np.abs(from_start[..., 0] * edge[1] - from_start[..., 1] * edge[0]) / max(np.hypot(*edge), 1e-12)
        obtuse = (from_start * from_end).sum(axis=2) <= 0
        nearest = np.minimum(nearest, np.where(obtuse, to_line, to_ends))
    return nearest


def test_ratio_grows_with_the_epoch():
    assert ratio_at(0.4, 50, None) == 0.4
    assert ratio_at(0.4, 0, 100) == 0.4
    assert ratio_at(0.4, 50, 100) == pytest.approx(0.5)
    assert ratio_at(0.4, 100, 100) == pytest.approx(0.6)


def test_offset():
    (inner,) = offset_polygon(np.array(SQUARE, float), -8.4)
    assert (inner.min(), inner.max()) == (28, 52)


@pytest.mark.parametrize(("epoch", "margin"), [(0, 8), (100, 6)])
def test_shrunk_square(epoch, margin):
    # 1600 * (1 - 0.4^2) / 160 = 8.4; at the last epoch 1600 * (1 - 0.6^2) / 160 = 6.4
    data = MakeShrinkMap(total_epoch=100)(data_of(SQUARE, epoch=epoch))
    want = np.zeros((80, 90))
    want[20 + margin : 61 - margin, 20 + margin : 61 - margin] = 1
    assert data["shrink_map"].dtype == data["shrink_mask"].dtype == np.float32
    assert (data["shrink_map"] == want).all()
    assert (data["shrink_mask"] == 1).all()


def test_small_and_ignored_texts_are_masked():
    small = [[70, 2], [76, 2], [76, 12], [70, 12]]
    data = MakeShrinkMap()(data_of(SQUARE, small, ignore=[True, False]))
    assert not data["shrink_map"].any()
    want = np.ones((80, 90))
    want[20:61, 20:61] = 0
    want[2:13, 70:77] = 0
    assert (data["shrink_mask"] == want).all()
    assert data["ignore_tags"].tolist() == [True, True]


def test_polygons_come_back_inside_and_turned():
    given_polygon = [[-5, 10], [-5, 50], [120, 50], [120, 10]]
    data = data_of(given_polygon)
    before = data["polys"].copy()
    polys = data["polys"]
    out = MakeShrinkMap()(data)["polys"]
    assert out[0].tolist() == [[89, 10], [89, 50], [0, 50], [0, 10]]
    assert (polys == before).all()


def test_a_polygon_that_would_split_is_shrunk_less_and_at_last_not_at_all():
    bell = [
        [10, 10],
        [50, 10],
        [50, 34],
        [90, 34],
        [90, 10],
        [130, 10],
        [130, 60],
        [90, 60],
        [90, 38],
        [50, 38],
        [50, 60],
        [10, 60],
    ]
    data = MakeShrinkMap()(data_of(bell, size=(80, 150)))
    assert data["shrink_map"][36, 70] == 1  # the bar between the two weights
    assert data["shrink_map"][10, 10] == 1
    assert (data["shrink_mask"] == 1).all()


def test_no_polygons():
    data = data_of()
    assert not MakeShrinkMap()(data)["shrink_map"].any()
    np.testing.assert_allclose(MakeBorderMap()(data_of())["threshold_map"], 0.3, rtol=1e-6)


def test_ramp_of_a_square():
    data = MakeBorderMap(thresh_min=0.1, thresh_max=0.9)(data_of(SQUARE))
    row = data["threshold_map"][40]  # through the middle: only the left and right edges count
    near = np.minimum(np.abs(np.arange(90) - 20), np.abs(np.arange(90) - 60))
    np.testing.assert_allclose(row, 0.1 + 0.8 * np.clip(1 - near / 8.4, 0, 1), atol=1e-5)
    assert data["threshold_mask"][40].tolist() == [float(12 <= x <= 68) for x in range(90)]
    assert data["threshold_map"][20, 20] == pytest.approx(0.9)


POLYGONS = [
    [[20.5, 22], [60, 20.25], [61, 41], [19, 40]],
    [[5, 40], [80, 10], [85, 22], [10, 52]],
    [[10, 10], [40, 6], [70, 10], [70, 34], [40, 30], [10, 34]],
    [[-5, -3], [30, -4], [31, 12], [-6, 13]],
]


@pytest.mark.parametrize("polygon", POLYGONS)
def test_ramp_against_the_definition(polygon):
    data = MakeBorderMap()(data_of(polygon))
    points = np.array(polygon)
    ends = np.roll(points, -1, axis=0)
    area = abs((points[:, 0] * ends[:, 1] - points[:, 1] * ends[:, 0]).sum()) / 2
    reach = area * (1 - 0.16) / np.hypot(*(ends - points).T).sum()
    want = 0.3 + 0.4 * np.clip(1 - distances_to_outline(polygon, (80, 90)) / reach, 0, 1)
    # the outline that bounds the drawing is on whole pixels: a last faint pixel may be missing
    np.testing.assert_allclose(data["threshold_map"], want, atol=0.4 / reach)
    strong = want > 0.3 + 0.6 / reach
    np.testing.assert_allclose(data["threshold_map"][strong], want[strong], atol=1e-4)


def test_overlapping_ramps_keep_the_higher_value():
    first, second = POLYGONS[0], POLYGONS[1]
    both = MakeBorderMap()(data_of(first, second))
    alone = [MakeBorderMap()(data_of(polygon)) for polygon in (first, second)]
    np.testing.assert_allclose(both["threshold_map"], np.maximum(*(one["threshold_map"] for one in alone)), atol=1e-6)
    assert (both["threshold_mask"] == np.maximum(*(one["threshold_mask"] for one in alone))).all()


def test_repeated_points_change_nothing_but_that_pixel():
    padded = POLYGONS[0] + [POLYGONS[0][-1]] * 3
    one, other = (MakeBorderMap()(data_of(polygon))["threshold_map"] for polygon in (POLYGONS[0], padded))
    assert np.flatnonzero(one != other).tolist() == [40 * 90 + 19]
    assert other[40, 19] == pytest.approx(0.3)


def test_ignored_texts_have_no_ramp():
    data = MakeBorderMap()(data_of(SQUARE, ignore=[True]))
    assert not data["threshold_mask"].any()
    np.testing.assert_allclose(data["threshold_map"], 0.3, rtol=1e-6)


coordinates = st.floats(-40, 130, width=32)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(coordinates, min_size=8, max_size=8), min_size=1, max_size=4), st.integers(0, 500))
def test_any_quads_give_maps_in_range(values, epoch):
    quads = [np.reshape(quad, (4, 2)).tolist() for quad in values]
    data = data_of(*quads, epoch=epoch)
    data = MakeShrinkMap(total_epoch=500)(MakeBorderMap(total_epoch=500)(data))
    for key in ("shrink_map", "shrink_mask", "threshold_mask"):
        assert set(np.unique(data[key])) <= {0.0, 1.0}
    assert np.isfinite(data["threshold_map"]).all()
    assert 0.3 - 1e-6 <= data["threshold_map"].min() and data["threshold_map"].max() <= 0.7 + 1e-6
    assert (data["polys"] >= 0).all() and (data["polys"] <= (89, 79)).all()
