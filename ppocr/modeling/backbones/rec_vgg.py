"""Plain stacked convolutions: the backbone of the original CRNN, in a width that a CPU trains in minutes."""

from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.registry import BACKBONES
from ppocr.values import Width

_POOLS = ((2, 2), (2, 2), (2, 1), (2, 1))  # the last two keep the width: one time step for every four pixels


@BACKBONES.register(scope=("rec", "cls"))
class VGG(nn.Layer):
    """Four 3x3 convolutions with max pooling, one of 2x3, and a mean over what is left of the height.

    Source: Shi, Bai, Yao: An End-to-End Trainable Neural Network for Image-based Sequence Recognition
    (https://arxiv.org/abs/1507.05717), with batch normalisation everywhere and fewer channels.

    Args:
        in_channels: channels of the image.
        channels: channels after each of the five convolutions.
    """

    def __init__(
        self, in_channels: int = 3, channels: tuple[Width, Width, Width, Width, Width] = (32, 64, 96, 128, 128)
    ):
        super().__init__()
        layers = []
        for width, pool in zip(channels, _POOLS):
            layers += [ConvNormAct(in_channels, width, 3, act="relu"), nn.MaxPool2D(pool, pool)]
            in_channels = width
        layers.append(ConvNormAct(in_channels, channels[-1], (2, 3), act="relu"))
        self.layers = nn.Sequential(*layers)
        self.out_channels = channels[-1]

    def forward(self, x):
        """Turns images ``[N, C, H, W]`` (H at least 32) into ``[N, out_channels, 1, W // 4]``."""
        return self.layers(x).mean(axis=2, keepdim=True)
