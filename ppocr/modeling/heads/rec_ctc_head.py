"""Head of recognisers that are trained with connectionist temporal classification."""

from typing import Optional

import paddle.nn.functional as F
from paddle import nn
from paddle.regularizer import L2Decay

from ppocr.modeling.layers.linear import uniform_linear
from ppocr.registry import HEADS
from ppocr.values import Classes, Penalty, Width


@HEADS.register()
class CTCHead(nn.Layer):
    """Scores of every class, blank included, at every step of a sequence.

    Args:
        in_channels: channels of the sequence.
        out_channels: number of classes, blank included; follows from the dictionary.
        fc_decay: L2 regularisation of these layers, in place of the optimizer's.
        mid_channels: width of a linear layer in between; none by default.
        return_feats: give ``(features, scores)`` in training; the features are the input of the last layer.
        use_guide: mix neighbouring steps first, with a depthwise and a pointwise convolution.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        fc_decay: Penalty = 0.0004,
        mid_channels: Optional[Width] = None,
        return_feats: bool = False,
        use_guide: bool = False,
    ):
        super().__init__()
        self.guide_layer = _guide(in_channels) if use_guide else None
        if mid_channels is None:
            self.fc = uniform_linear(in_channels, out_channels, L2Decay(fc_decay))
        else:
            self.fc1 = uniform_linear(in_channels, mid_channels, L2Decay(fc_decay))
            self.fc2 = uniform_linear(mid_channels, out_channels, L2Decay(fc_decay))
        self.out_channels = out_channels
        self.return_feats = return_feats
        self._two_layers = mid_channels is not None
        last = "fc2" if self._two_layers else "fc"
        self.vocabulary_parameters = {f"{last}.weight": (1, 1), f"{last}.bias": (0, 1)}

    def forward(self, x):
        """Maps ``[N, T, in_channels]`` to scores ``[N, T, out_channels]``: logits in training, else probabilities."""
        if self.guide_layer is not None:
            x = self.guide_layer(x.transpose([0, 2, 1])).transpose([0, 2, 1])
        features = self.fc1(x) if self._two_layers else x
        scores = self.fc2(features) if self._two_layers else self.fc(features)
        if not self.training:
            return F.softmax(scores, axis=2)
        return (features, scores) if self.return_feats else scores


def _guide(channels):
    return nn.Sequential(
        nn.Conv1D(channels, channels, 5, padding=2, groups=channels, bias_attr=False),
        nn.BatchNorm1D(channels),
        nn.Hardswish(),
        nn.Conv1D(channels, channels, 1, bias_attr=False),
        nn.BatchNorm1D(channels),
        nn.Hardswish(),
    )
