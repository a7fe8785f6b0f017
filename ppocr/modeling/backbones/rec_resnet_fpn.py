"""ResNet-50 whose last three stages are joined at an eighth of the image, for text lines of two dimensions."""

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingUniform

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.stages import run_stages
from ppocr.registry import BACKBONES

DEPTHS = (3, 4, 6, 3)
WIDTHS = (64, 128, 256, 512)
STRIDED = 2  # the first stages, which halve the map; the others start with a dilated 2x2 kernel
EXPANSION = 4


class Shortcut(nn.Layer):
    """1x1 convolution of the input."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv = ConvNormAct(in_channels, out_channels, 1, stride)

    def forward(self, x):
        return self.conv(x)


class Bottleneck(nn.Layer):
    """1x1, 3x3 and 1x1 convolutions and a shortcut."""

    def __init__(self, in_channels, width, stride, first, dilated):
        super().__init__()
        self.conv0 = ConvNormAct(in_channels, width, 1, act="relu")
        # a 2x2 kernel with a gap of one pixel covers what a 3x3 kernel does
        kernel = {"kernel_size": 2, "dilation": 2} if dilated else {"kernel_size": 3}
        self.conv1 = ConvNormAct(width, width, stride=stride, padding=1, act="relu", **kernel)
        self.conv2 = ConvNormAct(width, EXPANSION * width, 1)
        self.short = Shortcut(in_channels, EXPANSION * width, stride) if first else None

    def forward(self, x):
        y = self.conv2(self.conv1(self.conv0(x)))
        return F.relu(y + (x if self.short is None else self.short(x)))


@BACKBONES.register()
class ResNetFPN(nn.Layer):
    """ResNet-50 to an eighth of the image, its last three stages joined from the deepest on.

    Source: Towards Accurate Scene Text Recognition with Semantic Reasoning Networks
    (https://arxiv.org/abs/2003.12294), section 3.1.

    Args:
        in_channels: channels of the image.
    """

    def __init__(self, in_channels: int = 1):
        super().__init__()
        self.conv = ConvNormAct(in_channels, 64, 7, stride=2, act="relu")
        self._stages, channels = [], 64
        for i, (depth, width) in enumerate(zip(DEPTHS, WIDTHS)):
            blocks = []
            for j in range(depth):
                stride, dilated = (2 if i < STRIDED else 1, i >= STRIDED) if j == 0 else (1, False)
                block = Bottleneck(channels, width, stride, j == 0, dilated)
                blocks.append(self.add_sublayer(f"bottleneckBlock_{i}_{j}", block))
                channels = EXPANSION * width
            self._stages.append(blocks)
        self._joins = []
        for level, width in ((-2, 1024), (-3, 512)):
            layers = [_conv(channels + width, width, 1), _conv(width, width, 3), nn.BatchNorm2D(width)]
            layers += [_conv(width, width, 1)] if level == -3 else []
            for i, layer in enumerate(layers):
                self.add_sublayer(f"F_{level}_base_block_{i}", layer)
            self._joins.append(layers)
            channels = width
        self.out_channels = channels

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, 512, H / 8, W / 8]``."""
        maps = run_stages(self.conv(x), self._stages)
        x = maps[-1]
        for layers, level in zip(self._joins, maps[-2:-4:-1]):
            first, second, norm = layers[:3]
            x = F.relu(norm(second(first(paddle.concat([x, level], axis=1)))))
            for layer in layers[3:]:
                x = layer(x)
        return x


def _conv(in_channels, out_channels, kernel_size):
    weight = ParamAttr(initializer=KaimingUniform())
    return nn.Conv2D(in_channels, out_channels, kernel_size, padding=kernel_size // 2, weight_attr=weight)
