"""Stages whose blocks stack the outputs of all their convolutions.

Source: An Energy and GPU-Computation Efficient Backbone Network (https://arxiv.org/abs/1904.09730).
"""

import paddle
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct

TEXT_LINE_STRIDES = ((2, 1), (1, 2), (2, 1), (2, 1))


def stack_outputs(x, layers):
    """Runs ``layers`` in a row and returns the input and all their outputs along the channels."""
    outputs = [x]
    for layer in layers:
        outputs.append(layer(outputs[-1]))
    return paddle.concat(outputs, axis=1)


class AggregationStage(nn.Layer):
    """An optional depthwise convolution that shrinks the map, then the blocks of a stage.

    Args:
        stage: has the channels behind the blocks, ``out``, and their number, ``blocks``.
        make_block: ``(in_channels, shortcut) -> layer``.
        stride: of the first convolution; None leaves it out.
    """

    def __init__(self, in_channels, stage, make_block, stride):
        super().__init__()
        self.downsample = None
        if stride is not None:
            self.downsample = ConvNormAct(in_channels, in_channels, 3, stride, groups=in_channels)
        widths = [in_channels, *[stage.out] * (stage.blocks - 1)]
        self.blocks = nn.Sequential(*[make_block(width, i > 0) for i, width in enumerate(widths)])

    def forward(self, x):
        return self.blocks(x if self.downsample is None else self.downsample(x))


def stage_strides(det):
    """Returns the strides of the four stages; None where a stage starts without one."""
    return (None, 2, 2, 2) if det else TEXT_LINE_STRIDES
