"""Maps of text kernels and of the shifts towards them."""

import paddle.nn.functional as F
from paddle import nn

from ppocr.registry import HEADS
from ppocr.values import Width

STRIDE = 4  # pixels of the image to one of the maps


@HEADS.register(name="CT_Head")
class CTHead(nn.Layer):
    """Logits of the kernels, and the shifts from each pixel to the kernel of its text.

    Source: CentripetalText (https://arxiv.org/abs/2107.05945), section 3.2.

    Args:
        in_channels: channels of the features.
        hidden_dim: channels between the two convolutions.
        num_classes: maps; the logits and shifts along x and y are 3.
    """

    def __init__(self, in_channels: int, hidden_dim: Width = 128, num_classes: Width = 3):
        super().__init__()
        self.conv1 = nn.Conv2D(in_channels, hidden_dim, 3, padding=1)
        self.bn1 = nn.BatchNorm2D(hidden_dim)
        self.conv2 = nn.Conv2D(hidden_dim, num_classes, 1)

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to ``{"maps": ...}``.

        In training ``maps`` are ``[N, num_classes, H, W]``; in evaluation they are a quarter of that in height and
        width, and ``score``, ``[N, H / 4, W / 4]``, are the probabilities of kernels.
        """
        maps = self.conv2(F.relu(self.bn1(self.conv1(x))))
        if self.training:
            size = [STRIDE * side for side in maps.shape[2:]]
            return {"maps": F.interpolate(maps, size=size, mode="bilinear")}
        return {"maps": maps, "score": F.sigmoid(maps[:, 0])}
