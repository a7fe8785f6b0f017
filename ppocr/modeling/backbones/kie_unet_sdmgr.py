"""U-Net of SDMGR, and the features of each box of a page."""

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.vision.ops import roi_align

from ppocr.data.batch import GRAPH_FIELDS, graph_sizes
from ppocr.modeling.layers.activations import ACTIVATIONS
from ppocr.registry import BACKBONES
from ppocr.values import Channels

WIDTHS = (16, 32, 64, 128, 256)  # channels at 1/1, 1/2, 1/4, 1/8 and 1/16 of the image
GRID = 7  # samples of a box along each side
_relu = ACTIVATIONS["relu"]


class _Down(nn.Layer):
    """Two 3x3 convolutions."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv1 = nn.Conv2D(in_channels, out_channels, 3, padding=1, bias_attr=False)
        self.bn1 = nn.BatchNorm2D(out_channels)
        self.conv2 = nn.Conv2D(out_channels, out_channels, 3, padding=1, bias_attr=False)
        self.bn2 = nn.BatchNorm2D(out_channels)

    def forward(self, x):
        x = _relu(self.bn1(self.conv1(x)))
        return _relu(self.bn2(self.conv2(x)))


class _Up(_Down):
    """The same of a finer map and a coarser one, whose channels are halved and which is enlarged to its size."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.conv0 = nn.Conv2D(in_channels, out_channels, 1, bias_attr=False)
        self.bn0 = nn.BatchNorm2D(out_channels)

    def forward(self, fine, coarse):
        """See the class."""
        coarse = _relu(self.bn0(self.conv0(coarse)))
        coarse = F.interpolate(coarse, size=fine.shape[2:], mode="bilinear")
        return super().forward(paddle.concat([fine, coarse], axis=1))


class UNet(nn.Layer):
    """Four times down and up again; ``[N, C, H, W]`` to ``[N, 16, H, W]``.

    Source: U-Net (https://arxiv.org/abs/1505.04597).
    """

    def __init__(self, in_channels):
        super().__init__()
        for number, (before, width) in enumerate(zip((in_channels, *WIDTHS), WIDTHS), start=1):
            self.add_sublayer(f"down{number}", _Down(before, width))
        for number, (width, coarser) in enumerate(zip(WIDTHS, WIDTHS[1:]), start=1):
            self.add_sublayer(f"up{number}", _Up(coarser, width))

    def forward(self, x):
        maps = [self.down1(x)]
        for number in range(2, len(WIDTHS) + 1):
            maps.append(F.max_pool2d(getattr(self, f"down{number}")(maps[-1]), 3, stride=2, padding=1))
        x = maps.pop()
        for number in range(len(maps), 0, -1):
            x = getattr(self, f"up{number}")(maps[number - 1], x)
        return x


@BACKBONES.register(scope="kie")
class Kie_backbone(nn.Layer):  # noqa: N801  (the name of published configurations)
    """Features of the boxes of pages: the maximum of a U-Net's map over 7 x 7 places of each.

    Source: SDMGR (https://arxiv.org/abs/2103.14470).

    Args:
        in_channels: channels of the image.
    """

    inputs = GRAPH_FIELDS

    def __init__(self, in_channels: Channels = 3):
        super().__init__()
        self.img_feat = UNet(in_channels)
        self.out_channels = WIDTHS[0]

    def forward(self, batch):
        """Cuts the padding off and reads the image.

        Args:
            batch: images ``[N, C, H, W]``; relations ``[N, B, B, 5]``; characters ``[N, B, T]``; boxes ``[N, B, 4]``,
                x and y of two corners in pixels; labels, which are not read; how many boxes and characters there are
                ``[N, 2]``; height and width of the images without padding ``[N, 2]``, which are not read either: what
                lies outside of all boxes has next to no influence.

        Returns:
            ``relations`` ``[N, n, n, 5]``, ``texts`` ``[N, n, t]``, the ``visual`` features ``[N, n, 16]`` and ``tag``,
            n and t being the most boxes and characters of a page.
        """
        images, relations, texts, boxes, _, tag, _ = batch
        counts, lengths = zip(*graph_sizes(tag))
        most, longest = max(counts), max(1, *lengths)
        boxes = boxes[:, :most].astype(images.dtype)
        numbers = paddle.full([len(counts)], most, "int32")
        cut = roi_align(self.img_feat(images), boxes.reshape([-1, 4]), numbers, GRID)
        visual = cut.max(axis=[2, 3]).reshape([len(counts), most, self.out_channels])
        relations, texts = relations[:, :most, :most], texts[:, :most, :longest]
        return {"relations": relations, "texts": texts, "visual": visual, "tag": tag}
