"""Loss of SEED."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES

MEANING_WEIGHT = 0.1


@LOSSES.register()
class AsterLoss(nn.Layer):
    """Cross entropy of the characters, summed over a text, and the distance of its word vector from the true one.

    Source: SEED: Semantics Enhanced Encoder-Decoder Framework (https://arxiv.org/abs/2005.10977).
    """

    reads = ("label", "length", "fast_label")

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: ``rec_pred``, logits ``[N, L', classes]``, and ``embedding_vectors`` ``[N, 300]``.
            batch: has ``label`` ``[N, L]``, ``length`` ``[N]``, which counts the end, and ``fast_label`` ``[N, 300]``.
        """
        label, length, meaning = fields_of(batch, self.reads)
        logits = preds["rec_pred"].astype("float32")
        steps = logits.shape[1]
        target = label.astype("int64")[:, :steps].unsqueeze(2)
        counted = (paddle.arange(steps) < length.astype("int64").unsqueeze(1)).astype("float32")
        text = (F.cross_entropy(logits, target, reduction="none").squeeze(2) * counted).sum() / logits.shape[0]
        guess = preds["embedding_vectors"].astype("float32")
        apart = (1.0 - F.cosine_similarity(guess, meaning.astype("float32"), axis=1)).mean()
        return {"loss": text + MEANING_WEIGHT * apart}
