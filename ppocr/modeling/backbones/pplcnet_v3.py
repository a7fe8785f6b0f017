"""PP-LCNetV3: depthwise separable convolutions that train as several branches, for detection and recognition.

Source: PP-LCNet (https://arxiv.org/abs/2109.15099), with the branches of RepVGG (https://arxiv.org/abs/2101.03697)
and learnable affine layers.
"""

from typing import Annotated, NamedTuple, Optional, Union

from paddle import nn

from ppocr.modeling.layers.channels import make_divisible
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.parameter_options import exempt_norms_from_decay, scale_learning_rate
from ppocr.modeling.layers.pool import pool_text_line
from ppocr.modeling.layers.rep_conv import RepConv
from ppocr.modeling.layers.squeeze_excite import SqueezeExcite
from ppocr.modeling.layers.stages import run_stages
from ppocr.registry import BACKBONES
from ppocr.values import Range, Scale, Share

STEM_CHANNELS = 16
DET_WIDTHS = (16, 24, 56, 480)  # channels of the four maps for detection, before scaling


class LCNetV3Row(NamedTuple):
    """One block, before scaling."""

    kernel: int
    out: int
    stride: Union[int, tuple]
    squeeze: bool = False


STAGES = {
    "det": {
        "blocks2": (LCNetV3Row(3, 32, 1),),
        "blocks3": (LCNetV3Row(3, 64, 2), LCNetV3Row(3, 64, 1)),
        "blocks4": (LCNetV3Row(3, 128, 2), LCNetV3Row(3, 128, 1)),
        "blocks5": (LCNetV3Row(3, 256, 2), *[LCNetV3Row(5, 256, 1)] * 4),
        "blocks6": (
            LCNetV3Row(5, 512, 2, True),
            LCNetV3Row(5, 512, 1, True),
            LCNetV3Row(5, 512, 1),
            LCNetV3Row(5, 512, 1),
        ),
    },
    "rec": {
        "blocks2": (LCNetV3Row(3, 32, 1),),
        "blocks3": (LCNetV3Row(3, 64, 1), LCNetV3Row(3, 64, 1)),
        "blocks4": (LCNetV3Row(3, 128, (2, 1)), LCNetV3Row(3, 128, 1)),
        "blocks5": (LCNetV3Row(3, 256, (1, 2)), *[LCNetV3Row(5, 256, 1)] * 4),
        "blocks6": (
            LCNetV3Row(5, 512, (2, 1), True),
            LCNetV3Row(5, 512, 1, True),
            LCNetV3Row(5, 512, (2, 1)),
            LCNetV3Row(5, 512, 1),
        ),
    },
}


class SeparableBlock(nn.Layer):
    """Depthwise convolution, optional squeeze-and-excitation, pointwise convolution."""

    def __init__(self, in_channels, row, branches, rate):
        super().__init__()
        more = {"branches": branches, "rate": rate}
        self.dw_conv = RepConv(in_channels, in_channels, row.kernel, row.stride, groups=in_channels, **more)
        self.se = SqueezeExcite(in_channels) if row.squeeze else None
        self.pw_conv = RepConv(in_channels, row.out, 1, 1, **more)

    def forward(self, x):
        x = self.dw_conv(x)
        return self.pw_conv(x if self.se is None else self.se(x))


@BACKBONES.register()
class PPLCNetV3(nn.Layer):
    """PP-LCNetV3 as a feature pyramid (``det``) or as a map of a text line.

    Args:
        in_channels: channels of the image.
        scale: factor on the channel numbers, which stay multiples of 16.
        conv_kxk_num: convolutions of the full size that train in parallel.
        lr_mult_list: shares of the learning rate for the stem and the five stages, 1 by default.
        lab_lr: share of the learning rate for the affine layers, in addition.
        det: the form for detection: the maps at 1/4, 1/8, 1/16 and 1/32 of the image.
    """

    def __init__(
        self,
        in_channels: int = 3,
        scale: Scale = 1.0,
        conv_kxk_num: Annotated[int, Range(1, 16)] = 4,
        lr_mult_list: Optional[tuple[Share, Share, Share, Share, Share, Share]] = None,
        lab_lr: Share = 0.1,
        det: bool = False,
    ):
        super().__init__()
        rates = lr_mult_list or [1.0] * 6
        channels = make_divisible(STEM_CHANNELS * scale, 16)
        self.conv1 = ConvNormAct(in_channels, channels, 3, stride=2)
        self._stages, widths = [], []
        for name, rows in STAGES["det" if det else "rec"].items():
            blocks = []
            for row in rows:
                row = row._replace(out=make_divisible(row.out * scale, 16))
                blocks.append(SeparableBlock(channels, row, conv_kxk_num, lab_lr))
                channels = row.out
            self._stages.append(self.add_sublayer(name, nn.Sequential(*blocks)))
            widths.append(channels)
        self.layer_list = None
        self.out_channels = channels
        if det:
            self.out_channels = [int(width * scale) for width in DET_WIDTHS]
            self.layer_list = nn.LayerList([nn.Conv2D(a, b, 1) for a, b in zip(widths[1:], self.out_channels)])
        exempt_norms_from_decay(self)
        for part, rate in zip((self.conv1, *self._stages), rates):
            scale_learning_rate(part, rate)

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of four maps (``det``) or to ``[N, out_channels, 1, T]``.

        For a text line H is 48; T is 40 in training, whatever the width, and W / 8 in evaluation.
        """
        maps = run_stages(self.conv1(x), self._stages)
        if self.layer_list is not None:
            return [layer(m) for layer, m in zip(self.layer_list, maps[1:])]
        return pool_text_line(maps[-1], self.training)
