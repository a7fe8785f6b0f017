"""Attention along the rows and the columns of a map."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct


class CrossAttention(nn.Layer):
    """Context attention: each pixel looks at those of its row, and at those of its column.

    Source: SAST (https://arxiv.org/abs/1908.05498), section 3.2, the context attention block.

    Args:
        channels: of the map, and of the result.
    """

    def __init__(self, channels):
        super().__init__()
        for name in ("theta", "phi", "g"):
            self.add_sublayer(f"{name}_conv", ConvNormAct(channels, channels, 1, act="relu"))
        for name in ("fh", "fv"):
            self.add_sublayer(f"{name}_weight_conv", ConvNormAct(channels, channels, 1))
            self.add_sublayer(f"{name}_sc_conv", ConvNormAct(channels, channels, 1))
        self.f_attn_conv = ConvNormAct(2 * channels, channels, 1, act="relu")

    def forward(self, x):
        """Maps ``[N, channels, H, W]`` to the same shape."""
        maps = [self.theta_conv(x), self.phi_conv(x), self.g_conv(x)]
        rows = _attend(*(plane.transpose([0, 2, 3, 1]) for plane in maps)).transpose([0, 3, 1, 2])
        columns = _attend(*(plane.transpose([0, 3, 2, 1]) for plane in maps)).transpose([0, 3, 2, 1])
        rows = F.relu(self.fh_weight_conv(rows) + self.fh_sc_conv(x))
        columns = F.relu(self.fv_weight_conv(columns) + self.fv_sc_conv(x))
        return self.f_attn_conv(paddle.concat([rows, columns], axis=1))


def _attend(query, key, value):
    """Returns scaled dot-product attention within each line; all three ``[N, lines, length, channels]``."""
    scores = (query * query.shape[3] ** -0.5).matmul(key, transpose_y=True)
    return F.softmax(scores, axis=-1).matmul(value)
