"""Exchange of features between the branches that count and read characters.

Source: Reciprocal Feature Learning via Explicit and Implicit Tasks in Scene Text Recognition
(https://arxiv.org/abs/2105.06229), section 3.4.
"""

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.necks.rnn import image_to_sequence
from ppocr.registry import NECKS


class Reasoning(nn.Layer):
    """Weighs the channels at each place of a sequence ``[N, T, channels]``."""

    def __init__(self, channels):
        super().__init__()
        self.channel_inter = nn.Linear(channels, channels, bias_attr=False)
        self.channel_bn = nn.BatchNorm1D(channels, data_format="NLC")

    def forward(self, x):
        return F.relu(self.channel_bn(self.channel_inter(x)))


@NECKS.register()
class RFAdaptor(nn.Layer):
    """Columns of two maps as sequences, each with features of the other.

    Source: Reciprocal Feature Learning (https://arxiv.org/abs/2105.06229).

    Args:
        in_channels: channels of each map, the same.
        use_v2s: weigh the features for reading by those for counting.
        use_s2v: add to the features for counting those for reading, weighed by themselves.
    """

    def __init__(self, in_channels: tuple[int, int], use_v2s: bool = True, use_s2v: bool = True):
        super().__init__()
        self.neck_v2s = Reasoning(in_channels[0]) if use_v2s else None
        self.neck_s2v = Reasoning(in_channels[0]) if use_s2v else None
        self.out_channels = in_channels[0]

    def forward(self, x):
        """Maps two maps ``[N, in_channels, 1, W]``, or None, to sequences ``[N, W, in_channels]``, or None."""
        counting, reading = (None if one is None else image_to_sequence(one) for one in x)
        weighed = reading if self.neck_v2s is None else reading * self.neck_v2s(counting)
        if self.neck_s2v is not None:
            counting = counting + reading * self.neck_s2v(reading)
        return counting, weighed
