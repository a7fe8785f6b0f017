"""Loss of CPPD."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES
from ppocr.values import Index, Weight

SMOOTHING = 0.1


@LOSSES.register()
class CPPDLoss(nn.Layer):
    """Mean cross entropies of the characters, of how often each class occurs, and of whether places are filled.

    Source: Context Perception Parallel Decoder for Scene Text Recognition (https://arxiv.org/abs/2307.12270).

    Args:
        smoothing: give a tenth of the probability of the true character to the others.
        ignore_index: class of the padding.
        sideloss_weight: of counts and places.
    """

    reads = ("label", "label_node")

    def __init__(self, smoothing: bool = False, ignore_index: Index = 100, sideloss_weight: Weight = 1.0):
        super().__init__()
        self.smoothing, self.ignore_index, self.sideloss_weight = smoothing, ignore_index, sideloss_weight

    def forward(self, preds, batch):
        """Returns ``loss``, ``loss_node`` and ``loss_edge``.

        Args:
            preds: a pair of logits, of counts ``[N, K, counts]`` and of places being filled ``[N, L]``, and logits of
                the classes ``[N, L, classes]``.
            batch: has ``label`` ``[N, L]`` (characters, end, padding) and ``label_node`` ``[N, K + L]``, counts and
                whether each place is filled.
        """
        (counts, places), logits = preds
        label, nodes = (field.astype("int64") for field in fields_of(batch, self.reads))
        kinds = counts.shape[1]
        often = nodes[:, :kinds].clip(max=counts.shape[2] - 1)  # the last class stands for all counts from it on
        node = F.cross_entropy(counts.astype("float32"), often.unsqueeze(2))
        filled = nodes[:, kinds:].astype("float32")
        node = node + F.binary_cross_entropy_with_logits(places.astype("float32"), filled)
        edge = self._edge(logits.astype("float32"), label)
        return {"loss": self.sideloss_weight * node + edge, "loss_node": node, "loss_edge": edge}

    def _edge(self, logits, label):
        counted = (label != self.ignore_index).astype("float32")
        scores = F.log_softmax(logits, axis=-1)
        true = scores.take_along_axis((label * counted.astype("int64")).unsqueeze(2), axis=2).squeeze(2)
        if self.smoothing:
            share = SMOOTHING / (logits.shape[2] - 1)
            true = (1.0 - SMOOTHING - share) * true + share * scores.sum(axis=2)
        return -(true * counted).sum() / counted.sum()
