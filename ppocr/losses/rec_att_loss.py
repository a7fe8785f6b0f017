"""Loss of the recurrent decoder with attention."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.errors import ConfigError
from ppocr.registry import LOSSES


@LOSSES.register()
class AttentionLoss(nn.Layer):
    """Cross entropy, summed over all entries of all labels: start, characters, end and padding.

    Source: Robust Scene Text Recognition with Automatic Rectification (https://arxiv.org/abs/1603.03915).
    """

    reads = ("label",)

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, L, classes]``.
            batch: has ``label`` ``[N, L]``.

        Raises:
            ConfigError: the labels have another length.
        """
        (label,) = fields_of(batch, self.reads)
        steps, length = preds.shape[1], label.shape[1]
        if steps != length:
            raise ConfigError(
                f"AttentionLoss: the labels have {length} entries, the head gives {steps}: set "
                "Architecture.Head.max_text_length to Global.max_text_length"
            )
        logits = preds.astype("float32").flatten(0, 1)
        return {"loss": F.cross_entropy(logits, label.astype("int64").flatten(), reduction="sum")}
