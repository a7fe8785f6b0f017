"""Context along rows and columns for maps of text."""

import paddle.nn.functional as F
from paddle import nn

SIZES = (7, 5, 3)


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
