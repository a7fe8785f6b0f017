"""The convolutions before NRTR's transformer."""

from typing import Annotated

import paddle.nn.functional as F
from paddle import nn

from ppocr.errors import ConfigError
from ppocr.registry import BACKBONES
from ppocr.values import Range

HEIGHT, WIDTH = 32, 32  # of the image, in pixels; of the first convolution, in channels


@BACKBONES.register()
class MTB(nn.Layer):
    """Modality transform block: convolutions, each of which halves the map, and a vector for each column.

    Source: NRTR (https://arxiv.org/abs/1806.00926), section 3.2.

    Args:
        cnn_num: number of convolutions.
        in_channels: channels of the image.
    """

    def __init__(self, cnn_num: Annotated[int, Range(1, 5)] = 2, in_channels: int = 3):
        super().__init__()
        self.block = nn.Sequential()
        self._convs = []
        for i in range(cnn_num):
            width = WIDTH << i
            conv, norm = nn.Conv2D(in_channels, width, 3, stride=2, padding=1), nn.BatchNorm2D(width)
            self.block.add_sublayer(f"conv_{i}", conv)
            self.block.add_sublayer(f"bn_{i}", norm)
            self._convs.append((conv, norm))
            in_channels = width
        self.out_channels = in_channels * (HEIGHT >> cnn_num)

    def forward(self, x):
        """Maps images ``[N, in_channels, 32, W]`` to ``[N, W / 2 ** cnn_num, 512]``.

        Raises:
            ConfigError: the images have another height.
        """
        if x.shape[2] != HEIGHT:
            raise ConfigError(f"MTB: reads images of height {HEIGHT}, not {x.shape[2]}; resize them to that")
        for conv, norm in self._convs:
            x = norm(F.relu(conv(x)))
        return x.transpose([0, 3, 2, 1]).flatten(2)
