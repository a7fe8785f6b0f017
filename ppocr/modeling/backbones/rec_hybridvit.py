"""A vision transformer on the map of a ResNetV2, with which LaTeX-OCR reads images of formulas."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import TruncatedNormal

from ppocr.errors import ConfigError
from ppocr.modeling.layers.channels import undivided
from ppocr.modeling.layers.tokens import to_tokens
from ppocr.modeling.layers.vit_block import EPSILON, ViTBlock
from ppocr.registry import BACKBONES
from ppocr.values import Depth, Heads, Range, Width

DEPTHS = (2, 3, 7)  # blocks of each stage of ResNetV2
WIDTHS = (256, 512, 1024)
STEM = 64
GROUPS = 32
SHRINK = 16  # pixels of an image to one of the map
GridSide = Annotated[int, Range(SHRINK, 10_000, step=SHRINK)]


def pad_evenly(x, kernel_size, stride):
    """Returns a map with zeros around it, so that a layer gives its size divided by the stride, rounded up.

    An odd row or column stands at the bottom or at the right.
    """
    sides = [max((-(-side // stride) - 1) * stride + kernel_size - side, 0) for side in x.shape[2:]]
    (top, bottom), (left, right) = ((side // 2, side - side // 2) for side in sides)
    return F.pad(x, [left, right, top, bottom]) if any(sides) else x


class StandardisedConv(nn.Conv2D):
    """Convolution without bias whose kernels have mean 0 and variance 1 (https://arxiv.org/abs/1903.10520)."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1):
        super().__init__(in_channels, out_channels, kernel_size, stride=stride, bias_attr=False)
        # Checkpoints have it; kernels are standardised by their own mean and variance alone.
        self.batch_norm = nn.BatchNorm1D(out_channels)
        self._kernel, self._step = kernel_size, stride

    def forward(self, x):
        kernel = self.weight - self.weight.mean(axis=[1, 2, 3], keepdim=True)
        kernel = kernel * (kernel.square().mean(axis=[1, 2, 3], keepdim=True) + EPSILON).rsqrt()
        return F.conv2d(pad_evenly(x, self._kernel, self._step), kernel, stride=self._step)


class Downsample(nn.Layer):
    """The shortcut of a block that changes the shape."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv = StandardisedConv(in_channels, out_channels, 1, stride)
        self.norm = nn.GroupNorm(GROUPS, out_channels)

    def forward(self, x):
        return self.norm(self.conv(x))


class Bottleneck(nn.Layer):
    """Three convolutions, each normalised by groups of channels, and a shortcut."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        inner = out_channels // 4
        self.downsample = None if in_channels == out_channels else Downsample(in_channels, out_channels, stride)
        self.conv1, self.norm1 = StandardisedConv(in_channels, inner, 1), nn.GroupNorm(GROUPS, inner)
        self.conv2, self.norm2 = StandardisedConv(inner, inner, 3, stride), nn.GroupNorm(GROUPS, inner)
        self.conv3, self.norm3 = StandardisedConv(inner, out_channels, 1), nn.GroupNorm(GROUPS, out_channels)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNetV2(nn.Layer):
    """ResNet with standardised kernels, ``[N, in_channels, H, W]`` to ``[N, 1024, H / 16, W / 16]``.

    Source: Big Transfer (https://arxiv.org/abs/1912.11370), with the normalisation behind the convolutions.
    """

    def __init__(self, in_channels):
        super().__init__()
        self.stem, self.stages = nn.Layer(), nn.LayerList()
        self.stem.conv, self.stem.norm = StandardisedConv(in_channels, STEM, 7, 2), nn.GroupNorm(GROUPS, STEM)
        width = STEM
        for number, (depth, wider) in enumerate(zip(DEPTHS, WIDTHS)):
            strides = [2 if number else 1, *[1] * (depth - 1)]
            blocks = [Bottleneck(wider if i else width, wider, stride) for i, stride in enumerate(strides)]
            stage = nn.Layer()
            stage.blocks = nn.Sequential(*blocks)
            self.stages.append(stage)
            width = wider

    def forward(self, x):
        x = F.relu(self.stem.norm(self.stem.conv(x)))
        x = F.max_pool2d(pad_evenly(x, 3, 2), 3, 2)  # zeros around what is not negative change no maximum
        for stage in self.stages:
            x = stage.blocks(x)
        return x


class HybridEmbedding(nn.Layer):
    """The pixels of the map of a ResNetV2 as tokens."""

    def __init__(self, in_channels, width):
        super().__init__()
        self.backbone = ResNetV2(in_channels)
        self.proj = nn.Conv2D(WIDTHS[-1], width, 1)

    def forward(self, x):
        """Returns the map ``[N, width, H / 16, W / 16]``."""
        return self.proj(self.backbone(x))


@BACKBONES.register()
class HybridTransformer(nn.Layer):
    """Blocks of attention among the pixels of the map of a ResNetV2 and one more token, which stands first.

    Images of all sizes up to one share the places of the largest.

    Source: An Image is Worth 16x16 Words (https://arxiv.org/abs/2010.11929), as LaTeX-OCR has it.

    Args:
        img_size: height and width of the largest image.
        in_channels: channels of the image.
        patch_size: pixels of an image to one of the map, 16.
        embed_dim: width of a token.
        depth: number of blocks.
        num_heads: attention heads.
    """

    image_places = "img_size"

    def __init__(
        self,
        img_size: tuple[GridSide, GridSide] = (192, 672),
        in_channels: int = 1,
        patch_size: Annotated[int, Range(SHRINK, SHRINK)] = SHRINK,
        embed_dim: Width = 256,
        depth: Depth = 4,
        num_heads: Heads = 8,
    ):
        super().__init__()
        self._grid = [side // patch_size for side in img_size]
        places = self._grid[0] * self._grid[1]
        self.patch_embed = HybridEmbedding(in_channels, embed_dim)
        draw = TruncatedNormal(std=0.02)
        self.cls_token = self.create_parameter([1, 1, embed_dim], default_initializer=draw)
        self.pos_embed = self.create_parameter([1, places + 1, embed_dim], default_initializer=draw)
        self.blocks = nn.LayerList([ViTBlock(embed_dim, num_heads, 4 * embed_dim) for _ in range(depth)])
        self.norm = nn.LayerNorm(embed_dim, epsilon=EPSILON)
        self.out_channels = embed_dim

    @staticmethod
    def check_arguments(embed_dim, num_heads):
        """Yields a width that the heads do not divide."""
        yield from undivided([embed_dim], [num_heads], "embed_dim")

    def forward(self, x):
        """Maps images ``[N, in_channels, H, W]`` to tokens ``[N, 1 + H / 16 * W / 16, C]``, both rounded up."""
        x = self.patch_embed(x)
        first = (self.cls_token + self.pos_embed[:, :1]).expand([x.shape[0], -1, -1])
        tokens = to_tokens(x) + self._places(x.shape[2:])
        x = paddle.concat([first, tokens], axis=1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def _places(self, shape):
        """Returns the places of the pixels of a map, which are those of the upper left part of the largest.

        Raises:
            ConfigError: the map is larger than that.
        """
        if any(side > most for side, most in zip(shape, self._grid)):
            found, most = ([SHRINK * side for side in sides] for sides in (shape, self._grid))
            raise ConfigError(f"images of {found} pixels are larger than Backbone.img_size, {most}")
        grid = self.pos_embed[:, 1:].reshape([1, *self._grid, self.out_channels])
        height, width = shape
        return grid[:, :height, :width].flatten(1, 2)
