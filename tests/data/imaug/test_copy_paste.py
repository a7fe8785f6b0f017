"""Pasting of texts of one image into another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.imaug.copy_paste import CopyPaste
from ppocr.geometry.polygons import signed_areas


def quads(*boxes):
    boxes = np.array(boxes, np.float32)
    return np.stack([boxes[:, [0, 2, 2, 0]], boxes[:, [1, 1, 3, 3]]], axis=2)


def base():
    return {
        "image": np.zeros((100, 120, 3), np.uint8),
        "polys": quads([10, 10, 40, 24], [60, 60, 90, 76]),
        "texts": ["a", "###"],
        "ignore_tags": np.array([False, True]),
    }


def other():
    image = np.zeros((50, 60, 3), np.uint8)
    image[5:15, 5:35] = (10, 20, 30)
    image[20:30, 5:35] = (40, 50, 60)
    return {
        "image": image,
        "polys": quads([5, 5, 35, 15], [5, 20, 35, 30], [5, 35, 35, 45]),
        "texts": ["x", "y", "###"],
        "ignore_tags": np.array([False, False, True]),
    }


def paste(seed=0, data=None, ext=None, **arguments):
    data = {**(data or base()), "ext_data": [other()] if ext is None else ext}
    return CopyPaste(**arguments)(data, np.random.default_rng(seed))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_pasted_text_lies_inside_and_on_nothing(seed):
    before = base()
    data = paste(seed, before)
    assert len(data["polys"]) == len(data["texts"]) == len(data["ignore_tags"])
    assert (data["polys"][:2] == base()["polys"]).all() and data["texts"][:2] == ["a", "###"]
    assert not before["image"].any()
    if len(data["polys"]) == 2:  # there was no room
        return
    (pasted,) = data["polys"][2:]
    assert (pasted >= 0).all() and (pasted <= (120, 100)).all()
    assert abs(signed_areas(pasted[None])[0]) == pytest.approx(300, rel=1e-3)
    for known in base()["polys"]:
        assert (pasted.max(axis=0) < known.min(axis=0)).any() or (pasted.min(axis=0) > known.max(axis=0)).any()
    x, y = pasted.mean(axis=0).astype(int)
    assert data["image"][y, x].tolist() == {"x": [10, 20, 30], "y": [40, 50, 60]}[data["texts"][2]]
    assert data["ignore_tags"].tolist() == [False, True, False]


def test_number_of_texts():
    assert len(paste(objects_paste_ratio=0.9, limit_paste=False)["texts"]) == 4  # 0.9 of 3, both that count
    assert len(paste(limit_paste=False)["texts"]) == 3


def test_no_room_no_paste():
    data = base()
    data["polys"] = quads([0, 0, 120, 100], [0, 0, 120, 100])
    image = data["image"]
    data = paste(data=data)
    assert data["image"] is image and data["texts"] == ["a", "###"]
    tiny = {**base(), "image": np.zeros((8, 8, 3), np.uint8), "polys": quads([0, 0, 4, 4], [5, 5, 7, 7])}
    assert paste(data=tiny)["texts"] == ["a", "###"]


def test_nothing_to_paste():
    ext = other()
    ext["ignore_tags"][:] = True
    assert paste(ext=[ext])["texts"] == ["a", "###"]
    assert paste(ext=[])["texts"] == ["a", "###"]
    assert "ext_data" not in paste(ext=[])


def test_polygons_with_different_numbers_of_points():
    data = base()
    data["polys"] = np.concatenate([data["polys"], data["polys"][:, -1:], data["polys"][:, -1:]], axis=1)
    got = paste(data=data, limit_paste=False)["polys"]
    assert got.shape == (3, 6, 2)
    assert (got[2, 3] == got[2, 5]).all()
