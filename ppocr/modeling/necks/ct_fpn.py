"""Feature pyramid of CentripetalText: light pyramids that go down and up, one after the other."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.registry import NECKS
from ppocr.values import Maps, Width


@NECKS.register()
class CTFPN(nn.Layer):
    """Brings four maps to one width, enhances them twice, and stacks the sums of both at a quarter of the image.

    Source: Pixel Aggregation Network (https://arxiv.org/abs/1908.05900), sections 3.1 and 3.2.

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32 of the image.
        out_channel: channels of each map of the pyramids.
    """

    def __init__(self, in_channels: Maps, out_channel: Width = 128):
        super().__init__()
        self._reduce = [
            self.add_sublayer(f"reduce_layer{i}", ConvNormAct(channels, out_channel, 1, act="relu"))
            for i, channels in enumerate(in_channels, 1)
        ]
        self.fpem1 = FeatureEnhancement(out_channel)
        self.fpem2 = FeatureEnhancement(out_channel)
        self.out_channels = 4 * out_channel

    def forward(self, x):
        """Maps the list of four maps to ``[N, 4 out_channel, H / 4, W / 4]``."""
        first = self.fpem1([reduce(level) for reduce, level in zip(self._reduce, x)])
        largest, *others = [one + other for one, other in zip(first, self.fpem2(first))]
        return paddle.concat([largest, *(enlarged(level, largest) for level in others)], axis=1)


class FeatureEnhancement(nn.Layer):
    """A pyramid from the smallest map to the largest and back, of depthwise and 1x1 convolutions (FPEM).

    Args:
        channels: of all four maps.
    """

    def __init__(self, channels):
        super().__init__()
        for name, stride in [("3_1", 1), ("2_1", 1), ("1_1", 1), ("2_2", 2), ("3_2", 2), ("4_2", 2)]:
            depthwise = nn.Conv2D(channels, channels, 3, stride, padding=1, groups=channels, bias_attr=False)
            self.add_sublayer(f"dwconv{name}", depthwise)
            self.add_sublayer(f"smooth_layer{name}", ConvNormAct(channels, channels, 1, act="relu"))

    def forward(self, x):
        """Maps a list of four maps, each half the size of the one before, to one of the same shapes."""
        f1, f2, f3, f4 = x
        f3 = self._merged("3_1", f4, f3)
        f2 = self._merged("2_1", f3, f2)
        f1 = self._merged("1_1", f2, f1)
        f2 = self._merged("2_2", f2, f1)
        f3 = self._merged("3_2", f3, f2)
        f4 = self._merged("4_2", f4, f3)
        return [f1, f2, f3, f4]

    def _merged(self, name, small, large):
        """Adds the smaller map to the larger one; a stride of 2 makes the result as small as the former."""
        depthwise, smooth = getattr(self, f"dwconv{name}"), getattr(self, f"smooth_layer{name}")
        return smooth(depthwise(enlarged(small, large) + large))


def enlarged(x, like):
    """Returns a map at the size of another."""
    return F.interpolate(x, size=like.shape[2:], mode="bilinear")
