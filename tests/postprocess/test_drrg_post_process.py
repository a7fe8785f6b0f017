"""Tests of DRRGPostprocess."""

import numpy as np

from ppocr.geometry.text_components import Components
from ppocr.postprocess.drrg_post_process import DRRGPostprocess

SHAPES = np.array([[100, 200, 1.0, 1.0]])


def page(centers, links, scores=None):
    """What the head gives of level components of 10 x 4 pixels, with links (first, second, probability)."""
    count = len(centers)
    attributes = np.column_stack([np.reshape(centers, (count, 2)), np.tile([10.0, 4, 0, -1], (count, 1))])
    quads = Components.of(attributes).quads().reshape(count, 8)
    links = np.array(links, np.float32).reshape(-1, 3)
    scores = np.full(count, 0.9) if scores is None else scores
    return {
        "components": np.column_stack([quads, scores]).astype(np.float32),
        "pairs": links[:, :2].astype(np.int64),
        "scores": links[:, 2],
    }


def find(one, shapes=SHAPES, **settings):
    (result,) = DRRGPostprocess(**settings)([one], shapes)
    return result


def box(left, right, y):
    return [left, y - 5], [right, y + 5]


def corners(points):
    return points.min(axis=0).tolist(), points.max(axis=0).tolist()


def test_linked_components_are_a_text_and_one_alone_is_none():
    centers = [(10, 20), (16, 20), (22, 20), (60, 20), (66, 20), (90, 20)]
    result = find(page(centers, [(1, 0, 0.9), (1, 2, 0.9), (2, 3, 0.1), (3, 4, 0.9), (4, 5, 0.2)]))
    assert [corners(points) for points in result["points"]] == [box(8, 24, 20), box(58, 68, 20)]
    assert [len(points) for points in result["points"]] == [10, 8]
    np.testing.assert_allclose(result["scores"], [0.9, 0.9], rtol=1e-6)


def test_both_ends_of_a_link_are_heard():
    centers = [(10, 20), (16, 20)]
    assert len(find(page(centers, [(0, 1, 0.9), (1, 0, 0.75)]))["points"]) == 1
    assert not find(page(centers, [(0, 1, 0.9), (1, 0, 0.65)]))["points"]
    assert len(find(page(centers, [(0, 1, 0.9), (1, 0, 0.65)]), link_thr=0.7)["points"]) == 1


def test_links_over_more_than_fifty_pixels_do_not_count():
    assert len(find(page([(10, 20), (59, 20)], [(0, 1, 1.0)]))["points"]) == 1
    assert not find(page([(10, 20), (61, 20)], [(0, 1, 1.0)]))["points"]


def test_polygons_belong_to_the_image_and_scores_are_means():
    scores = np.array([0.5, 0.9])
    result = find(page([(10, 20), (16, 20)], [(0, 1, 1.0)], scores), np.array([[50, 400, 2.0, 0.5]]))
    assert [corners(points) for points in result["points"]] == [([16, 7.5], [36, 12.5])]
    np.testing.assert_allclose(result["scores"], [0.7], rtol=1e-6)


def test_nothing_is_found_on_nothing():
    assert find(page([], [])) == {"points": [], "scores": []}
    assert find(page([(10, 20)], [])) == {"points": [], "scores": []}
