"""Differentiable binarization with a second look at the probability map."""

from typing import Annotated, Literal

import paddle
from paddle import nn

from ppocr.modeling.heads.det_db_head import DBHead, Steepness, probabilities
from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.upsample import upsample_nearest
from ppocr.registry import HEADS
from ppocr.values import Range

WIDTHS = {"large": 4, "small": 8}  # channels of the features to those of the refinement


class Refinement(nn.Layer):
    """A probability map refined by features of the same size; gives logits.

    Args:
        in_channels: channels of the features.
        channels: width of the hidden layer.
    """

    def __init__(self, in_channels, channels):
        super().__init__()
        self.last_3 = ConvNormAct(in_channels + 1, channels, 3, act="relu")
        self.last_1 = nn.Conv2D(channels, 1, 1)

    def forward(self, features, probability):
        """Maps ``[N, in_channels, H, W]`` and ``[N, 1, H, W]`` to ``[N, 1, H, W]``."""
        return self.last_1(self.last_3(paddle.concat([probability, features], axis=1)))


@HEADS.register()
class PFHeadLocal(DBHead):
    """:class:`DBHead` whose probability map is refined from the features that made it.

    Source: PP-OCRv4's detector, whose head joins the heads of PP-OCRv3 and of CentripetalText
    (https://arxiv.org/abs/2107.05945).

    Args:
        in_channels: channels of the features.
        k: steepness of the approximate step.
        mode: width of the refinement.
        fix_nan: set what is not a number to 0 between the layers in training.
    """

    def __init__(
        self,
        in_channels: Annotated[int, Range(8)],
        k: Steepness = 50,
        mode: Literal["large", "small"] = "small",
        fix_nan: bool = False,
    ):
        super().__init__(in_channels, k, fix_nan=fix_nan)
        self.cbn_layer = Refinement(in_channels // 4, in_channels // WIDTHS[mode])

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to ``{"maps": ...}``.

        In evaluation the mean of the probability map and its refinement, ``[N, 1, H, W]``. In training the refinement,
        the threshold map and the binary map made from the unrefined one, ``[N, 3, H, W]``, and this binary map alone
        as ``cbn_maps``, ``[N, 1, H, W]``.
        """
        features = self.binarize.features(x)
        probability = self.binarize.last(features)
        refined = probabilities(self.cbn_layer(upsample_nearest(features, 2), probability))
        if not self.training:
            return {"maps": 0.5 * (probability + refined)}
        threshold = self.thresh(x)
        binary = self.step(probability, threshold)
        return {"maps": paddle.concat([refined, threshold, binary], axis=1), "cbn_maps": binary}
