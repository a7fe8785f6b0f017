"""PP-HGNetV2: PP-HGNet with a lighter aggregation and depthwise convolutions, for detection and recognition.

Source: the backbone of RT-DETR (https://arxiv.org/abs/2304.08069).
"""

from typing import NamedTuple

from paddle import nn

from ppocr.modeling.layers.aggregation import AggregationStage, stack_outputs, stage_strides
from ppocr.modeling.layers.channels import as_rgb
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.parameter_options import exempt_norms_from_decay
from ppocr.modeling.layers.pool import pool_text_line
from ppocr.modeling.layers.stages import run_stages
from ppocr.modeling.layers.stem import TwoPathStem
from ppocr.registry import BACKBONES
from ppocr.values import Classes

LAYERS = 6  # convolutions of a block
LAST_CHANNELS = 2048


class HGNetV2Stage(NamedTuple):
    """Channels inside and behind the blocks, how many blocks, and whether they are light (5x5 depthwise)."""

    middle: int
    out: int
    blocks: int
    light: bool


STEMS = {"B4": (32, 48), "B6": (48, 96)}
STAGES = {
    "B4": (
        HGNetV2Stage(48, 128, 1, False),
        HGNetV2Stage(96, 512, 1, False),
        HGNetV2Stage(192, 1024, 3, True),
        HGNetV2Stage(384, 2048, 1, True),
    ),
    "B6": (
        HGNetV2Stage(96, 192, 2, False),
        HGNetV2Stage(192, 512, 3, False),
        HGNetV2Stage(384, 1024, 6, True),
        HGNetV2Stage(768, 2048, 3, True),
    ),
}


class LightConv(nn.Layer):
    """Pointwise convolution, then a depthwise one with an activation."""

    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__()
        self.conv1 = ConvNormAct(in_channels, out_channels, 1)
        self.conv2 = ConvNormAct(out_channels, out_channels, kernel_size, groups=out_channels, act="relu")

    def forward(self, x):
        return self.conv2(self.conv1(x))


class HGNetV2Block(nn.Layer):
    """Convolutions in a row; input and all outputs are stacked, squeezed to half the width and brought to it.

    Args:
        shortcut: add the input, which has ``stage.out`` channels then.
    """

    def __init__(self, in_channels, stage, shortcut):
        super().__init__()
        widths = [in_channels, *[stage.middle] * LAYERS]
        layers = [
            LightConv(a, b, 5) if stage.light else ConvNormAct(a, b, 3, act="relu") for a, b in zip(widths, widths[1:])
        ]
        self.layers = nn.LayerList(layers)
        self.aggregation_squeeze_conv = ConvNormAct(sum(widths), stage.out // 2, 1, act="relu")
        self.aggregation_excitation_conv = ConvNormAct(stage.out // 2, stage.out, 1, act="relu")
        self._shortcut = shortcut

    def forward(self, x):
        y = self.aggregation_excitation_conv(self.aggregation_squeeze_conv(stack_outputs(x, self.layers)))
        return x + y if self._shortcut else y


class PPHGNetV2(nn.Layer):
    """Stem and four stages, and the layers of the image classifier, which are never run.

    The classifier's layers are there because checkpoints have them.

    Args:
        size: a key of ``STAGES``.
        in_channels: channels of the image.
        text_line: strides for text lines: 1/2 in the stem, then mostly in height.
        class_num: classes of the classifier; None leaves out its last layer.
    """

    def __init__(self, size, in_channels=3, text_line=False, class_num=None):
        super().__init__()
        self.stem = TwoPathStem(in_channels, STEMS[size], 1 if text_line else 2)
        stages, channels = [], STEMS[size][-1]
        for stage, stride in zip(STAGES[size], stage_strides(det=not text_line)):
            stages.append(AggregationStage(channels, stage, _block_maker(stage), stride))
            channels = stage.out
        self.stages = nn.LayerList(stages)
        self.last_conv = nn.Conv2D(channels, LAST_CHANNELS, 1, bias_attr=False)
        self.fc = None if class_num is None else nn.Linear(LAST_CHANNELS, class_num)
        self.stage_channels = [stage.out for stage in STAGES[size]]
        exempt_norms_from_decay(self)

    def stage_maps(self, x):
        """Maps ``[N, in_channels, H, W]`` to the list of the four stages' maps."""
        return run_stages(self.stem(x), self.stages)


def _block_maker(stage):
    return lambda in_channels, shortcut: HGNetV2Block(in_channels, stage, shortcut)


@BACKBONES.register(name="PPHGNetV2_B4")
class PPHGNetV2B4(PPHGNetV2):
    """PP-HGNetV2-B4 as a feature pyramid (``det``) or as a map of a text line (``text_rec``).

    Args:
        in_channels: channels of the image.
        det: the maps at 1/4, 1/8, 1/16 and 1/32 of the image.
        text_rec: the map of a text line, one pixel high.
    """

    def __init__(self, in_channels: int = 3, det: bool = False, text_rec: bool = False):
        super().__init__("B4", in_channels, text_rec, class_num=None if det else 1000)
        self.out_channels = self.stage_channels if det else self.stage_channels[-1]
        self._det = det

    @staticmethod
    def check_arguments(det, text_rec):
        """Yields a problem unless exactly one form is chosen."""
        if det == text_rec:
            yield "", "set one of det and text_rec"

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to a list of four maps (``det``) or to ``[N, out_channels, 1, T]``.

        For a text line H is 48; T is 40 in training, whatever the width, and W / 8 in evaluation.
        """
        maps = self.stage_maps(x)
        return maps if self._det else pool_text_line(maps[-1], self.training)


class FormulaBackbone(nn.Layer):
    """PP-HGNetV2 on an image of a formula, whose map is read as a sequence.

    Source: PP-FormulaNet (https://arxiv.org/abs/2503.18382).

    Args:
        size: a key of ``STAGES``.
        in_channels: channels of the image; one channel is repeated.
        class_num: classes of the classifier, which is never run.
    """

    reads_grey = True

    def __init__(self, size, in_channels, class_num):
        super().__init__()
        self._name = f"pphgnet_{size.lower()}"
        setattr(self, self._name, PPHGNetV2(size, in_channels, class_num=class_num))
        self.out_channels = LAST_CHANNELS

    def forward(self, x):
        """Maps ``[N, 3 or 1, H, W]`` to ``[N, H / 32 * W / 32, 2048]``."""
        maps = getattr(self, self._name).stage_maps(as_rgb(x))
        return maps[-1].flatten(2).transpose([0, 2, 1])


@BACKBONES.register(name="PPHGNetV2_B4_Formula")
class PPHGNetV2B4Formula(FormulaBackbone):
    """PP-HGNetV2-B4 for formulas; see :class:`FormulaBackbone`."""

    def __init__(self, in_channels: int = 3, class_num: Classes = 1000):
        super().__init__("B4", in_channels, class_num)


@BACKBONES.register(name="PPHGNetV2_B6_Formula")
class PPHGNetV2B6Formula(FormulaBackbone):
    """PP-HGNetV2-B6 for formulas; see :class:`FormulaBackbone`."""

    def __init__(self, in_channels: int = 3, class_num: Classes = 1000):
        super().__init__("B6", in_channels, class_num)
