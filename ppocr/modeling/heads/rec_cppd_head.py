"""CPPD: a recogniser that counts the characters of a line and finds their places before it reads them all at once."""

from collections.abc import Sequence
from typing import Optional

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import TruncatedNormal

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.modeling.layers.drop import DropPath
from ppocr.modeling.layers.linear import normal_linear
from ppocr.modeling.layers.mlp import MLP
from ppocr.registry import HEADS
from ppocr.values import Classes, Count, Depth, Dropout, TextLength, Width

HEAD_WIDTH = 32  # of attention
MLP_RATIO = 4


class NodeAttention(nn.Layer):
    """Attention of queries to a sequence."""

    def __init__(self, width):
        super().__init__()
        self.q = normal_linear(width, width)
        self.kv = normal_linear(width, 2 * width)
        self.proj = normal_linear(width, width)
        self._heads = width // HEAD_WIDTH

    def forward(self, query, memory):
        (query,) = split_heads(self.q(query), 1, self._heads)
        return self.proj(attend(query, *split_heads(self.kv(memory), 2, self._heads)))


class NodeDecoderLayer(nn.Layer):
    """Nodes and tokens of the image look at the tokens, then two linear layers; each sum is normalised."""

    def __init__(self, width, drop_path):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.normkv = nn.LayerNorm(width)  # checkpoints have it; nothing reads it
        self.mixer = NodeAttention(width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, MLP_RATIO * width, "gelu")
        self.drop_path = DropPath(drop_path)

    def forward(self, x, nodes):
        """Returns nodes and tokens ``[N, nodes + T, C]``, of which the first ``nodes`` are nodes, one layer later."""
        x = self.norm1(x + self.drop_path(self.mixer(x, x[:, nodes:])))
        return self.norm2(x + self.drop_path(self.mlp(x)))


class EdgeDecoderLayer(nn.Layer):
    """For each place what the characters on the image have for it, then two linear layers; each sum is normalised.

    Scores of this attention are not scaled.
    """

    def __init__(self, width, drop_path):
        super().__init__()
        self.p, self.cv, self.pv, self.p_proj = (normal_linear(width, width) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = MLP(width, MLP_RATIO * width, "gelu")
        self.drop_path = DropPath(drop_path)
        self._heads = width // HEAD_WIDTH

    def forward(self, places, characters):
        """Returns places ``[N, P, C]`` that have read the tokens ``[N, T, C]``."""
        layers = ((self.p, places), (self.pv, characters), (self.cv, characters))
        parts = [split_heads(layer(x), 1, self._heads)[0] for layer, x in layers]
        x = self.norm1(places + self.drop_path(self.p_proj(attend(*parts, scale=1.0))))
        return self.norm2(x + self.drop_path(self.mlp(x)))


class NodeEmbedding(nn.Layer):
    """A vector for each node."""

    def __init__(self, count, width):
        super().__init__()
        self.embedding = nn.Embedding(count, width, weight_attr=TruncatedNormal(std=0.02))

    def forward(self, x):
        return self.embedding(x) * self.embedding.weight.shape[1] ** 0.5


@HEADS.register()
class CPPDHead(nn.Layer):
    """Nodes that count characters, nodes that find places, and edges that say which character stands where.

    Source: Context Perception Parallel Decoder for Scene Text Recognition (https://arxiv.org/abs/2307.12270).

    Args:
        in_channels: not read: what comes before says the channels of a stage that it may not have.
        dim: width of the tokens of the image, and of the layers.
        out_channels: number of classes; follows from the dictionary.
        num_layer: layers of the node decoders.
        drop_path_rate: share of samples for which a branch is left out in training.
        max_len: characters of the longest text.
        vis_seq: number of tokens of the image.
        ch: for large dictionaries: a step counts only the classes that the label names.
    """

    fixed_size = True  # each token has learnt its place

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {
        "char_node_embed.embedding.weight": (0, 1),
        "edge_fc.weight": (1, 1),
        "edge_fc.bias": (0, 1),
    }

    def __init__(
        self,
        in_channels: int,
        dim: Width,
        out_channels: Classes,
        num_layer: Depth = 2,
        drop_path_rate: Dropout = 0.1,
        max_len: TextLength = 25,
        vis_seq: Count = 50,
        ch: bool = False,
    ):
        super().__init__()
        self.feed = self.feed_of({"ch": ch})
        self._places, self._classes = max_len + 1, out_channels
        draw = TruncatedNormal(std=0.02)
        self.char_node_embed, self.pos_node_embed = NodeEmbedding(out_channels, dim), NodeEmbedding(self._places, dim)
        self.char_pos_embed = self.create_parameter([1, self._places, dim], default_initializer=draw)
        self.vis_pos_embed = self.create_parameter([1, vis_seq, dim], default_initializer=draw)
        self.char_node_decoder, self.pos_node_decoder = (
            nn.LayerList([NodeDecoderLayer(dim, drop_path_rate) for _ in range(num_layer)]) for _ in range(2)
        )
        self.edge_decoder = EdgeDecoderLayer(dim, drop_path_rate)
        self.char_node_fc1 = normal_linear(dim, max_len)
        self.pos_node_fc1 = normal_linear(dim, self._places)
        self.edge_fc = normal_linear(dim, out_channels)

    @staticmethod
    def check_arguments(dim):
        """Yields a width that has no whole number of heads."""
        if dim % HEAD_WIDTH:
            yield "dim", f"'dim': {dim} must be a multiple of {HEAD_WIDTH}, the width of an attention head"

    @staticmethod
    def feed_of(arguments):
        """Returns the names of the fields that the head is fed with."""
        return ("label", "label_node", "label_index") if arguments.get("ch") else ()

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads the tokens of an image ``[N, vis_seq, dim]``.

        Args:
            x: the tokens.
            targets: with ``ch`` label, counts, and the classes to count, ``[N, K]``, which alone are read, in training.

        Returns:
            In training logits of the count of each class ``[N, K, max_len]`` and of each place being filled
            ``[N, max_len + 1]``, as a pair, and those of the classes ``[N, max_len + 1, out_channels]``.
            In evaluation the probabilities of the classes.
        """
        lines = x.shape[0]
        x = x + self.vis_pos_embed
        places = self.pos_node_embed(paddle.arange(self._places)).unsqueeze(0) + self.char_pos_embed
        places = _decode(self.pos_node_decoder, places.expand([lines, -1, -1]), x)[:, : self._places]
        if not self.training:
            characters = x
            for layer in self.char_node_decoder:
                characters = layer(characters, 0)
            return F.softmax(self.edge_fc(self.edge_decoder(places, characters)).astype("float32"), axis=-1)
        counts = self._counted(lines, targets)
        count = counts.shape[1]
        characters = _decode(self.char_node_decoder, counts, x)
        filled = self.pos_node_fc1(places).diagonal(axis1=1, axis2=2)  # each place has weights of its own
        nodes = (self.char_node_fc1(characters[:, :count]), filled)
        return nodes, self.edge_fc(self.edge_decoder(places, characters[:, count:]))

    def _counted(self, lines, targets):
        """Returns the nodes of the classes that are counted, ``[N, K, dim]``."""
        if self.feed:
            _, _, classes, *_ = targets
            return self.char_node_embed(classes.astype("int64"))
        return self.char_node_embed(paddle.arange(self._classes)).unsqueeze(0).expand([lines, -1, -1])


def _decode(layers, nodes, tokens):
    """Returns nodes and tokens behind the layers, ``[N, nodes + T, C]``."""
    x, count = paddle.concat([nodes, tokens], axis=1), nodes.shape[1]
    for layer in layers:
        x = layer(x, count)
    return x
