"""TSRN, which reads its maps in rows and columns, taught by a recogniser of strokes.

Source: Scene Text Image Super-Resolution in the Wild (https://arxiv.org/abs/2005.03341), and for the recogniser Text
Gestalt (https://arxiv.org/abs/2112.08171).
"""

from dataclasses import dataclass

import paddle

from ppocr.modeling.layers.super_resolution import ResidualBlock, SuperResolution
from ppocr.registry import TRANSFORMS
from ppocr.text.strokes import END, STROKES


class ReadingBlock(ResidualBlock):
    """Convolutions, then a GRU along the columns of what they add and one along the rows of the sum."""

    def forward(self, x):
        added = self.gru1(self.convolve(x).transpose([0, 1, 3, 2])).transpose([0, 1, 3, 2])
        return self.gru2(x + added)


@TRANSFORMS.register()
@dataclass(eq=False, repr=False)
class TSRN(SuperResolution):
    """Makes images of text sharper and larger with sequence layers; its recogniser knows ten strokes and an end.

    Source: https://arxiv.org/abs/2005.03341, figure 4.
    """

    teacher_name = "r34_transformer"
    classes = len(STROKES)
    teaching = ("length", "input_tensor")

    def make_block(self, channels):
        """See :class:`SuperResolution`."""
        return ReadingBlock(channels)

    def spell(self, length, input_tensor):
        """Returns the strokes of texts and their numbers, as :class:`SRLabelEncode` gives them."""
        longest = int(length.max())
        known = input_tensor[:, 1:longest].astype("int64")  # it begins with a 0 before the first
        return paddle.concat([known, paddle.full_like(input_tensor[:, :1], END, "int64")], axis=1), length
