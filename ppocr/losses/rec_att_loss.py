"""Loss of the recurrent decoder with attention."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.errors import ConfigError
from ppocr.registry import LOSSES
from ppocr.text.codecs import SpinCodec
from ppocr.values import Index


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


@LOSSES.register()
class SPINAttentionLoss(nn.Layer):
    """Mean cross entropy of the characters and the end; padding counts nothing.

    Source: SPIN (https://arxiv.org/abs/2005.13117).

    Args:
        ignore_index: class of the padding; follows from the dictionary.
    """

    reads = ("label",)
    padding_of = SpinCodec

    def __init__(self, ignore_index: Index = 0):
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[N, L - 1, classes]`` of what follows each entry of the label but the last.
            batch: has ``label`` ``[N, L]``: start, characters, end, padding.
        """
        (label,) = fields_of(batch, self.reads)
        target = label.astype("int64")[:, 1:].flatten()
        logits = preds.astype("float32").flatten(0, 1)
        return {"loss": F.cross_entropy(logits, target, ignore_index=self.ignore_index)}
