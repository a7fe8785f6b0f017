"""Targets of DRRG."""

import numpy as np
import pytest

from ppocr.data.imaug.drrg_targets import DRRGTargets, reading_order
from ppocr.data.imaug.text_ribbon import Ribbon

BOX = np.array([[20, 40], [140, 40], [140, 80], [20, 80]], np.float32)


def targets(*polys, seed=0, **arguments):
    polys = np.array(polys, np.float32).reshape(-1, 4, 2)
    data = {"image": np.zeros((160, 200, 3), np.uint8), "polys": polys}
    return DRRGTargets(**arguments)(data, np.random.default_rng(seed))


def test_maps_of_a_level_text():
    data = targets(BOX)
    center = data["gt_center_region_mask"] > 0
    ys, xs = np.nonzero(center)
    # 0.3 of the height; at each end half of it would be 20, of which a width of 0.3 * 40 = 12 takes one step of 8
    assert (ys.min(), ys.max()) == (54, 66) and 27 <= xs.min() <= 29 and 131 <= xs.max() <= 133
    np.testing.assert_allclose(data["gt_top_height_map"][center], ys - 40, atol=1e-4)
    np.testing.assert_allclose(data["gt_bot_height_map"][center], 80 - ys, atol=1e-4)
    assert (data["gt_sin_map"][center] == -1).all() and np.abs(data["gt_cos_map"]).max() < 1e-6
    assert np.count_nonzero(data["gt_text_mask"]) == 121 * 41 and data["gt_mask"].all()
    assert not data["gt_top_height_map"][~center].any()


def test_components_lie_along_the_text():
    data = targets(BOX, BOX + (0, 60), jitter_level=0.0)
    count = int(data["gt_comp_attribs"][0, 0])
    attributes = data["gt_comp_attribs"][:count]
    assert data["gt_comp_attribs"].shape == (600, 8) and not data["gt_comp_attribs"][count:].any()
    assert (attributes[:, 0] == count).all() and set(attributes[:, 7]) == {1, 2}
    first = attributes[attributes[:, 7] == 1]
    np.testing.assert_allclose(first[:, 2:7], np.tile([60, 40, 12, 0, -1], (len(first), 1)), atol=1e-4)
    steps = np.diff(first[:, 1])
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)
    # overlapping less than the threshold of 0.25 with a width of 12: farther apart than 12 * 0.75 / 1.25
    assert 7.2 < steps[0] <= 2 * 7.2


def test_jitter_moves_a_little():
    plain, moved = targets(BOX, jitter_level=0.0), targets(BOX)
    difference = np.abs(plain["gt_comp_attribs"] - moved["gt_comp_attribs"])
    assert difference[:, 1].max() <= 0.1 * 40 and difference[:, 3].max() <= 0.1 * 40
    assert difference[:, 1:6].any() and not difference[:, [0, 7]].any()


def test_number_of_components():
    data = targets()
    attributes = data["gt_comp_attribs"]
    assert (attributes[:9, 0] == 9).all() and not attributes[9:].any()
    assert not attributes[:9, 7].any() and (attributes[:9, 3] >= 16).all() and (attributes[:9, 3] <= 48).all()
    data = targets(BOX, BOX + (0, 60), num_max_comps=5)
    assert (data["gt_comp_attribs"][:, 0] == 5).all() and (data["gt_comp_attribs"][:, 7] > 0).all()
    assert targets([[0, 0], [200, 0], [200, 160], [0, 160]], num_min_comps=99)["gt_comp_attribs"][0, 0] < 99


@pytest.mark.parametrize(
    ("way", "wanted"), [((5, 1), (5, 1)), ((-5, 1), (5, -1)), ((1, -5), (-1, 5)), ((2, 5), (2, 5))]
)
def test_reading_order(way, wanted):
    line = np.array([[0, 0], way], float)
    center = reading_order(Ribbon(line, line)).center
    assert (center[-1] - center[0]).tolist() == list(wanted)
