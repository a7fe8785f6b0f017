"""Heads that count characters and read them.

Source: Reciprocal Feature Learning via Explicit and Implicit Tasks in Scene Text Recognition
(https://arxiv.org/abs/2105.06229).
"""

from collections.abc import Sequence
from typing import Optional

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention_decoder import AttentionDecoder
from ppocr.registry import HEADS
from ppocr.values import Classes, TextLength, Width

COLUMNS = 26  # of an image 100 pixels wide


class CountHead(nn.Layer):
    """How often each class occurs, ``[N, 26, C]`` to ``[N, classes]``."""

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {"Prediction_visual.weight": (1, 1), "Prediction_visual.bias": (0, 1)}

    def __init__(self, in_channels, classes):
        super().__init__()
        self.Wv_fusion = nn.Linear(in_channels, in_channels, bias_attr=False)
        self.Prediction_visual = nn.Linear(COLUMNS * in_channels, classes)

    def forward(self, x):
        return self.Prediction_visual(self.Wv_fusion(x).flatten(1))


@HEADS.register()
class RFLHead(nn.Layer):
    """Counts characters, and reads them with an LSTM with attention.

    Source: Reciprocal Feature Learning (https://arxiv.org/abs/2105.06229).

    Args:
        in_channels: channels of both sequences.
        out_channels: number of classes, start and end included; follows from the dictionary.
        hidden_size: width of the recurrent layer.
        batch_max_legnth: classes that are read; the name as published.
        use_cnt: count.
        use_seq: read.
    """

    feed = ("label",)
    fixed_size = True  # the columns have weights of their own

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        hidden_size: Width = 256,
        batch_max_legnth: TextLength = 25,
        use_cnt: bool = True,
        use_seq: bool = True,
    ):
        super().__init__()
        self.cnt_head = CountHead(in_channels, out_channels) if use_cnt else None
        decoder = (in_channels, out_channels, hidden_size, nn.LSTMCell)
        self.seq_head = AttentionDecoder(*decoder) if use_seq else None
        self._steps = batch_max_legnth

    @staticmethod
    def check_arguments(use_cnt, use_seq):
        """Yields a head that does nothing."""
        if not use_cnt and not use_seq:
            yield "use_seq", "'use_cnt' and 'use_seq' cannot both be false"

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads two sequences ``[N, 26, in_channels]``, of which None may stand for one.

        Args:
            x: the sequence to count by, and the one to read.
            targets: the label ``[N, L]``; read in training only.

        Returns:
            Counts ``[N, classes]`` and scores ``[N, L, classes]`` of what follows each entry of the label, in
            evaluation of ``batch_max_legnth`` steps, there as probabilities; the one alone where the other is off.
        """
        counting, reading = x
        counts = None if self.cnt_head is None else self.cnt_head(counting)
        scores = None if self.seq_head is None else self._read(reading, targets)
        given = [one for one in (counts, scores) if one is not None]
        return given if len(given) > 1 else given[0]

    def _read(self, x, targets):
        if not self.training:
            return F.softmax(self.seq_head.generate(x, self._steps), axis=-1)
        label, *_ = targets
        return self.seq_head.teach(x, label.astype("int64"))
