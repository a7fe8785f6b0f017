"""The vision transformer that PARSeq reads images with."""

from typing import Annotated

from paddle import nn
from paddle.nn.initializer import TruncatedNormal

from ppocr.modeling.layers.channels import undivided
from ppocr.modeling.layers.drop import drop_path_rates
from ppocr.modeling.layers.patch_embed import PatchEmbedding
from ppocr.modeling.layers.vit_block import EPSILON, ViTBlock
from ppocr.registry import BACKBONES
from ppocr.values import Depth, Dropout, Heads, Range, Ratio, Size, Width

PatchSide = Annotated[int, Range(1, 64)]


@BACKBONES.register()
class ViTParseQ(nn.Layer):
    """Patches as tokens, and blocks of attention among them.

    Source: An Image is Worth 16x16 Words (https://arxiv.org/abs/2010.11929), as PARSeq
    (https://arxiv.org/abs/2207.06966) has it: no token for the class of the image.

    Args:
        img_size: height and width of the image.
        patch_size: height and width of a patch.
        in_channels: channels of the image.
        embed_dim: width of a token.
        depth: number of blocks.
        num_heads: attention heads.
        mlp_ratio: hidden width of a block's linear layers to that of a token.
        qkv_bias: whether queries, keys and values have a bias.
        drop_rate, attn_drop_rate: dropout in the blocks and of attention weights.
        drop_path_rate: share of samples for which the last block is left out in training; 0 for the first.
    """

    fixed_size = True  # each patch has learnt its place

    def __init__(
        self,
        img_size: Size = (224, 224),
        patch_size: tuple[PatchSide, PatchSide] = (16, 16),
        in_channels: int = 3,
        embed_dim: Width = 768,
        depth: Depth = 12,
        num_heads: Heads = 12,
        mlp_ratio: Ratio = 4,
        qkv_bias: bool = True,
        drop_rate: Dropout = 0.0,
        attn_drop_rate: Dropout = 0.0,
        drop_path_rate: Dropout = 0.0,
    ):
        super().__init__()
        patches = (img_size[0] // patch_size[0]) * (img_size[1] // patch_size[1])
        draw = TruncatedNormal(std=0.02)
        self.pos_embed = self.create_parameter([1, patches, embed_dim], default_initializer=draw)
        # Checkpoints have it; nothing reads it.
        self.cls_token = self.create_parameter([1, 1, embed_dim], default_initializer=draw)
        self.patch_embed = PatchEmbedding(in_channels, embed_dim, patch_size)
        self.pos_drop = nn.Dropout(drop_rate)
        (rates,) = drop_path_rates(drop_path_rate, [depth])
        options = (embed_dim, num_heads, int(embed_dim * mlp_ratio), qkv_bias, drop_rate, attn_drop_rate)
        self.blocks = nn.LayerList([ViTBlock(*options, rate) for rate in rates])
        self.norm = nn.LayerNorm(embed_dim, epsilon=EPSILON)
        self.out_channels = embed_dim

    @staticmethod
    def check_arguments(img_size, patch_size, embed_dim, num_heads):
        """Yields what does not fit."""
        yield from undivided([embed_dim], [num_heads], "embed_dim")
        if img_size[0] % patch_size[0] or img_size[1] % patch_size[1]:
            yield "img_size", f"'img_size' {list(img_size)} must be whole patches of {list(patch_size)}"

    def forward(self, x):
        """Maps ``[N, in_channels, *img_size]`` to tokens ``[N, T, embed_dim]``, row after row."""
        x = self.pos_drop(self.patch_embed(x) + self.pos_embed)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)
