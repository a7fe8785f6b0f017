"""MobileNetV3 that shrinks height more than width, for text lines."""

from typing import Literal, Optional

from paddle import nn

from ppocr.modeling.backbones.mobilenet_v3 import LAST_CHANNELS, ROWS, STEM_CHANNELS, make_blocks
from ppocr.modeling.layers.channels import make_divisible
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.registry import BACKBONES
from ppocr.values import Pool, Scale, Stride

STRIDED = {"large": (0, 1, 3, 12), "small": (0, 1, 3, 8)}  # the blocks that take a stride from the configuration
Strides = tuple[Stride, Stride, Stride, Stride]
DEFAULT_STRIDES = {"large": (1, 2, 2, 2), "small": (2, 2, 2, 2)}


@BACKBONES.register(scope=("rec", "cls"), name="MobileNetV3")
class RecMobileNetV3(nn.Layer):
    """MobileNetV3 without its classifier; the width shrinks to a quarter, the height to one row.

    The height is 32 pixels, or 48 with the default strides of ``small``.

    Args:
        in_channels: channels of the image.
        model_name: which of the two published tables.
        scale: factor on all channel numbers, which stay multiples of 8.
        large_stride, small_stride: 4 strides in height for the model of that name, by default 1 2 2 2 and 2 2 2 2; the
            first one of ``large`` is in width too.
        disable_se: leave out squeeze-and-excitation.
        last_pool_type: ``avg`` for a mean at the end, else the maximum of 2x2.
        last_pool_kernel_size: height and width of that mean.
    """

    def __init__(
        self,
        in_channels: int = 3,
        model_name: Literal["large", "small"] = "small",
        scale: Scale = 0.5,
        large_stride: Optional[Strides] = None,
        small_stride: Optional[Strides] = None,
        disable_se: bool = False,
        last_pool_type: Literal["max", "avg"] = "max",
        last_pool_kernel_size: Optional[tuple[Pool, Pool]] = None,
    ):
        super().__init__()
        strides = {"large": large_stride, "small": small_stride}[model_name] or DEFAULT_STRIDES[model_name]
        rows = _with_strides(model_name, strides)
        last = make_divisible(LAST_CHANNELS[model_name] * scale)
        self.conv1 = ConvNormAct(in_channels, make_divisible(STEM_CHANNELS * scale), 3, 2, act="hardswish")
        self.blocks = nn.Sequential(*make_blocks(rows, scale, disable_se))
        self.conv2 = ConvNormAct(make_divisible(rows[-1].out * scale), last, 1, act="hardswish")
        if last_pool_type == "avg":
            kernel = last_pool_kernel_size or [2, 2]
            self.pool = nn.AvgPool2D(kernel_size=kernel, stride=kernel)
        else:
            self.pool = nn.MaxPool2D(kernel_size=2, stride=2)
        self.out_channels = last

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, out_channels, 1, W / 4]``."""
        return self.pool(self.conv2(self.blocks(self.conv1(x))))


def _with_strides(model_name, strides):
    """Returns the rows of the table with the strides of text lines."""
    rows = [row._replace(stride=1) for row in ROWS[model_name]]
    for position, stride in zip(STRIDED[model_name], strides):
        # a number, not a pair, keeps the shortcut of the first block of the large model
        whole = model_name == "large" and position == 0
        rows[position] = rows[position]._replace(stride=stride if whole else (stride, 1))
    return rows
