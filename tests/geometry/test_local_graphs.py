"""Graphs of points, against what can be told by hand and the plain rules."""

import numpy as np
import pytest

from ppocr.geometry.local_graphs import (
    LocalGraphs,
    connected_components,
    distinct_pivots,
    joined,
    local_graphs,
    nearest_points,
)

ROW = np.array([[0.0, 0], [1, 0], [3, 0], [6, 0], [10, 0]])


def test_the_nearest_of_points_in_a_row():
    assert nearest_points(ROW, 2).tolist() == [[1, 2], [0, 2], [1, 0], [2, 4], [3, 2]]
    assert nearest_points(ROW, 9).shape == (5, 4)
    assert nearest_points(ROW[:1], 2).shape == (1, 0) and nearest_points(ROW[:0], 2).shape == (0, 0)


def test_a_graph_has_the_pivot_its_nearest_and_theirs():
    graphs = local_graphs(ROW, (2, 1), 1)
    # the nearest of 0, 1, 2, 3, 4 are 1, 0, 1, 2, 3
    assert graphs.nodes.tolist() == [[0, 1, 2, -1], [1, 0, 2, -1], [2, 1, 0, -1], [3, 2, 4, 1], [4, 3, 2, 1]]
    links = {(0, 1), (1, 2), (2, 3), (3, 4)}
    for nodes, linked in zip(graphs.nodes, graphs.linked):
        for i, first in enumerate(nodes):
            for j, second in enumerate(nodes):
                pair = tuple(sorted((first, second)))
                assert linked[i, j] == (first >= 0 and (first == second or pair in links))
    assert graphs.pairs().tolist() == [[0, 1], [0, 2], [1, 0], [1, 2], [2, 1], [2, 0], [3, 2], [3, 4], [4, 3], [4, 2]]
    numbers, places = graphs.near()
    assert numbers.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] and places.tolist() == [1, 2] * 5


@pytest.mark.parametrize("seed", range(3))
def test_graphs_of_many_points_are_those_of_the_plain_rule(seed):
    points = np.random.default_rng(seed).uniform(0, 100, (60, 2))
    order = np.argsort(np.linalg.norm(points[:, None] - points, axis=2), axis=1)[:, 1:]
    graphs = local_graphs(points, (8, 4), 3)
    for pivot, nodes in enumerate(graphs.nodes):
        near = order[pivot, :8].tolist()
        assert nodes[:9].tolist() == [pivot, *near]
        others = {int(node) for one in near for node in order[one, :4]} - {pivot, *near}
        assert sorted(nodes[9:][nodes[9:] >= 0].tolist()) == sorted(others)


def test_few_points_have_graphs_too():
    graphs = local_graphs(ROW[:2], (8, 4), 3)
    assert graphs.nodes.tolist() == [[0, 1, *[-1] * 7], [1, 0, *[-1] * 7]]
    assert graphs.pairs().tolist() == [[0, 1], [1, 0]]
    for count in (0, 1):
        graphs = local_graphs(ROW[:count], (8, 4), 3)
        assert graphs.nodes.shape == (count, 9) and graphs.pairs().shape == (0, 2)
        assert graphs.adjacency().shape == (count, 9, 9)


def test_links_are_divided_by_the_roots_of_both_degrees():
    linked = np.array([[[True, True, True], [True, True, False], [True, False, True]]])
    adjacency = LocalGraphs(np.array([[0, 1, 2]]), linked, 2).adjacency()
    across = 1 / np.sqrt(6)
    np.testing.assert_allclose(adjacency[0], [[1 / 3, across, across], [across, 1 / 2, 0], [across, 0, 1 / 2]], 1e-6)


def test_joined_graphs_are_numbered_on():
    parts = [local_graphs(ROW, (2, 1), 1), local_graphs(ROW[:2], (2, 1), 1)]
    graphs = joined(parts, np.array([5, 2]))
    assert graphs.nodes[5:].tolist() == [[5, 6, -1, -1], [6, 5, -1, -1]]
    assert (graphs.nodes[:5] == parts[0].nodes).all() and (graphs.linked[:5] == parts[0].linked).all()
    assert graphs.linked[5].sum() == 4 and graphs.linked[5, :2, :2].all()


def test_a_pivot_that_sees_what_a_neighbour_of_its_text_sees_goes():
    graphs = local_graphs(ROW, (4, 1), 1)  # each sees the four others: of all five they share three
    assert distinct_pivots(graphs, np.ones(5, int), 0.59).tolist() == [0]
    assert distinct_pivots(graphs, np.ones(5, int), 0.61).tolist() == [0, 1, 2, 3, 4]
    assert distinct_pivots(graphs, np.array([1, 1, 2, 2, 2]), 0.59).tolist() == [0, 2]
    assert distinct_pivots(graphs, np.zeros(5, int), 0.59).tolist() == [0, 1, 2, 3, 4]  # they are of no text
    # 4 is not among the two nearest of 2, so it stays, whatever it sees
    assert distinct_pivots(local_graphs(ROW, (2, 4), 1), np.ones(5, int), 0.59).tolist() == [0, 3]


def test_nothing_is_distinct_of_nothing():
    assert distinct_pivots(local_graphs(ROW[:0], (8, 4), 3), np.zeros(0, int), 0.7).tolist() == []


def test_what_hangs_together_has_the_number_of_its_first():
    assert connected_components(6, [4, 2, 1], [1, 5, 3]).tolist() == [0, 1, 2, 1, 1, 2]
    assert connected_components(3, [], []).tolist() == [0, 1, 2]
    order = np.random.default_rng(0).permutation(500)
    assert not connected_components(500, order[1:], order[:-1]).any()
