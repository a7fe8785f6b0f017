"""Head of SDMGR: a graph of the boxes of a page, whose nodes and edges are classified."""

import math

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import graph_sizes
from ppocr.registry import HEADS
from ppocr.values import Classes, Depth, Width

CHUNKS, RANK = 20, 15  # of the bilinear fusion
_SMALLEST = 1e-12  # below that a square root would have no gradient worth the name
_NEVER = -1e9


class BilinearFusion(nn.Layer):
    """A vector of two, by products of their projections in chunks; ``[M, A]`` and ``[M, B]`` to ``[M, out]``.

    Source: BLOCK (https://arxiv.org/abs/1902.00038).
    """

    def __init__(self, widths, out_channels, hidden):
        super().__init__()
        size = math.ceil(hidden / CHUNKS)
        self._sizes = [min(size, hidden - start) for start in range(0, hidden, size)]
        self.linear0, self.linear1 = (nn.Linear(width, hidden) for width in widths)
        self.merge_linears0, self.merge_linears1 = (
            nn.LayerList([nn.Linear(size, size * RANK) for size in self._sizes]) for _ in widths
        )
        self.linear_out = nn.Linear(hidden, out_channels)

    def forward(self, first, second):
        parts = [paddle.split(x, self._sizes, axis=1) for x in (self.linear0(first), self.linear1(second))]
        merged = [
            self._merge(merge0(part0) * merge1(part1), size)
            for part0, part1, merge0, merge1, size in zip(*parts, self.merge_linears0, self.merge_linears1, self._sizes)
        ]
        return self.linear_out(paddle.concat(merged, axis=1))

    @staticmethod
    def _merge(products, size):
        """Sums over the rank; signed root, and length 1."""
        total = products.reshape([-1, RANK, size]).sum(axis=1)
        return F.normalize(paddle.sign(total) * paddle.sqrt(total.abs().clip(min=_SMALLEST)))


class GraphLayer(nn.Layer):
    """Adds to each node what its edges to all others tell it."""

    def __init__(self, node_channels, edge_channels):
        super().__init__()
        self.in_fc = nn.Linear(2 * node_channels + edge_channels, node_channels)
        self.coef_fc = nn.Linear(node_channels, 1)
        self.out_fc = nn.Linear(node_channels, node_channels)

    def forward(self, nodes, edges, mask):
        """Returns nodes ``[N, n, D]`` and edges ``[N, n, n, D]``.

        Args:
            nodes: ``[N, n, D]``.
            edges: ``[N, n, n, E]``.
            mask: ``[N, n, n, 1]``, added to the attention of an edge: 0 where it counts.
        """
        count = nodes.shape[1]
        ends = (nodes.unsqueeze(axis).expand([-1, count, count, -1]) for axis in (2, 1))
        edges = F.relu(self.in_fc(paddle.concat([*ends, edges], axis=-1)))
        weights = F.softmax(self.coef_fc(edges) + mask, axis=2)
        return nodes + F.relu(self.out_fc((weights * edges).sum(axis=2))), edges


def attention_mask(counts) -> paddle.Tensor:
    """Returns ``[N, n, n, 1]``: nodes look at all others of their page, at themselves only where there are none.

    Args:
        counts: how many nodes each page has.
    """
    places = paddle.arange(max(counts))
    absent = (places.unsqueeze(0) >= paddle.to_tensor(list(counts)).unsqueeze(1)).astype("float32")
    mask = paddle.eye(max(counts)).unsqueeze(0) + 2 * absent.unsqueeze(1)
    return _NEVER * mask.unsqueeze(-1)


@HEADS.register(scope="kie")
class SDMGRHead(nn.Layer):
    """Classes of boxes and of pairs of boxes, from their images, texts and places relative to each other.

    Source: SDMGR (https://arxiv.org/abs/2103.14470).

    Args:
        in_channels: channels of the visual features.
        num_chars: characters of the dictionary and one for what it lacks.
        fusion_dim: width in which images and texts are brought together.
        node_input: width of a character.
        node_embed, edge_embed: widths of nodes and edges.
        edge_input: numbers that say how two boxes lie to each other.
        num_gnn: layers of the graph.
        num_classes: classes of boxes.
        bidirectional: texts are read from both ends.
    """

    export_obstacle = "SDMGR computes on as many boxes as a page has, which an exported graph does not know"
    static_obstacle = "SDMGR computes on as many boxes as a page has, which a static graph does not know"

    def __init__(
        self,
        in_channels: Width = 16,
        num_chars: Classes = 92,
        fusion_dim: Width = 1024,
        node_input: Width = 32,
        node_embed: Width = 256,
        edge_input: Width = 5,
        edge_embed: Width = 256,
        num_gnn: Depth = 2,
        num_classes: Classes = 26,
        bidirectional: bool = False,
    ):
        super().__init__()
        self.fusion = BilinearFusion((in_channels, node_embed), node_embed, fusion_dim)
        self.node_embed = nn.Embedding(num_chars, node_input, padding_idx=0)
        hidden = node_embed // 2 if bidirectional else node_embed
        self.rnn = nn.LSTM(node_input, hidden, direction="bidirect" if bidirectional else "forward")
        self.edge_embed = nn.Linear(edge_input, edge_embed)
        self.gnn_layers = nn.LayerList([GraphLayer(node_embed, edge_embed) for _ in range(num_gnn)])
        self.node_cls = nn.Linear(node_embed, num_classes)
        self.edge_cls = nn.Linear(node_embed, 2)

    def forward(self, pages):
        """Classifies.

        Args:
            pages: ``relations`` ``[N, n, n, 5]``; ``texts``, characters ``[N, n, t]``, -1 behind the end of each; the
                ``visual`` features ``[N, n, in_channels]``; ``tag`` ``[N, 2]``, how many boxes each page has.

        Returns:
            (logits of the boxes ``[M, num_classes]``, of the pairs ``[P, 2]``) of all pages, one after the other.
        """
        texts, counts = pages["texts"], [count for count, _ in graph_sizes(pages["tag"])]
        nodes = self.fusion(pages["visual"].flatten(0, 1), self._read(texts).flatten(0, 1))
        nodes = nodes.reshape([*texts.shape[:2], -1])
        places = F.normalize(self.edge_embed(pages["relations"].astype(nodes.dtype)), axis=-1)
        mask = attention_mask(counts)
        for layer in self.gnn_layers:
            nodes, edges = layer(nodes, places, mask)
        nodes = paddle.concat([nodes[page, :count] for page, count in enumerate(counts)])
        edges = paddle.concat([edges[page, :count, :count].flatten(0, 1) for page, count in enumerate(counts)])
        return self.node_cls(nodes), self.edge_cls(edges)

    def _read(self, texts):
        """Returns what the recurrent layer makes of each text at its last character; 0 for an empty one."""
        lengths = (texts >= 0).astype("int64").sum(axis=-1).flatten()
        read, _ = self.rnn(self.node_embed(texts.clip(min=0).flatten(0, 1)))
        last = F.one_hot((lengths - 1).clip(min=0), read.shape[1]) * (lengths > 0).astype("float32").unsqueeze(-1)
        return (read * last.unsqueeze(-1)).sum(axis=1).reshape([*texts.shape[:2], -1])
