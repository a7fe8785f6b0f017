"""Maps of texts, their components, and which of these belong together.

Source: Deep Relational Reasoning Graph Network (https://arxiv.org/abs/2003.07493).
"""

from collections.abc import Sequence
from typing import Annotated, Optional

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal

from ppocr.geometry.local_graphs import LocalGraphs, distinct_pivots, joined, local_graphs
from ppocr.geometry.text_components import ComponentFinder, Components
from ppocr.modeling.layers.graph_convolution import GraphConvolution
from ppocr.modeling.layers.rotated_roi_align import rotated_roi_align
from ppocr.registry import HEADS
from ppocr.values import Index, Pool, Positive, Probability, Range

MAPS = 6  # text, centre region, sine, cosine, pixels to the top and to the bottom
ATTRIBUTES = 6  # of a component: x, y, height, width, cosine, sine
SLOWEST = 1000  # wave of an embedding
GRAPHS_AT_ONCE = 256  # in evaluation
Neighbours = Annotated[int, Range(1, 100)]
ComponentSide = Annotated[float, Range(1, 1_000)]  # pixels


class LinkNetwork(nn.Layer):
    """Tells of the nodes nearest to the pivot of a graph whether they are linked with it.

    Args:
        features: of a node.
    """

    def __init__(self, features):
        super().__init__()
        self.bn0 = nn.BatchNorm1D(features)
        self.conv1 = GraphConvolution(features, 512)
        self.conv2 = GraphConvolution(512, 256)
        self.conv3 = GraphConvolution(256, 128)
        self.conv4 = GraphConvolution(128, 64)
        self.classifier = nn.Sequential(nn.Linear(64, 32), nn.PReLU(32), nn.Linear(32, 2))

    def forward(self, features, graphs: LocalGraphs):
        """Returns the logits of no link and a link of each pair of ``graphs``, ``[E, 2]``.

        Args:
            features: of all nodes ``[T, F]``.
            graphs: of these nodes.
        """
        x, adjacency = self._relative(features, graphs), paddle.to_tensor(graphs.adjacency())
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = layer(x, adjacency)
        numbers, places = graphs.near()
        near = paddle.to_tensor(numbers * x.shape[1] + places)
        return self.classifier(x.flatten(0, 1).gather(near))

    def _relative(self, features, graphs):
        """Returns what is different from the pivots, normalised, ``[G, M, F]``; 0 where there is no node."""
        present = graphs.present
        pivots = np.broadcast_to(graphs.nodes[:, :1], present.shape)
        nodes, pivots = (paddle.to_tensor(one[present]) for one in (graphs.nodes, pivots))
        x = self.bn0(features.gather(nodes) - features.gather(pivots))
        places = np.full(present.shape, len(nodes))
        places[present] = np.arange(len(nodes))
        x = paddle.concat([x, paddle.zeros([1, x.shape[1]], x.dtype)])
        return x.gather(paddle.to_tensor(places.ravel())).reshape([*present.shape, -1])


@HEADS.register()
class DRRGHead(nn.Layer):
    """Maps of texts, and a graph network that links their components.

    Components and their graphs are made on the host; in training that waits once a step for their list, which is small.

    Source: Deep Relational Reasoning Graph Network (https://arxiv.org/abs/2003.07493), sections 3.2 and 3.3.

    Args:
        in_channels: channels of the features, which have the size of the image.
        k_at_hops: a graph has so many components nearest to its pivot, and so many nearest to each of these.
        num_adjacent_linkages: nearest components with which each is linked in a graph.
        node_geo_feat_len: features of a component's place, size and direction.
        pooling_scale: size of the features to that of the image.
        pooling_output_size: bins of a component, along and across the text.
        nms_thr: IoU above which the worse of two components goes.
        min_width, max_width: of a component, in pixels.
        comp_shrink_ratio: height of a component, as a part of the text's.
        comp_ratio: width of a component, as a part of its height.
        comp_score_thr: probability of text that a pixel of a component must exceed.
        text_region_thr: the same of a text.
        center_region_thr: probability that a pixel of a centre region must exceed.
        center_region_area_thr: pixels that a centre region must exceed.
        local_graph_thr: in training, a graph goes that shares more than this (IoU) with one of a neighbour.
    """

    feed = ("gt_comp_attribs",)
    export_obstacle = (
        "texts are put together of components that are found on the host between two parts of the network, which an "
        "exported graph cannot do; detect with the checkpoint"
    )
    static_obstacle = "the graphs of DRRGHead are made on the host; switch it off"

    def __init__(
        self,
        in_channels: int,
        k_at_hops: tuple[Neighbours, Neighbours] = (8, 4),
        num_adjacent_linkages: Neighbours = 3,
        node_geo_feat_len: Annotated[int, Range(2 * ATTRIBUTES, 1200, step=2 * ATTRIBUTES)] = 120,
        pooling_scale: Positive = 1.0,
        pooling_output_size: tuple[Pool, Pool] = (4, 3),
        nms_thr: Probability = 0.3,
        min_width: ComponentSide = 8.0,
        max_width: ComponentSide = 24.0,
        comp_shrink_ratio: Positive = 1.03,
        comp_ratio: Positive = 0.4,
        comp_score_thr: Probability = 0.3,
        text_region_thr: Probability = 0.2,
        center_region_thr: Probability = 0.2,
        center_region_area_thr: Index = 50,
        local_graph_thr: Probability = 0.7,
    ):
        super().__init__()
        weight = ParamAttr(initializer=Normal(0.0, 0.01))
        self.out_conv = nn.Conv2D(in_channels, MAPS, 1, weight_attr=weight)
        rows, columns = pooling_output_size
        self.gcn = LinkNetwork((in_channels + MAPS) * rows * columns + node_geo_feat_len)
        self._graph = {"hops": k_at_hops, "links": num_adjacent_linkages}
        self._waves = node_geo_feat_len // ATTRIBUTES
        self._pooling = (pooling_scale, pooling_output_size)
        self._similar = local_graph_thr
        self._find = ComponentFinder(
            text_thr=text_region_thr,
            center_thr=center_region_thr,
            least_area=center_region_area_thr,
            score_thr=comp_score_thr,
            overlap=nms_thr,
            shrink=comp_shrink_ratio,
            ratio=comp_ratio,
            widths=(min_width, max_width),
        )

    @staticmethod
    def check_arguments(min_width, max_width):
        """Yields bounds that leave nothing between them."""
        if min_width > max_width:
            yield "min_width", f"'min_width' {min_width} is above 'max_width' {max_width}"

    def forward(self, x, targets: Optional[Sequence] = None):
        """Finds components, and links them.

        Args:
            x: features ``[N, in_channels, H, W]``.
            targets: the list of the components ``[N, K, 8]``, see
                :class:`ppocr.data.imaug.drrg_targets.DRRGTargets`; read in training only.

        Returns:
            In training ``maps`` ``[N, 6, H, W]``: logits of text and centre regions, sine, cosine, pixels to the top
            and to the bottom; ``links`` ``[E, 2]``: logits of pairs of components of the batch; and ``link_labels``
            ``[E]``, int64: 1 for the two of one text.  In evaluation a list of a dict per image: ``components``
            ``[M, 9]``, the corners and the probability of text; ``pairs`` ``[E, 2]``, numbers of components; and
            ``scores`` ``[E]``, the probabilities of links.
        """
        maps = self.out_conv(x)
        if not self.training:
            found = paddle.concat([F.sigmoid(maps[:, :2]), maps[:, 2:]], axis=1).astype("float32").numpy()
            return [self._linked(*image) for image in zip(x, maps, found)]
        attributes, *_ = targets
        components, graphs, labels = self._true_graphs(attributes.numpy())
        features = [self._features(*image) for image in zip(x, maps, components) if len(image[-1].centers)]
        links = self.gcn(paddle.concat(features), graphs) if len(labels) else self._no_links()
        return {"maps": maps, "links": links, "link_labels": paddle.to_tensor(labels)}

    def _no_links(self):
        """Returns logits of no pairs, ``[0, 2]``, whose gradients are 0: processes average those of all parameters."""
        touched = sum(parameter.sum() for parameter in self.gcn.parameters())
        return (0 * touched).reshape([1, 1]).tile([1, 2])[:0]

    def _true_graphs(self, attributes):
        """Returns the components of each image, the graphs of all, and whether pairs are of one text, int64 (E)."""
        lists = [rows[: int(rows[0, 0])] for rows in attributes]
        components = [Components.of(rows[:, 1:7]) for rows in lists]
        texts = [rows[:, 7].astype(int) for rows in lists]
        parts = []
        for found, numbers in zip(components, texts):
            graphs = local_graphs(found.centers, **self._graph)
            parts.append(graphs.kept(distinct_pivots(graphs, numbers, self._similar)))
        graphs = joined(parts, np.array([len(numbers) for numbers in texts]))
        pivots, others = np.concatenate(texts)[graphs.pairs()].T
        return components, graphs, ((pivots == others) & (pivots > 0)).astype(np.int64)

    def _features(self, x, maps, components):
        """Returns the features of the components of an image, ``[M, F]``: what its maps show there, and where it is."""
        scale, size = self._pooling
        # bins lie as they do for published weights: columns from the top down, rows against the way texts are read
        boxes = [scale * part for part in (components.centers, -components.along, -components.up)]
        pooled = [rotated_roi_align(one.astype("float32"), *boxes, size).flatten(1) for one in (x, maps)]
        return paddle.concat([*pooled, paddle.to_tensor(embedded(components.attributes(), self._waves))], axis=1)

    def _linked(self, x, maps, found):
        """Returns the components of an image and the probabilities of links between them; for the form see above."""
        components, scores = self._find(found)
        graphs = local_graphs(components.centers, **self._graph)
        corners = components.quads().reshape(-1, 8)
        pairs, links = graphs.pairs(), []
        features = self._features(x, maps, components) if len(pairs) else None
        for start in range(0, len(graphs.nodes) if len(pairs) else 0, GRAPHS_AT_ONCE):
            logits = self.gcn(features, graphs.kept(slice(start, start + GRAPHS_AT_ONCE)))
            links.append(F.softmax(logits, axis=1)[:, 1])
        return {
            "components": paddle.to_tensor(np.column_stack([corners, scores]).astype(np.float32)),
            "pairs": paddle.to_tensor(pairs),
            "scores": paddle.concat(links) if links else paddle.zeros([0]),
        }


def embedded(values, waves: int) -> np.ndarray:
    """Returns values (N, K) as sines and cosines, in turn, at waves that get longer; float32 (N, waves * K).

    Source: Attention Is All You Need (https://arxiv.org/abs/1706.03762), section 3.5.
    """
    lengths = SLOWEST ** (np.arange(waves) // 2 * 2 / waves)
    phases = values[:, None] / lengths[:, None]
    phases[:, 0::2], phases[:, 1::2] = np.sin(phases[:, 0::2]), np.cos(phases[:, 1::2])
    return phases.reshape(len(values), -1).astype(np.float32)
