"""Loss of SDMGR."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import BEFORE_GRAPH_LABELS, fields_of, graph_sizes
from ppocr.registry import LOSSES
from ppocr.values import Index, Weight

NO_EDGE = -1  # label of what stands for an edge from a box to itself


@LOSSES.register()
class SDMGRLoss(nn.Layer):
    """Cross entropy of the classes of boxes and of pairs of boxes.

    Source: SDMGR (https://arxiv.org/abs/2103.14470).

    Args:
        node_weight, edge_weight: of the two terms.
        ignore: class of boxes that do not count.
    """

    reads = ("labels", "tag")

    def __init__(self, node_weight: Weight = 1.0, edge_weight: Weight = 1.0, ignore: Index = 0):
        super().__init__()
        self.node_weight, self.edge_weight, self.ignore = node_weight, edge_weight, ignore

    def forward(self, preds, batch):
        """Returns ``loss``, its two parts, and the accuracies ``acc_node`` and ``acc_edge`` in per cent.

        Args:
            preds: logits (``[M, classes]``, ``[P, 2]``) of the boxes of all pages, and of their pairs.
            batch: has ``labels`` int ``[N, B, 1 + B]``, the class of each box and before each other one whether both
                belong together, and ``tag``, the numbers of boxes ``[N, 2]``.
        """
        labels, tag = fields_of(batch, self.reads, BEFORE_GRAPH_LABELS)
        counts = [count for count, _ in graph_sizes(tag)]
        nodes = paddle.concat([labels[page, :count, 0] for page, count in enumerate(counts)])
        edges = paddle.concat([labels[page, :count, 1 : count + 1].flatten() for page, count in enumerate(counts)])
        loss_node, acc_node = _judged(preds[0], nodes.astype("int64"), self.ignore)
        loss_edge, acc_edge = _judged(preds[1], edges.astype("int64"), NO_EDGE)
        loss = self.node_weight * loss_node + self.edge_weight * loss_edge
        losses = {"loss": loss, "loss_node": loss_node, "loss_edge": loss_edge}
        return {**losses, "acc_node": acc_node, "acc_edge": acc_edge}


def _judged(logits, labels, ignored):
    """Returns mean cross entropy and accuracy in per cent of what counts; 0 where nothing does."""
    counts = (labels != ignored).astype(logits.dtype)
    right = (logits.argmax(axis=-1) == labels).astype(logits.dtype) * counts
    entropy = F.cross_entropy(logits, labels, ignore_index=ignored, reduction="none").flatten()
    total = counts.sum().clip(min=1.0)
    return entropy.sum() / total, 100 * right.sum() / total
