"""The block of SVTR, of which backbones and necks of text lines are built, and its convolution.

Source: SVTR: Scene Text Recognition with a Single Visual Model (https://arxiv.org/abs/2205.00159).
"""

from paddle import nn
from paddle.nn.initializer import KaimingNormal

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.modeling.layers.drop import DropPath
from ppocr.modeling.layers.mlp import MLP


class SVTRConv(ConvNormAct):
    """:class:`ConvNormAct` as checkpoints of SVTR have it."""

    names = ("conv", "norm")
    initializer = KaimingNormal


class SVTRBlock(nn.Layer):
    """Mixing of tokens ``[N, T, C]``, then two linear layers, each with a shortcut.

    Args:
        width: of a token.
        mixer: layer that keeps the shape of tokens.
        norm_after: normalise each sum, instead of what goes into each branch.
        drop_path: share of samples for which a branch is left out in training.
        epsilon: of the normalisation.
    """

    def __init__(
        self, width, mixer, mlp_ratio=4.0, act="gelu", norm_after=False, drop_path=0.0, dropout=0.0, epsilon=1e-6
    ):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, epsilon=epsilon)
        self.mixer = mixer
        self.norm2 = nn.LayerNorm(width, epsilon=epsilon)
        self.mlp = MLP(width, int(width * mlp_ratio), act, dropout)
        self.drop_path = DropPath(drop_path)
        self._norm_after = norm_after

    def forward(self, x):
        if self._norm_after:
            x = self.norm1(x + self.drop_path(self.mixer(x)))
            return self.norm2(x + self.drop_path(self.mlp(x)))
        x = x + self.drop_path(self.mixer(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))
