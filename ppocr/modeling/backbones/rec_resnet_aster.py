"""The ResNet of ASTER and SEED: columns of a text line, read in both directions by an LSTM."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.errors import ConfigError
from ppocr.registry import BACKBONES

STEM = 32
# blocks, channels and stride of each stage
STAGES = ((3, 32, (2, 2)), (4, 64, (2, 2)), (6, 128, (2, 1)), (6, 256, (2, 1)), (3, 512, (2, 1)))
HIDDEN = 256  # of the LSTM in each direction


def _conv(in_channels, out_channels, kernel_size, stride=1):
    return nn.Conv2D(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias_attr=False)


class AsterBlock(nn.Layer):
    """1x1 and 3x3 convolution and a shortcut, which has a convolution where the shape changes."""

    def __init__(self, in_channels, out_channels, stride, changes):
        super().__init__()
        self.conv1, self.bn1 = _conv(in_channels, out_channels, 1, stride), nn.BatchNorm2D(out_channels)
        self.conv2, self.bn2 = _conv(out_channels, out_channels, 3), nn.BatchNorm2D(out_channels)
        self.downsample = None
        if changes:
            self.downsample = nn.Sequential(_conv(in_channels, out_channels, 1, stride), nn.BatchNorm2D(out_channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


@BACKBONES.register()
class ResNet_ASTER(nn.Layer):
    """A convolution, five stages of residual blocks, and two layers of a bidirectional LSTM.

    Source: ASTER (TPAMI 2018), section 3.2.

    Args:
        in_channels: channels of the image.
    """

    def __init__(self, in_channels: int = 3):
        super().__init__()
        self.layer0 = nn.Sequential(_conv(in_channels, STEM, 3), nn.BatchNorm2D(STEM), nn.ReLU())
        self._stages, channels = [], STEM
        for i, (depth, width, stride) in enumerate(STAGES, start=1):
            blocks = [AsterBlock(channels, width, stride, True)]
            blocks += [AsterBlock(width, width, 1, False) for _ in range(depth - 1)]
            self._stages.append(self.add_sublayer(f"layer{i}", nn.Sequential(*blocks)))
            channels = width
        self.rnn = nn.LSTM(channels, HIDDEN, num_layers=2, direction="bidirect")
        self.out_channels = 2 * HIDDEN

    def forward(self, x):
        """Maps images ``[N, in_channels, 32, W]`` to ``[N, W / 4, 512]``.

        Raises:
            ConfigError: the images have another height.
        """
        x = self.layer0(x)
        for stage in self._stages:
            x = stage(x)
        if x.shape[2] != 1:
            raise ConfigError("ResNet_ASTER: reads images of height 32; resize them to that, or rectify them (STN_ON)")
        return self.rnn(x.squeeze(2).transpose([0, 2, 1]))[0]
