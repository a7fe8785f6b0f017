"""Loss of semantic reasoning networks."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES

VISUAL, SEMANTIC = 3.0, 0.15  # weights of these terms, that of the fused one being 1


@LOSSES.register()
class SRNLoss(nn.Layer):
    """Cross entropies of the visual, the semantic and the fused prediction, summed over all slots of the batch.

    Source: https://arxiv.org/abs/2003.12294, section 3.5.
    """

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``loss``, ``word_loss`` (visual) and ``img_loss`` (fused).

        Args:
            preds: logits ``predict``, ``word_out`` and ``gsrm_out``, each ``[N * L, classes]``.
            batch: has ``label`` ``[N, L]``; the padding is a class like the others.
        """
        (label,) = fields_of(batch, SRNLoss.reads)
        label = label.astype("int64").flatten()
        word, semantic, fused = (
            F.cross_entropy(preds[key].astype("float32"), label, reduction="sum")
            for key in ("word_out", "gsrm_out", "predict")
        )
        return {"loss": VISUAL * word + SEMANTIC * semantic + fused, "word_loss": word, "img_loss": fused}
