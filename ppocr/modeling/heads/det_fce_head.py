"""Maps of text regions, their centres and the Fourier coefficients of their outlines."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal

from ppocr.registry import HEADS
from ppocr.values import Range

CLASSES = 4  # no text and text, no centre and centre


@HEADS.register()
class FCEHead(nn.Layer):
    """Two convolutions that all levels of a pyramid share.

    Source: Fourier Contour Embedding (https://arxiv.org/abs/2104.10442), section 3.3.

    Args:
        in_channels: channels of each level.
        fourier_degree: greatest order k of the coefficients.
    """

    def __init__(self, in_channels: int, fourier_degree: Annotated[int, Range(1, 100)] = 5):
        super().__init__()
        self.out_conv_cls = _conv(in_channels, CLASSES)
        self.out_conv_reg = _conv(in_channels, 2 * (2 * fourier_degree + 1))

    def forward(self, x):
        """Maps a list of levels ``[N, in_channels, H_i, W_i]`` to ``{"level_0": ..., "level_1": ...}``.

        A level is ``[N, 4 + 2 (2k + 1), H_i, W_i]``: scores of no text and text, of no centre and centre of a text,
        real and imaginary parts of the coefficients -k ... k. Scores are logits in training, else probabilities.
        """
        return {f"level_{i}": self._level(level) for i, level in enumerate(x)}

    def _level(self, x):
        scores, coefficients = self.out_conv_cls(x), self.out_conv_reg(x)
        if not self.training:
            scores = paddle.concat([F.softmax(pair, axis=1) for pair in scores.split(2, axis=1)], axis=1)
        return paddle.concat([scores, coefficients], axis=1)


def _conv(in_channels, out_channels):
    weight = ParamAttr(initializer=Normal(0.0, 0.01))
    return nn.Conv2D(in_channels, out_channels, 3, padding=1, weight_attr=weight)
