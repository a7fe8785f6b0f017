"""Components of texts on maps, and outlines of components."""

import numpy as np
import pytest
import shapely

from ppocr.geometry.text_components import ComponentFinder, Components, reading_path, text_outline

FINDER = {
    "text_thr": 0.3, "center_thr": 0.4, "least_area": 50, "score_thr": 0.3, "overlap": 0.3, "shrink": 1.0,
    "ratio": 0.4, "widths": (8.0, 24.0),
}  # fmt: skip
UPWARDS = (-1.0, 0.0)  # sine and cosine of the way from the bottom to the top


def page(*texts, size=(120, 200)):
    """Maps of level texts (left, top, right, bottom), with the middle third of the height as centre region."""
    maps = np.zeros((6, *size), np.float32)
    for left, top, right, bottom in texts:
        maps[0, top : bottom + 1, left : right + 1] = 0.9
        third = (bottom - top) // 3
        ys, xs = (plane.ravel() for plane in np.mgrid[top + third : bottom - third + 1, left : right + 1])
        maps[1, ys, xs] = 0.8
        maps[2:4, ys, xs] = np.array(UPWARDS)[:, None]
        maps[4, ys, xs], maps[5, ys, xs] = ys - top, bottom - ys
    return maps


def find(maps, **settings):
    return ComponentFinder(**{**FINDER, **settings})(maps)


def test_corners_begin_at_the_top_left_as_the_text_is_read():
    components = Components.of(np.array([[10, 20, 8, 4, 0, -2], [10, 20, 8, 4, 3, 0]], float))
    # a text to the right; one that is read downwards, whose top is on the right
    level, steep = components.quads()
    np.testing.assert_allclose(level, [[8, 16], [12, 16], [12, 24], [8, 24]], atol=1e-12)
    np.testing.assert_allclose(steep, [[14, 18], [14, 22], [6, 22], [6, 18]], atol=1e-12)
    np.testing.assert_allclose(components.attributes()[0], [10, 20, 8, 4, 0, -1], atol=1e-12)


def test_components_stand_along_a_text():
    components, scores = find(page((20, 30, 140, 60)))
    np.testing.assert_allclose(components.heights, 30, atol=1e-4)
    np.testing.assert_allclose(components.widths, 12, atol=1e-4)
    np.testing.assert_allclose(components.centers[:, 1], 45, atol=1e-4)
    np.testing.assert_allclose(scores, 0.9, atol=1e-6)
    x = np.sort(components.centers[:, 0])
    # of two that are d apart (12 - d) / (12 + d) is shared: at most 0.3, but none fits between
    assert 6.46 < np.diff(x).min() and np.diff(x).max() < 2 * 6.46 + 4
    assert 20 <= x[0] < 27 and 133 < x[-1] <= 140


@pytest.mark.parametrize("height, width", [(15, 8), (30, 12), (90, 24)])
def test_the_width_follows_the_height_between_two_bounds(height, width):
    components, _ = find(page((20, 10, 140, 10 + height)))
    np.testing.assert_allclose(components.widths, width, atol=1e-4)


def test_components_are_as_high_as_asked_for():
    components, _ = find(page((20, 30, 140, 60)), shrink=1.1)
    np.testing.assert_allclose(components.heights, 33, atol=1e-4)
    np.testing.assert_allclose(components.centers[:, 1], 45, atol=0.5)


def test_regions_that_are_small_unlikely_or_not_over_text_have_none():
    text = (20, 30, 140, 60)
    assert not len(find(page())[1]) and not len(find(page((20, 30, 23, 60)))[1])
    assert not len(find(page(text), text_thr=0.95)[1]) and not len(find(page(text), center_thr=0.85)[1])
    assert not len(find(page(text), score_thr=0.95)[1])
    tall = page(text)
    tall[4:] *= 3  # heights of three times the text
    assert not len(find(tall)[1])
    flat = page(text)
    flat[4:] = 0.5
    assert not len(find(flat)[1])


def test_maps_of_noise_end():
    maps = np.random.default_rng(0).uniform(0.5, 1, (6, 160, 160)).astype(np.float32)
    maps[4:] *= 4
    components, scores = find(maps)
    assert 0 < len(scores) <= 3000 and np.isfinite(components.attributes()).all()


def test_texts_beside_each_other_do_not_see_each_other():
    both = find(page((20, 10, 140, 40), (20, 45, 140, 75)))[0]
    one = find(page((20, 10, 140, 40)))[0]
    assert len(both.centers) == 2 * len(one.centers)


def test_an_outline_goes_along_the_tops_and_back_along_the_bottoms():
    level = Components.of(np.array([[x, 20, 10, 4, 0, -1] for x in (30, 10, 20)], float))
    outline = text_outline(level.quads())
    expected = [[8, 15], [10, 15], [20, 15], [30, 15], [32, 15], [32, 25], [30, 25], [20, 25], [10, 25], [8, 25]]
    np.testing.assert_allclose(outline, expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_components_of_a_curve_are_read_in_order(seed):
    angles = np.linspace(1.1 * np.pi, 2.2 * np.pi, 25)
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    components = Components(100 + 60 * ways, np.full(25, 20.0), np.full(25, 8.0), ways)
    order = np.random.default_rng(seed).permutation(25)
    quads = components.kept(order).quads()
    assert order[reading_path(quads)].tolist() == list(range(25))
    outline = shapely.Polygon(text_outline(quads))
    ring = shapely.Point(100, 100).buffer(70, 64) - shapely.Point(100, 100).buffer(50, 64)
    assert outline.is_valid and outline.intersection(ring).area > 0.97 * outline.area
