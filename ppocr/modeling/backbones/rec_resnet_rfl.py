"""ResNet-32 with a branch that counts characters and one that reads them.

Source: Reciprocal Feature Learning via Explicit and Implicit Tasks in Scene Text Recognition
(https://arxiv.org/abs/2105.06229).
"""

from paddle import nn

from ppocr.modeling.backbones.rec_resnet_32 import Chain, deep_steps, run, shallow_steps
from ppocr.registry import BACKBONES

WIDTH = 512


class Shallow(nn.Layer):
    """What both branches share."""

    def __init__(self, in_channels):
        super().__init__()
        self.ConvNet = Chain()
        self._steps = shallow_steps(self.ConvNet, in_channels, WIDTH)

    def forward(self, x):
        return run(self._steps, x)


@BACKBONES.register(scope="rec")
class ResNetRFL(Chain):
    """ResNet-32 with two ends.

    Source: Reciprocal Feature Learning (https://arxiv.org/abs/2105.06229).

    Args:
        in_channels: channels of the image.
        use_cnt: have the end for counting.
        use_seq: have the end for reading.
    """

    def __init__(self, in_channels: int, use_cnt: bool = True, use_seq: bool = True):
        super().__init__()
        self.backbone = Shallow(in_channels)
        self._reading = deep_steps(self, WIDTH) if use_seq else None
        self._counting = deep_steps(self, WIDTH, "v_") if use_cnt else None
        self.out_channels = [WIDTH, WIDTH]

    def forward(self, x):
        """Maps ``[N, in_channels, 32, W]`` to two maps ``[N, 512, 1, W // 4 + 1]``, or None: to count, and to read."""
        x = self.backbone(x)
        return [None if steps is None else run(steps, x) for steps in (self._counting, self._reading)]
