"""SRN: visual features of every character slot, refined by a language model that reads both ways at once."""

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.registry import HEADS
from ppocr.values import Classes, Depth, Heads, TextLength, Width

PLACES = 256  # pixels of the map: 8 rows of 32
NEVER = -1e9


def _dropout():
    """Returns dropout as the published weights need it: kept values stay, in evaluation all shrink."""
    return nn.Dropout(0.1, mode="downscale_in_infer")


class SRNAttention(nn.Layer):
    """Self-attention without biases."""

    def __init__(self, width, heads):
        super().__init__()
        self.dropout = _dropout()
        self.q_fc, self.k_fc, self.v_fc, self.proj_fc = (nn.Linear(width, width, bias_attr=False) for _ in range(4))
        self._heads = heads

    def forward(self, x, mask=None):
        query, key, value = (split_heads(fc(x), 1, self._heads)[0] for fc in (self.q_fc, self.k_fc, self.v_fc))
        # published weights were trained with the whole width here, not that of one head
        return self.proj_fc(attend(query, key, value, mask, x.shape[2] ** -0.5, self.dropout))


class Norm(nn.Layer):
    """Layer normalisation."""

    def __init__(self, width):
        super().__init__()
        self.layer_norm_0 = nn.LayerNorm(width)

    def forward(self, x):
        return self.layer_norm_0(x)


class SRNFeedForward(nn.Layer):
    """Two linear layers with a ReLU in between."""

    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.fc2 = nn.Linear(width, width)
        self.dropout = _dropout()

    def forward(self, x):
        return self.fc2(self.dropout(F.relu(self.fc1(x))))


class Unit(nn.Layer):
    """Transformer unit: attention and linear layers, each normalised first and added to its input."""

    def __init__(self, width, heads):
        super().__init__()
        self.preprocesser1 = Norm(width)
        self.self_attn = SRNAttention(width, heads)
        self.preprocesser2 = Norm(width)
        self.ffn = SRNFeedForward(width)
        self.dropout = _dropout()

    def forward(self, x, mask=None):
        x = x + self.dropout(self.self_attn(self.preprocesser1(x), mask))
        return x + self.dropout(self.ffn(self.preprocesser2(x)))


class Units(nn.Layer):
    """Several units and a last normalisation."""

    def __init__(self, count, width, heads):
        super().__init__()
        self._units = [self.add_sublayer(f"layer_{i}", Unit(width, heads)) for i in range(count)]
        self.processor = Norm(width)

    def forward(self, x, mask=None):
        for unit in self._units:
            x = unit(x, mask)
        return self.processor(x)


def _embedding(count, width, padding_idx=None):
    weight = ParamAttr(initializer=Normal(0.0, width**-0.5))
    return nn.Embedding(count, width, padding_idx, weight_attr=weight)


class Positions(nn.Layer):
    """Scales features and adds a vector for each place, which is drawn once and not trained."""

    def __init__(self, count, width):
        super().__init__()
        self.emb = _embedding(count, width)
        self.dropout = _dropout()

    def forward(self, x):
        return self.dropout(x * x.shape[2] ** 0.5 + self.emb.weight[: x.shape[1]].detach())


class FeatureEncoder(nn.Layer):
    """Context for every pixel of the map, ``[N, T, C]``."""

    def __init__(self, count, width, heads):
        super().__init__()
        self.prepare_encoder = Positions(PLACES, width)
        self.encoder = Units(count, width, heads)

    def forward(self, x):
        return self.encoder(self.prepare_encoder(x))


class WordEmbedding(nn.Layer):
    """Vectors of classes and of their places; class 0 has none, as in the published weights."""

    def __init__(self, classes, length, width):
        super().__init__()
        self.emb0 = _embedding(classes, width, padding_idx=0)
        self.emb1 = _embedding(length, width)
        self.dropout = _dropout()

    def forward(self, words):
        width = self.emb0.weight.shape[1]
        # detached as a part: Paddle 2 would store a parameter that is detached whole twice
        places = self.emb1.weight[: words.shape[1]].detach()
        return self.dropout(self.emb0(words) * width**0.5 + places)


class WordEncoder(nn.Layer):
    """Context for every class of a text, ``[N, L]`` to ``[N, L, C]``."""

    def __init__(self, classes, length, count, width, heads):
        super().__init__()
        self.prepare_decoder = WordEmbedding(classes, length, width)
        self.encoder = Units(count, width, heads)

    def forward(self, words, mask):
        return self.encoder(self.prepare_decoder(words), mask)


class ParallelVisualAttention(nn.Layer):
    """For each character slot the mean of the map that its attention gives, ``[N, C, H, W]`` to ``[N, L, C]``."""

    def __init__(self, length, units, width, heads):
        super().__init__()
        self.wrap_encoder_for_feature = FeatureEncoder(units, width, heads)
        self.fc0 = nn.Linear(width, width)
        self.emb = nn.Embedding(length, width)
        self.fc1 = nn.Linear(width, 1, bias_attr=False)

    def forward(self, x):
        features = self.fc0(self.wrap_encoder_for_feature(x.flatten(2).transpose([0, 2, 1])))
        slots = self.emb.weight.reshape([1, -1, 1, x.shape[1]])
        scores = self.fc1((slots + features.unsqueeze(1)).tanh()).squeeze(-1)
        return F.softmax(scores, axis=-1).matmul(features)


class SemanticReasoning(nn.Layer):
    """Language model on the likeliest classes: the characters left and right of each slot predict the one in it.

    Both directions share the vectors of the classes, which score the result too.
    """

    def __init__(self, classes, length, units, width, heads):
        super().__init__()
        self.fc0 = nn.Linear(width, classes)
        self.wrap_encoder0 = WordEncoder(classes + 1, length, units, width, heads)
        self.wrap_encoder1 = WordEncoder(classes + 1, length, units, width, heads)
        self.wrap_encoder1.prepare_decoder.emb0 = self.wrap_encoder0.prepare_decoder.emb0
        self._start = classes

    def forward(self, x):
        """Returns features ``[N, L, C]``, visual logits ``[N, L, classes]`` and semantic ones with one class more."""
        visual = self.fc0(x)
        words = visual.argmax(axis=-1)
        length = words.shape[1]
        later = paddle.triu(paddle.full([length, length], NEVER), diagonal=1)
        shifted = paddle.concat([paddle.full_like(words[:, :1], self._start), words[:, :-1]], axis=1)
        forward = self.wrap_encoder0(shifted, later)
        backward = self.wrap_encoder1(words, later.transpose([1, 0]))
        backward = paddle.concat([backward[:, 1:], paddle.zeros_like(backward[:, :1])], axis=1)
        features = forward + backward
        weight = self.wrap_encoder0.prepare_decoder.emb0.weight
        return features, visual, features.matmul(weight, transpose_y=True)


class VisualSemanticFusion(nn.Layer):
    """Visual and semantic features, each with the weight that a gate gives, and the classes they predict."""

    def __init__(self, classes, width):
        super().__init__()
        self.fc0 = nn.Linear(2 * width, width)
        self.fc1 = nn.Linear(width, classes)

    def forward(self, visual, semantic):
        gate = F.sigmoid(self.fc0(paddle.concat([visual, semantic], axis=2)))
        return self.fc1(gate * visual + (1.0 - gate) * semantic)


@HEADS.register()
class SRNHead(nn.Layer):
    """Semantic reasoning network.

    Source: https://arxiv.org/abs/2003.12294, section 3.

    Args:
        in_channels: channels of the map; must be ``hidden_dims``.
        out_channels: number of classes, the padding included; follows from the dictionary.
        max_text_length: character slots.
        num_heads: attention heads.
        num_encoder_TUs: transformer units on the map.
        num_decoder_TUs: transformer units of the language model, in each direction.
        hidden_dims: width of all layers.
    """

    model_average = True
    fixed_size = True  # the map's places have vectors of their own

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {
        "gsrm.fc0.weight": (1, 0),
        "gsrm.fc0.bias": (0, 0),
        "gsrm.wrap_encoder0.prepare_decoder.emb0.weight": (0, 0),
        "gsrm.wrap_encoder1.prepare_decoder.emb0.weight": (0, 0),
        "vsfd.fc1.weight": (1, 0),
        "vsfd.fc1.bias": (0, 0),
    }

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        max_text_length: TextLength = 25,
        num_heads: Heads = 8,
        num_encoder_TUs: Depth = 2,
        num_decoder_TUs: Depth = 4,
        hidden_dims: Width = 512,
    ):
        super().__init__()
        sizes = (hidden_dims, num_heads)
        self.pvam = ParallelVisualAttention(max_text_length, num_encoder_TUs, *sizes)
        self.gsrm = SemanticReasoning(out_channels, max_text_length, num_decoder_TUs, *sizes)
        self.vsfd = VisualSemanticFusion(out_channels, hidden_dims)

    @staticmethod
    def check_arguments(in_channels, hidden_dims, num_heads):
        """Yields a width that does not fit."""
        if in_channels not in (None, hidden_dims):
            message = f"'hidden_dims' must be the channels of the map, {in_channels}, not {hidden_dims}"
            yield "hidden_dims", message
        if hidden_dims % num_heads:
            yield "num_heads", f"'hidden_dims' {hidden_dims} must be a multiple of 'num_heads' {num_heads}"

    def forward(self, x):
        """Maps ``[N, in_channels, 8, 32]`` to a dictionary; slots of all lines stand in a row, ``[N * L, ...]``.

        ``predict``: scores of the classes (logits in training, else probabilities); ``pvam_feature`` ``[N, L, C]``;
        ``decoded_out``: likeliest classes ``[N * L, 1]``; ``word_out``: visual logits; ``gsrm_out``: semantic logits,
        with one class more.
        """
        visual = self.pvam(x)
        semantic, word_out, gsrm_out = self.gsrm(visual)
        scores = self.vsfd(visual, semantic).flatten(0, 1)
        return {
            "predict": scores if self.training else F.softmax(scores, axis=1),
            "pvam_feature": visual,
            "decoded_out": scores.argmax(axis=1, keepdim=True),
            "word_out": word_out.flatten(0, 1),
            "gsrm_out": gsrm_out.flatten(0, 1),
        }
