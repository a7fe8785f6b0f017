"""Recurrent heads with attention that give one character after the other."""

from collections.abc import Sequence
from typing import Optional

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention_decoder import AttentionDecoder
from ppocr.registry import HEADS
from ppocr.values import Classes, TextLength, Width


@HEADS.register()
class AttentionHead(AttentionDecoder):
    """A gated recurrent unit with attention.

    It is trained as it is used: each step reads what the head itself gave before.

    Source: Robust Scene Text Recognition with Automatic Rectification (https://arxiv.org/abs/1603.03915).

    Args:
        in_channels: channels of the sequence.
        out_channels: number of classes, start and end included; follows from the dictionary.
        hidden_size: width of the recurrent layer.
        max_text_length: classes that are given; the length of the labels.
    """

    def __init__(self, in_channels: int, out_channels: Classes, hidden_size: Width, max_text_length: TextLength = 25):
        super().__init__(in_channels, out_channels, hidden_size, nn.GRUCell)
        self._steps = max_text_length

    def forward(self, x):
        """Maps ``[N, T, in_channels]`` to scores of ``max_text_length`` classes: logits in training, else softmax."""
        logits = self.generate(x, self._steps)
        return logits if self.training else F.softmax(logits, axis=-1)


@HEADS.register()
class SPINAttentionHead(AttentionDecoder):
    """An LSTM with attention, trained on what follows each entry of the label.

    Source: SPIN (https://arxiv.org/abs/2005.13117).

    Args:
        in_channels: channels of the sequence.
        out_channels: number of classes, start and end included; follows from the dictionary.
        hidden_size: width of the recurrent layer.
        max_text_length: characters that are given, without the end.
    """

    feed = ("label",)

    def __init__(self, in_channels: int, out_channels: Classes, hidden_size: Width, max_text_length: TextLength = 25):
        super().__init__(in_channels, out_channels, hidden_size, nn.LSTMCell, first=2)
        self._steps = max_text_length + 1

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads a sequence ``[N, T, in_channels]``.

        Args:
            x: the sequence.
            targets: the label ``[N, L]``, start and end included; read in training only.

        Returns:
            In training logits ``[N, L - 1, classes]`` of what follows each entry of the label but the last.  In
            evaluation probabilities ``[N, max_text_length + 1, classes]``.
        """
        if not self.training:
            return F.softmax(self.generate(x, self._steps), axis=-1)
        label, *_ = targets
        return self.teach(x, label.astype("int64")[:, :-1])
