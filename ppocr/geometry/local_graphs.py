"""Graphs of points: each point with those around it, which of these are linked, and connected components.

Zhang et al., Deep Relational Reasoning Graph Network for Arbitrary Shape Text Detection
(https://arxiv.org/abs/2003.07493), section 3.3.
"""

from typing import NamedTuple

import numpy as np


class LocalGraphs(NamedTuple):
    """G graphs, each of a pivot and the nodes around it.

    Attributes:
        nodes: int (G, M): the pivot, its nearest nodes, then theirs; -1 where there is none.
        linked: bool (G, M, M): which nodes are linked; each that is there is linked with itself.
        nearest: how many places behind the pivot are for its nearest nodes.
    """

    nodes: np.ndarray
    linked: np.ndarray
    nearest: int

    @property
    def present(self) -> np.ndarray:
        """Whether there is a node, bool (G, M)."""
        return self.nodes >= 0

    def kept(self, chosen) -> "LocalGraphs":
        """Returns some of the graphs."""
        return LocalGraphs(self.nodes[chosen], self.linked[chosen], self.nearest)

    def near(self):
        """Returns the nodes nearest to pivots: the graph of each and its place there, int (E) both."""
        numbers, places = np.nonzero(self.present[:, 1 : 1 + self.nearest])
        return numbers, places + 1

    def pairs(self) -> np.ndarray:
        """Returns the pairs of a pivot and a node nearest to it, in the order of :meth:`near`; int (E, 2)."""
        numbers, places = self.near()
        return np.stack([self.nodes[numbers, 0], self.nodes[numbers, places]], axis=1)

    def adjacency(self) -> np.ndarray:
        """Returns the links, normalised by the degrees of both nodes, float32 (G, M, M)."""
        roots = np.sqrt(np.maximum(self.linked.sum(axis=2), 1).astype(np.float32))
        return self.linked / roots[:, :, None] / roots[:, None]


def joined(parts, counts) -> LocalGraphs:
    """Returns graphs of several sets of points as graphs of all their points.

    Args:
        parts: list of :class:`LocalGraphs`.
        counts: numbers of the points of each.
    """
    size = max(part.nodes.shape[1] for part in parts)
    nodes, linked = [], []
    for part, offset in zip(parts, np.cumsum(counts) - counts):
        missing = (0, size - part.nodes.shape[1])
        numbers = np.where(part.present, part.nodes + offset, -1)
        nodes.append(np.pad(numbers, [(0, 0), missing], constant_values=-1))
        linked.append(np.pad(part.linked, [(0, 0), missing, missing]))
    return LocalGraphs(np.concatenate(nodes), np.concatenate(linked), parts[0].nearest)


def local_graphs(points, hops, links: int) -> LocalGraphs:
    """Returns a graph around each of some points.

    Args:
        points: float (N, 2).
        hops: numbers of the nearest nodes of a pivot that belong to its graph, and of the nearest of each of these.
        links: a node is linked with so many of the nearest of all nodes, where they are in its graph.
    """
    count = len(points)
    order = nearest_points(points, max(*hops, links))
    first, second, linked = (order[:, :number] for number in (*hops, links))
    missing = np.full((count, hops[0] - first.shape[1]), -1)
    further = second[first].reshape(count, first.shape[1] * second.shape[1])
    nodes = np.concatenate([np.arange(count)[:, None], first, missing, further], axis=1)
    nodes = _without_repetition(nodes, 1 + hops[0])
    table = np.zeros((count + 1, count + 1), bool)  # the last row and column are for nodes that are not there
    table[np.arange(count)[:, None], linked] = True
    table |= table.T
    table[np.arange(count), np.arange(count)] = True
    return LocalGraphs(nodes, table[nodes[:, :, None], nodes[:, None]], hops[0])


def nearest_points(points, count: int) -> np.ndarray:
    """Returns for each of N points the ``count`` others, or all, that are nearest to it, the nearest first."""
    distances = squared_distances(points)
    np.fill_diagonal(distances, np.inf)
    count = min(count, len(points) - 1)
    if count <= 0:
        return np.zeros((len(points), 0), int)
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(distances, nearest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(nearest, order, axis=1)


def squared_distances(points) -> np.ndarray:
    """Returns the squared distances between points (N, 2), float64 (N, N)."""
    x, y = np.asarray(points, np.float64).T
    return np.subtract.outer(x, x) ** 2 + np.subtract.outer(y, y) ** 2


def _without_repetition(nodes, start):
    """Returns nodes (N, M), each once in its row, the others gathered from the column ``start`` on."""
    order = np.argsort(nodes, axis=1, kind="stable")
    ordered = np.take_along_axis(nodes, order, axis=1)
    again = np.zeros(nodes.shape, bool)
    np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    head, tail = np.split(np.where(again, -1, nodes), [start], axis=1)
    tail = np.take_along_axis(tail, np.argsort(tail < 0, axis=1, kind="stable"), axis=1)
    return np.concatenate([head, tail[:, : (tail >= 0).sum(axis=1).max(initial=0)]], axis=1)


def distinct_pivots(graphs: LocalGraphs, texts, threshold: float) -> np.ndarray:
    """Returns which graphs remain, in training, where neighbours in a text see nearly the same nodes.

    A graph goes if its pivot is among the nearest of one before it that stays, and of the same text, and the
    intersection over union of their other nodes is above the threshold.

    Args:
        graphs: one around each of N nodes.
        texts: int (N): numbers of texts, 0 for none.
        threshold: of the intersection over union.
    """
    count = len(texts)
    members, near = np.zeros((count, count + 1), np.float32), np.zeros((count, count + 1), bool)
    rows = np.arange(count)[:, None]
    members[rows, graphs.nodes[:, 1:]] = 1
    near[rows, graphs.nodes[:, 1 : 1 + graphs.nearest]] = True
    members, near = members[:, :-1], near[:, :-1]
    shared, sizes = members @ members.T, members.sum(axis=1)
    union = np.add.outer(sizes, sizes) - shared
    alike = (shared > threshold * union) & near.T & np.equal.outer(texts, texts) & (texts > 0)
    stays = np.zeros(count, bool)
    for pivot, resembled in enumerate(alike):
        stays[pivot] = not (resembled & stays).any()
    return np.flatnonzero(stays)


def connected_components(count: int, first, second) -> np.ndarray:
    """Returns a number for each of some nodes, the least of a node to which links lead; int (count).

    Args:
        count: number of nodes.
        first, second: int (E), the ends of the links.
    """
    numbers, before = np.arange(count), None
    while before is None or (numbers != before).any():
        before = numbers.copy()
        least = np.minimum(numbers[first], numbers[second])
        for ends in (first, second):
            np.minimum.at(numbers, numbers[ends], least)
            np.minimum.at(numbers, ends, least)
        numbers = numbers[numbers]
    return numbers
