"""Loss of VisionLAN."""

from typing import Literal

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.registry import LOSSES
from ppocr.values import Weight

END = 0


@LOSSES.register()
class VLLoss(nn.Layer):
    """Mean cross entropy of the characters up to the end of each text, for the whole text and its two parts.

    Source: https://arxiv.org/abs/2108.09661, section 3.4.

    Args:
        mode: the ``training_step`` of the head; ``LF_1`` has the whole text only.
        weight_res: weight of the text without one character.
        weight_mas: weight of that character.
    """

    reads = ("label", "label_res", "label_sub")

    def __init__(
        self, mode: Literal["LF_1", "LF_2", "LA"] = "LF_1", weight_res: Weight = 0.5, weight_mas: Weight = 0.5
    ):
        super().__init__()
        self.weights = (1.0,) if mode == "LF_1" else (1.0, weight_res, weight_mas)

    def forward(self, preds, batch):
        """Returns ``{"loss": ...}``.

        Args:
            preds: logits ``[slots, N, classes]`` of the whole text and, but for ``LF_1``, of its parts.
            batch: has ``label`` ``[N, L]``, ``label_res`` without a character, ``label_sub``, that character; 0 ends.
        """
        terms = (text_loss(logits, label) for logits, label in zip(preds, fields_of(batch, VLLoss.reads)))
        return {"loss": sum(weight * term for weight, term in zip(self.weights, terms))}


def text_loss(logits, label):
    """Returns the mean cross entropy over all characters and one end for each text."""
    slots, lines, classes = logits.shape
    ends = paddle.full([lines, max(slots - label.shape[1], 0)], END, dtype="int64")
    target = paddle.concat([label.astype("int64"), ends], axis=1)[:, :slots].transpose([1, 0])
    ended = (target == END).astype("int64")
    counted = (ended.cumsum(axis=0) - ended == 0).astype("float32")  # up to the first end
    loss = F.cross_entropy(logits.astype("float32"), target.unsqueeze(2), reduction="none").squeeze(2)
    return (loss * counted).sum() / counted.sum()
