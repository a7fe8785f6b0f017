"""Drawn pages with text on arcs."""

import json

import cv2
import numpy as np
import pytest

from ppocr.data.arcs import Arc, bend
from ppocr.data.datasets import synthetic_curved
from ppocr.data.datasets.base import SampleKey
from ppocr.data.datasets.synthetic_curved import SyntheticCurvedDataSet, print_strip
from ppocr.errors import ConfigError
from ppocr.geometry.polygons import signed_areas
from ppocr.registry import DATASETS

KEEP = [{"KeepKeys": {"keep_keys": ["image", "label"]}}]
SMALL = {"image_size": [160, 200], "text_height": [12, 24], "training": True, "base_seed": 1}
ALPHABET = set("0123456789abcdefghijklmnopqrstuvwxyz")
HALF = Arc(length=100 * np.pi, height=20, bend=np.pi, turn=0.0, centre=(150.0, 20.0))  # a half circle of radius 100


@pytest.fixture(scope="module")
def pages():
    return SyntheticCurvedDataSet(20, KEEP, **SMALL)


def test_a_half_circle():
    outline = HALF.outline(6)
    assert np.allclose(outline, [[40, 120], [150, 10], [260, 120], [240, 120], [150, 30], [60, 120]])
    sagging = HALF._replace(bend=-np.pi).outline(6)
    assert np.allclose(sagging, [[60, -80], [150, 10], [240, -80], [260, -80], [150, 30], [40, -80]])


def test_a_flat_arc_is_a_turned_rectangle():
    arc = Arc(40.0, 10.0, 0.0, np.pi / 2, (50.0, 60.0))
    assert np.allclose(arc.outline(4), [[55, 40], [55, 80], [45, 80], [45, 40]], atol=0.2)


@pytest.mark.parametrize("angle", [-2.5, -0.3, 0.0, 0.3, 2.5])
def test_a_point_is_found_where_it_was_placed(angle):
    arc = Arc(80.0, 20.0, angle, 0.4, (50.0, 60.0))
    along, across = np.meshgrid(np.linspace(-40, 40, 9), np.linspace(-10, 10, 5))
    assert np.allclose(arc.find(arc.place(along, across)), np.stack([along, across], axis=-1))


def test_a_strip_is_bent_into_its_outline():
    strip = np.zeros((20, 300), np.uint8)
    strip[:10] = 255  # the upper half
    part = bend(strip, HALF, 0, 0, 300, 140)
    rows, columns = np.mgrid[:140, :300] + 0.5
    radius = np.hypot(rows - 120, columns - 150)
    inside = (radius > 101) & (radius < 109) & (rows < 118)
    assert (part[inside] == 255).all()
    assert not part[(radius < 99) | (radius > 111) | (rows > 121)].any()


def test_pages_have_polygons_around_ink(pages):
    count = 0
    for i in range(20):
        image, label = pages[i]
        assert image.shape == (160, 200, 3) and image.dtype == np.uint8
        for text in json.loads(label):
            points = np.array(text["points"])
            assert points.shape == (14, 2) and set(text["transcription"]) <= ALPHABET
            assert points.min() >= 0 and (points < [200, 160]).all()
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            assert image[y0 : y1 + 1, x0 : x1 + 1].astype(float).std(axis=(0, 1)).max() > 8
            assert signed_areas(points[None].astype(float))[0] > 0  # clockwise on the screen
            count += 1
    assert count > 30


def test_texts_do_not_touch():
    full = SyntheticCurvedDataSet(5, KEEP, **{**SMALL, "image_size": [320, 320]}, texts=[20, 20])
    for i in range(5):
        texts = [np.array(text["points"], float) for text in json.loads(full[i][1])]
        assert len(texts) > 3
        for number, points in enumerate(texts):
            assert all(np.linalg.norm(points[:, None] - other[None], axis=2).min() > 1 for other in texts[:number])


def test_a_key_determines_the_page(pages):
    again = SyntheticCurvedDataSet(20, KEEP, **SMALL)
    assert np.array_equal(pages[SampleKey(2, 3)][0], again[SampleKey(2, 3)][0])
    assert not np.array_equal(pages[SampleKey(2, 3)][0], pages[SampleKey(3, 3)][0])
    assert pages.label_of(3, 2) == pages[SampleKey(2, 3)][1]


def test_an_arc_that_leaves_the_image_between_two_points_is_drawn():
    strip, image = np.full((20, 300), 255, np.uint8), np.zeros((120, 300, 3), np.float32)
    arc = HALF._replace(centre=(150.0, 8.0))
    print_strip(image, strip, arc, (200, 100, 50))
    assert arc.outline(32).min() < 0 and np.allclose(image[5, 150], (200, 100, 50))


def test_polygons_have_the_wanted_points():
    pages = SyntheticCurvedDataSet(3, KEEP, **SMALL, points=8, bend=[0, 50])
    assert {len(text["points"]) for i in range(3) for text in json.loads(pages.label_of(i))} == {8}
    with pytest.raises(ConfigError, match="'points' must be"):
        DATASETS.build({"name": "SyntheticCurvedDataSet", "length": 3, "transforms": KEEP, "points": 7})


def test_a_page_has_room_for_its_texts():
    with pytest.raises(ConfigError, match="no room for arcs of 100 pixels"):
        DATASETS.build(
            {"name": "SyntheticCurvedDataSet", "length": 1, "transforms": KEEP, **SMALL, "text_height": [20, 100]}
        )


@pytest.mark.parametrize("keys", [{"points": 4}, {"points": 8}, {"max_length": 40}, {"points": 4, "bend": [0, 20]}])
def test_too_few_points_for_an_arc_are_refused(keys):
    with pytest.raises(ConfigError, match="cannot follow an arc of .* degrees; it takes"):
        DATASETS.build({"name": "SyntheticCurvedDataSet", "length": 1, "transforms": KEEP, **keys})


def test_polygons_of_the_least_points_lie_where_the_text_is():
    keys = {"points": 6, "bend": [30, 50], "min_length": 5, "max_length": 5}
    DATASETS.build({"name": "SyntheticCurvedDataSet", "length": 1, "transforms": KEEP, **keys})
    arc = Arc(5 * 0.7 * 100, 100, np.radians(50), 0.0, (400.0, 400.0))
    wanted, drawn = (
        cv2.fillPoly(np.zeros((800, 800), np.uint8), [np.rint(arc.outline(points)).astype(np.int32)], 1)
        for points in (100, 6)
    )
    assert (wanted & drawn).sum() > 0.75 * (wanted | drawn).sum()


def test_texts_of_few_points_are_not_cut_off_at_the_border(monkeypatch):
    arcs = []
    monkeypatch.setattr(synthetic_curved, "print_strip", lambda _, strip, arc, ink: arcs.append(arc))
    pages = SyntheticCurvedDataSet(40, KEEP, **SMALL, points=4, bend=[150, 150])
    for i in range(40):
        pages.label_of(i)
    outlines = np.array([arc.outline(100) for arc in arcs])
    assert len(arcs) > 40 and outlines.min() > -2 and (outlines.max(axis=(0, 1)) < (201, 161)).all()
