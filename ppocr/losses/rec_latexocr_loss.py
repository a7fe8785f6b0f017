"""Loss of the decoder of LaTeX-OCR."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES


@LOSSES.register()
class LaTeXOCRLoss(nn.Layer):
    """Cross entropy of what follows each entry of a label, padding included, as the published model trains.

    Source: LaTeX-OCR, https://github.com/lukas-blecher/LaTeX-OCR.
    """

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``loss``.

        Args:
            preds: logits ``[N, L - 1, classes]``.
            batch: has ``label`` ``[N, L]``: start, sub-words, end, padding.
        """
        (label,) = fields_of(batch, self.reads)
        return {"loss": F.cross_entropy(preds.astype("float32"), label[:, 1:].astype("int64"))}
