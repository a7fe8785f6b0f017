"""Path aggregation with large kernels, for server-side detectors."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import plain_conv
from ppocr.modeling.layers.large_kernel import LargeSeparableConv
from ppocr.modeling.layers.pyramid import PyramidWidth, stack_levels, top_down
from ppocr.registry import NECKS
from ppocr.values import Maps

KERNEL = 9
SIZES = (7, 5, 3)  # of the convolutions that look for context


class IntraContext(nn.Layer):
    """Adds to a map what square, upright and flat convolutions of falling size find in half of its channels.

    Source: CentripetalText (https://arxiv.org/abs/2107.05945) as PP-OCRv4 uses it.

    Args:
        channels: of the map, which keeps its shape.
    """

    def __init__(self, channels):
        super().__init__()
        width = channels // 2
        self.conv1x1_reduce_channel = nn.Conv2D(channels, width, 1)
        self.conv1x1_return_channel = nn.Conv2D(width, channels, 1)
        self._rounds = []
        for size in SIZES:
            forms = (("c", size, size), ("v", size, 1), ("q", 1, size))
            self._rounds.append([self._add(kind, width, height, breadth) for kind, height, breadth in forms])
        self.bn = nn.BatchNorm2D(channels)

    def _add(self, kind, channels, height, breadth):
        conv = nn.Conv2D(channels, channels, (height, breadth), padding=(height // 2, breadth // 2))
        return self.add_sublayer(f"{kind}_layer_{height}x{breadth}", conv)

    def forward(self, x):
        """Maps ``[N, channels, H, W]`` to the same shape."""
        y = self.conv1x1_reduce_channel(x)
        for convs in self._rounds:
            y = sum(conv(y) for conv in convs)
        return x + F.relu(self.bn(self.conv1x1_return_channel(y)))


class PathAggregation(nn.Layer):
    """Top-down pyramid, a bottom-up path behind it, and a large convolution at every level of both.

    Source: PP-OCRv3 (https://arxiv.org/abs/2206.03001), section 2.1; Path Aggregation Network
    (https://arxiv.org/abs/1803.01534).

    Args:
        in_channels: channels of the maps at 1/4, 1/8, 1/16 and 1/32.
        out_channels: channels of the result, a quarter of them from each level.
        intracl: add context along rows and columns to every level.
    """

    def __init__(self, in_channels: Maps, out_channels: PyramidWidth, intracl: bool = False):
        super().__init__()
        width = out_channels // 4
        self.ins_conv = nn.LayerList([plain_conv(c, out_channels, 1) for c in in_channels])
        self.inp_conv = nn.LayerList([self.make_conv(out_channels, width) for _ in in_channels])
        self.pan_head_conv = nn.LayerList([plain_conv(width, width, 3, stride=2) for _ in in_channels[1:]])
        self.pan_lat_conv = nn.LayerList([self.make_conv(width, width) for _ in in_channels])
        self._context = []
        if intracl:
            self._context = [self.add_sublayer(f"incl{i}", IntraContext(width)) for i in (1, 2, 3, 4)]
        self.out_channels = out_channels

    @staticmethod
    def make_conv(in_channels, out_channels):
        """Returns the large convolution."""
        raise NotImplementedError

    @staticmethod
    def check_arguments(out_channels, intracl):
        """Yields a width that leaves the context no channels."""
        if intracl and out_channels < 8:
            yield "out_channels", f"'out_channels' must be 8 at least with 'intracl', not {out_channels}"

    def aggregate(self, x):
        """Maps the list of four maps to ``[N, out_channels, H / 4, W / 4]`` and the maps of the top-down pyramid."""
        merged = top_down([conv(level) for conv, level in zip(self.ins_conv, x)])
        levels = [conv(level) for conv, level in zip(self.inp_conv, merged)]
        path = levels[:1]
        for conv, level in zip(self.pan_head_conv, levels[1:]):
            path.append(level + conv(path[-1]))
        path = [conv(level) for conv, level in zip(self.pan_lat_conv, path)]
        for i, context in enumerate(self._context):
            path[i] = context(path[i])
        return stack_levels(path), merged


@NECKS.register()
class LKPAN(PathAggregation):
    """Path aggregation with 9x9 convolutions; see :class:`PathAggregation`."""

    @staticmethod
    def make_conv(in_channels, out_channels):
        return plain_conv(in_channels, out_channels, KERNEL)

    def forward(self, x):
        """Maps the list of four maps to ``[N, out_channels, H / 4, W / 4]``; sides must be multiples of 32."""
        return self.aggregate(x)[0]


@NECKS.register()
class RepLKPAN(PathAggregation):
    """Path aggregation with separable 9x9 convolutions that train as several branches; see :class:`PathAggregation`."""

    @staticmethod
    def make_conv(in_channels, out_channels):
        return LargeSeparableConv(in_channels, out_channels, KERNEL)

    def forward(self, x):
        """Maps the list of four maps to ``[N, out_channels, H / 4, W / 4]``; sides must be multiples of 32.

        In training that map comes with the list of the first three maps of the top-down pyramid, at 1/4, 1/8 and 1/16,
        for :class:`ppocr.modeling.heads.det_db_head.DBHead` to supervise.
        """
        fused, merged = self.aggregate(x)
        return (fused, merged[:3]) if self.training else fused
