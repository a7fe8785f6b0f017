"""The block of the vision transformer.

Source: An Image is Worth 16x16 Words (https://arxiv.org/abs/2010.11929).
"""

from paddle import nn

from ppocr.modeling.layers.attention import SelfAttention
from ppocr.modeling.layers.drop import DropPath
from ppocr.modeling.layers.mlp import MLP

EPSILON = 1e-6


class ViTBlock(nn.Layer):
    """Self-attention, then two linear layers, each with a shortcut around it and its normalisation.

    Args:
        width: of a token.
        heads: of attention.
        hidden: width between the linear layers.
        qkv_bias: whether queries, keys and values have a bias.
        dropout, attention_dropout: of what is added and of attention weights.
        drop_path: share of samples for which a branch is left out in training.
    """

    def __init__(self, width, heads, hidden, qkv_bias=True, dropout=0.0, attention_dropout=0.0, drop_path=0.0):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, epsilon=EPSILON)
        self.attn = SelfAttention(width, heads, qkv_bias=qkv_bias, dropout=dropout, attention_dropout=attention_dropout)
        self.norm2 = nn.LayerNorm(width, epsilon=EPSILON)
        self.mlp = MLP(width, hidden, "gelu", dropout)
        self.drop_path = DropPath(drop_path)

    def forward(self, x):
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))
