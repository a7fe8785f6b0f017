"""What the targets of PGNet say is what its post-processing reads."""

import numpy as np
import pytest

from ppocr.data.imaug import create_operators, run_operators
from ppocr.postprocess import build_post_process

ROOM = {"max_text_length": 12, "max_text_nums": 4, "tcl_len": 64}
SIDE = 512
CLASSES, BLANK = 37, 36


def arch(center, radius, height, degrees, count=7):
    """A text along a ring, from the first angle to the second."""
    angles = np.radians(np.linspace(*degrees, count))
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([center + radius * ring, (center + (radius - height) * ring)[::-1]])


def box(left, top, right, bottom):
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)
    return corners[[0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 3]]


TEXTS = {
    "straight": box(60, 40, 360, 90),
    "overhead": arch((220, 330), 150, 44, (190, 350)),
    "beneath": arch((220, 250), 150, 44, (160, 20))[np.r_[6:-1:-1, 13:6:-1]][::-1],
    "turned": box(400, 100, 440, 360)[np.r_[6:14, 0:6]],
}


def learnt(name, seed, mode):
    """Returns polygon in the network's image and the outputs of a network that has learnt the targets by heart."""
    polygon = np.float32(TEXTS[name])
    data = {
        "image": np.full((480, 480, 3), 200, np.uint8),
        "polys": polygon[None],
        "texts": ["abcde"],
        "ignore_tags": np.array([False]),
    }
    (op,) = create_operators([{"PGProcessTrain": {"point_gather_mode": mode}}], ROOM)
    data = run_operators(data, [op], np.random.default_rng(seed))
    count = int(data["pos_mask"][0].sum())
    points = data["pos_list"][0, :count, 1:]
    rows, columns = np.mgrid[: SIDE // 4, : SIDE // 4]
    nearest = np.square(np.stack([rows, columns], axis=-1)[:, :, None] - points).sum(axis=-1).argmin(axis=2)
    steps = np.repeat([10, BLANK, 11, BLANK, 12, BLANK, 13, BLANK, 14], 8)
    classes = steps[np.minimum(nearest * len(steps) // count, len(steps) - 1)]
    return {
        "f_score": data["tcl_maps"][None] * 0.9,
        "f_border": data["border_maps"][None, :4],
        "f_direction": data["direction_maps"][None, :2],
        "f_char": np.moveaxis(np.eye(CLASSES, dtype=np.float32)[classes], -1, 0)[None] * 9,
    }, data


def covered(data):
    """Returns where a text stands, as the map that numbers texts says, in pixels of the image."""
    ys, xs = np.nonzero(data["tcl_label_maps"][0])
    return 4 * xs.min(), 4 * ys.min(), 4 * xs.max() + 4, 4 * ys.max() + 4


@pytest.mark.parametrize("mode", ["fast", "slow"])
@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_learnt_are_read(name, mode):
    shape = np.array([[SIDE, SIDE, 1.0, 1.0]])
    read = build_post_process({"name": "PGPostProcess", "mode": mode, "point_gather_mode": "align"})
    for seed in range(4):
        preds, data = learnt(name, seed, "align")
        (page,) = read(preds, shape)
        assert page["texts"] == ["abcde"], seed
        (outline,) = page["points"]
        left, top, right, bottom = covered(data)
        size = max(right - left, bottom - top)
        found = *outline.min(axis=0), *outline.max(axis=0)
        np.testing.assert_allclose(found, (left, top, right, bottom), atol=0.1 * size + 8)
