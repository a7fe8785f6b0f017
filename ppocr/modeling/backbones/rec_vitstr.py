"""ViTSTR: a vision transformer whose first tokens become the characters."""

from typing import Literal, Optional

import paddle
from paddle import ParamAttr, nn
from paddle.nn.initializer import TruncatedNormal

from ppocr.modeling.layers.attention import SelfAttention
from ppocr.modeling.layers.drop import drop_path_rates
from ppocr.modeling.layers.patch_embed import PatchEmbedding
from ppocr.modeling.layers.svtr_block import SVTRBlock
from ppocr.registry import BACKBONES
from ppocr.values import Depth, Dropout, Heads, Ratio, Size, TextLength, Width

SIZES = {"tiny": (192, 3), "small": (384, 6), "base": (768, 12)}  # width of a token, attention heads


@BACKBONES.register()
class ViTSTR(nn.Layer):
    """Transformer blocks on the patches of an image and one more token, which stands first.

    Source: Vision Transformer for Fast and Efficient Scene Text Recognition (https://arxiv.org/abs/2105.08582).

    Args:
        img_size: height and width of the image.
        in_channels: channels of the image.
        scale: ``tiny``, ``small`` or ``base``: width of the tokens and number of attention heads.
        seqlen: tokens that are given, those of start and end mark included.
        patch_size: height and width of a patch.
        embed_dim, num_heads: width of the tokens and attention heads, in place of those of ``scale``.
        depth: number of blocks.
        mlp_ratio: hidden width of a block's linear layers to that of the tokens.
        qkv_bias: whether queries, keys and values have a bias.
        drop_path_rate: share of samples that the last block leaves out in training; less for those before it.
        drop_rate, attn_drop_rate: dropout of the tokens and of the attention weights.
    """

    fixed_size = True  # each patch has learnt its place

    def __init__(
        self,
        img_size: Size = (224, 224),
        in_channels: int = 1,
        scale: Literal["tiny", "small", "base"] = "tiny",
        seqlen: TextLength = 27,
        patch_size: Size = (16, 16),
        embed_dim: Optional[Width] = None,
        depth: Depth = 12,
        num_heads: Optional[Heads] = None,
        mlp_ratio: Ratio = 4,
        qkv_bias: bool = True,
        drop_path_rate: Dropout = 0.0,
        drop_rate: Dropout = 0.0,
        attn_drop_rate: Dropout = 0.0,
    ):
        super().__init__()
        width, heads = embed_dim or SIZES[scale][0], num_heads or SIZES[scale][1]
        self.patch_embed = PatchEmbedding(in_channels, width, patch_size)
        tokens = _patches(img_size, patch_size) + 1
        draw = ParamAttr(initializer=TruncatedNormal(std=0.02))
        self.pos_embed = self.create_parameter([1, tokens, width], attr=draw)
        self.cls_token = self.create_parameter([1, 1, width], attr=draw)
        self.pos_drop = nn.Dropout(drop_rate)
        self.blocks = nn.LayerList()
        (rates,) = drop_path_rates(drop_path_rate, [depth])
        for rate in rates:
            mixer = SelfAttention(width, heads, None, None, qkv_bias, drop_rate, attn_drop_rate)
            self.blocks.append(SVTRBlock(width, mixer, mlp_ratio, drop_path=rate, dropout=drop_rate))
        self.norm = nn.LayerNorm(width, epsilon=1e-6)
        self._length = seqlen
        self.out_channels = width

    @staticmethod
    def check_arguments(img_size, patch_size, seqlen, scale, embed_dim, num_heads):
        """Yields sizes that do not fit."""
        if img_size[0] % patch_size[0] or img_size[1] % patch_size[1]:
            yield "patch_size", f"'patch_size' {list(patch_size)} does not divide 'img_size' {list(img_size)}"
        elif seqlen > _patches(img_size, patch_size) + 1:
            yield "seqlen", f"'seqlen' {seqlen} is above the number of tokens, {_patches(img_size, patch_size) + 1}"
        width, heads = embed_dim or SIZES[scale][0], num_heads or SIZES[scale][1]
        if width % heads:
            yield "embed_dim", f"'embed_dim' must be a multiple of 'num_heads', {heads}, not {width}"

    def forward(self, x):
        """Maps images ``[N, in_channels, *img_size]`` to the first tokens, ``[N, width, 1, seqlen]``."""
        patches = self.patch_embed(x)
        first = self.cls_token.expand([patches.shape[0], -1, -1])
        x = self.pos_drop(paddle.concat([first, patches], axis=1) + self.pos_embed)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, : self._length].transpose([0, 2, 1]).unsqueeze(2)


def _patches(img_size, patch_size):
    return (img_size[0] // patch_size[0]) * (img_size[1] // patch_size[1])
