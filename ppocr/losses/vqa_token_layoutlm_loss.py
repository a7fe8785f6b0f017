"""Loss of models that name the entities on a page."""

from typing import Optional

import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import named
from ppocr.registry import LOSSES
from ppocr.values import Classes, Name

PUBLISHED_FIELDS = ("input_ids", "bbox", "attention_mask", "token_type_ids", "image", "labels")
NO_CLASS = -100  # label of sub-words that begin nothing, such as those of padding


@LOSSES.register()
class VQASerTokenLayoutLMLoss(nn.Layer):
    """Mean cross entropy of the classes of sub-words; padding does not count.

    Args:
        num_classes: classes of sub-words.
        key: of the logits, where the model gives a mapping.
    """

    reads = ("attention_mask", "labels")

    def __init__(self, num_classes: Classes, key: Optional[Name] = None):
        super().__init__()
        self.num_classes, self.key = num_classes, key

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``, 0 where nothing counts.

        Args:
            preds: logits ``[N, T, num_classes]``, or a mapping with them.
            batch: has ``attention_mask`` int ``[N, T]``, 1 for sub-words, and ``labels`` int ``[N, T]``.
        """
        mask, labels = named(batch, PUBLISHED_FIELDS).select(*self.reads)
        logits = preds[self.key] if isinstance(preds, dict) else preds
        labels = labels.flatten().astype("int64")
        counts = ((mask.flatten() == 1) & (labels != NO_CLASS)).astype(logits.dtype)
        entropy = F.cross_entropy(
            logits.reshape([-1, self.num_classes]), labels, ignore_index=NO_CLASS, reduction="none"
        )
        return {"loss": (entropy.flatten() * counts).sum() / counts.sum().clip(min=1.0)}
