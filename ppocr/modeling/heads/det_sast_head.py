"""SAST: centre lines of texts, and from there the ways to borders, corners and centres."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.registry import HEADS


def map_of(in_channels, channels):
    """Returns four convolutions that give a map of ``channels``."""
    widths = ((in_channels, 64, 1, "relu"), (64, 64, 3, "relu"), (64, 128, 1, "relu"), (128, channels, 3, None))
    return nn.Sequential(*[ConvNormAct(given, width, kernel, act=act) for given, width, kernel, act in widths])


class _Borders(nn.Layer):
    def __init__(self, in_channels):
        super().__init__()
        self.score_conv = map_of(in_channels, 1)
        self.border_conv = map_of(in_channels, 4)


class _Offsets(nn.Layer):
    def __init__(self, in_channels):
        super().__init__()
        self.tvo_conv = map_of(in_channels, 8)
        self.tco_conv = map_of(in_channels, 2)


@HEADS.register()
class SASTHead(nn.Layer):
    """Probability of a centre line, and the ways to the borders, to the corners and to the middle of the text.

    Source: A Single-Shot Arbitrarily-Shaped Text Detector (https://arxiv.org/abs/1908.05498), section 3.1.

    Args:
        in_channels: channels of the features.
    """

    def __init__(self, in_channels: int):
        super().__init__()
        self.head1 = _Borders(in_channels)
        self.head2 = _Offsets(in_channels)

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to a dict of maps of this size, ways in pixels of it.

        ``f_score`` (1 channel, float32, values in (0, 1)), ``f_border`` (4: way to the upper border, y and x, and to
        the lower one), ``f_tvo`` (8: ways from the four corners, x and y), ``f_tco`` (2: way from the middle).
        """
        return {
            "f_score": F.sigmoid(self.head1.score_conv(x).astype("float32")),
            "f_border": self.head1.border_conv(x),
            "f_tvo": self.head2.tvo_conv(x),
            "f_tco": self.head2.tco_conv(x),
        }
