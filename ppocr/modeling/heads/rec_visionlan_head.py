"""VisionLAN: a recogniser that learns language by reading images in which one character is hidden."""

from typing import Annotated, Literal

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal, XavierNormal

from ppocr.modeling.layers.attention import attend, split_heads
from ppocr.registry import HEADS
from ppocr.values import Classes, Depth, Range, TextLength

HEADS_COUNT, HIDDEN = 8, 2048
# What guesses and masks a character; the whole text is read without it.
MASK_BRANCH = ("MLM_VRM.MLM.", "MLM_VRM.Prediction.pp_share.", "MLM_VRM.Prediction.w_share.")


class PositionTable(nn.Layer):
    """Adds sines and cosines of the position to ``[N, T, C]``."""

    def __init__(self, length, width):
        super().__init__()
        channel = np.arange(width)
        angles = np.arange(length)[:, None] / 10000.0 ** (2 * (channel // 2) / width)
        table = np.where(channel % 2 == 0, np.sin(angles), np.cos(angles))[None]
        self.register_buffer("pos_table", paddle.to_tensor(table.astype(np.float32)))

    def forward(self, x):
        return x + self.pos_table[:, : x.shape[1]].astype(x.dtype)


class VisionLANAttention(nn.Layer):
    """Attention among tokens, added to them and normalised."""

    def __init__(self, width, dropout=0.1):
        super().__init__()
        draw = ParamAttr(initializer=Normal(0.0, np.sqrt(2.0 / (width + width // HEADS_COUNT))))
        self.w_qs, self.w_ks, self.w_vs = (nn.Linear(width, width, weight_attr=draw) for _ in range(3))
        self.layer_norm = nn.LayerNorm(width)
        self.fc = nn.Linear(width, width, weight_attr=ParamAttr(initializer=XavierNormal()))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        query, key, value = (split_heads(fc(x), 1, HEADS_COUNT)[0] for fc in (self.w_qs, self.w_ks, self.w_vs))
        return self.layer_norm(x + self.dropout(self.fc(attend(query, key, value, drop=self.dropout))))


class VisionLANFeedForward(nn.Layer):
    """Two convolutions of one step with a ReLU in between, added to the tokens and normalised."""

    def __init__(self, width, hidden, dropout=0.1):
        super().__init__()
        self.w_1 = nn.Conv1D(width, hidden, 1)
        self.w_2 = nn.Conv1D(hidden, width, 1)
        self.layer_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        y = self.w_2(F.relu(self.w_1(x.transpose([0, 2, 1])))).transpose([0, 2, 1])
        return self.layer_norm(x + self.dropout(y))


class EncoderLayer(nn.Layer):
    """Attention and feed-forward."""

    def __init__(self, width):
        super().__init__()
        self.slf_attn = VisionLANAttention(width)
        self.pos_ffn = VisionLANFeedForward(width, HIDDEN)

    def forward(self, x):
        return self.pos_ffn(self.slf_attn(x))


class TransformerEncoder(nn.Layer):
    """Context for tokens ``[N, T, C]``."""

    def __init__(self, layers, length, width, dropout=0.1):
        super().__init__()
        self.position_enc = PositionTable(length, width)
        self.dropout = nn.Dropout(dropout)
        self.layer_stack = nn.LayerList([EncoderLayer(width) for _ in range(layers)])
        self.layer_norm = nn.LayerNorm(width, epsilon=1e-6)

    def forward(self, x):
        x = self.dropout(self.position_enc(x))
        for layer in self.layer_stack:
            x = layer(x)
        return self.layer_norm(x)


class SlotReader(nn.Layer):
    """For each character slot the mean of the tokens that its attention gives, ``[N, T, C]`` to ``[N, slots, C]``."""

    def __init__(self, slots, length, width):
        super().__init__()
        self.f0_embedding = nn.Embedding(slots, width)
        self.w0 = nn.Linear(slots, length)
        self.wv = nn.Linear(width, width)
        self.we = nn.Linear(width, slots)

    def forward(self, x):
        order = self.w0(self.f0_embedding.weight.transpose([1, 0])).transpose([1, 0])
        scores = self.we((order + self.wv(x)).tanh())
        return F.softmax(scores.transpose([0, 2, 1]), axis=-1).matmul(x)


class Prediction(nn.Layer):
    """Classes of the whole text, and of the two parts of a text with one character hidden."""

    def __init__(self, slots, length, width, classes):
        super().__init__()
        self.pp = SlotReader(slots, length, width)
        self.pp_share = SlotReader(slots, length, width)
        self.w_vrm = nn.Linear(width, classes)
        self.w_share = nn.Linear(width, classes)

    def whole(self, x):
        return self.w_vrm(self.pp(x))

    def part(self, x):
        return self.w_share(self.pp_share(x))


class MaskedLanguageModule(nn.Layer):
    """Finds the pixels of one character, so that they can be hidden."""

    def __init__(self, slots, length, width):
        super().__init__()
        self.MLM_SequenceModeling_mask = TransformerEncoder(2, length, width)
        self.MLM_SequenceModeling_WCL = TransformerEncoder(1, length, width)
        self.pos_embedding = nn.Embedding(slots, width)
        self.w0_linear = nn.Linear(1, length)
        self.wv = nn.Linear(width, width)
        self.we = nn.Linear(width, 1)

    def forward(self, x, place):
        """Returns features without the character, features of it alone, and its mask ``[N, T, 1]`` in (0, 1).

        Args:
            x: tokens ``[N, T, C]``.
            place: which character of each text, ``[N]``.
        """
        where = self.w0_linear(self.pos_embedding(place.astype("int64")).unsqueeze(2)).transpose([0, 2, 1])
        mask = F.sigmoid(self.we((where + self.wv(self.MLM_SequenceModeling_mask(x))).tanh()))
        parts = (self.MLM_SequenceModeling_WCL(part) for part in (x * (1.0 - mask), x * mask))
        return (*parts, mask)


class VisualReasoning(nn.Layer):
    """Visual reasoning module with the masked language module that trains it."""

    def __init__(self, layers, length, width, max_text_length, classes):
        super().__init__()
        self.MLM = MaskedLanguageModule(max_text_length, length, width)
        self.SequenceModeling = TransformerEncoder(layers, length, width)
        self.Prediction = Prediction(max_text_length + 1, length, width, classes)

    def parameters_of_parts(self):
        """Returns the parameters that the whole text is read without."""
        layers = (self.MLM, self.Prediction.pp_share, self.Prediction.w_share)
        return [parameter for layer in layers for parameter in layer.parameters()]

    def read(self, x):
        """Returns the logits of the whole text, ``[N, slots, classes]``."""
        return self.Prediction.whole(self.SequenceModeling(x))

    def read_parts(self, x, place, hide):
        """Returns the logits of the whole text, of the text without one character, and of that character.

        Args:
            hide: hide the character of the first half of the batch, before the whole text is read.
        """
        rest, single, mask = self.MLM(x, place)
        if hide:
            lines = x.shape[0]
            chosen = (paddle.arange(lines) < max(lines // 2, 1)).astype(x.dtype).reshape([-1, 1, 1])
            x = x * (1.0 - mask.detach() * chosen)
        return self.read(x), self.Prediction.part(rest), self.Prediction.part(single)


@HEADS.register()
class VLHead(nn.Layer):
    """Visual reasoning on tokens of the map.

    Source: From Two to One: A New Scene Text Recognizer with Visual Language Modeling Network
    (https://arxiv.org/abs/2108.09661).

    Args:
        in_channels: channels of the map; must be ``n_dim``.
        out_channels: number of characters; follows from the dictionary. The end of a text is one class more.
        n_layers: transformer layers of the visual reasoning.
        n_position: pixels of the map.
        n_dim: width of the layers.
        max_text_length: characters of the longest text.
        training_step: ``LF_1`` reads whole texts, and what finds and reads one character is frozen; ``LF_2`` adds that;
            ``LA`` hides the character in half of the batch.
    """

    feed = ("label", "label_res", "label_sub", "label_id")
    fixed_size = True  # the map's places have vectors of their own

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {
        "MLM_VRM.Prediction.w_vrm.weight": (1, 1),
        "MLM_VRM.Prediction.w_vrm.bias": (0, 1),
        "MLM_VRM.Prediction.w_share.weight": (1, 1),
        "MLM_VRM.Prediction.w_share.bias": (0, 1),
    }

    # Factors of the learning rate, {stage: {beginning of parameter names: factor}}, "" for the rest of the model: LF_1
    # trains what reads whole texts, LF_2 adds the mask branch to what LF_1 has learned, LA trains all at one rate.
    learning_rate_scales = {
        "LF_1": dict.fromkeys(MASK_BRANCH, 0.0),
        "LF_2": {**dict.fromkeys(MASK_BRANCH, 1.0), "": 0.1},
        "LA": {},
    }

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes = 36,
        n_layers: Depth = 3,
        n_position: Annotated[int, Range(1, 100_000)] = 256,
        n_dim: Annotated[int, Range(HEADS_COUNT, 4_096, step=HEADS_COUNT)] = 512,
        max_text_length: TextLength = 25,
        training_step: Literal["LF_1", "LF_2", "LA"] = "LA",
    ):
        super().__init__()
        self.MLM_VRM = VisualReasoning(n_layers, n_position, n_dim, max_text_length, out_channels + 1)
        self.training_step = training_step
        if training_step == "LF_1":
            for parameter in self.MLM_VRM.parameters_of_parts():
                parameter.stop_gradient = True

    @staticmethod
    def check_arguments(in_channels, n_dim):
        """Yields a width that does not fit."""
        if in_channels not in (None, n_dim):
            yield "n_dim", f"'n_dim' must be the channels of the map, {in_channels}, not {n_dim}"

    def forward(self, x, targets=None):
        """Reads a map ``[N, in_channels, H, W]`` of ``n_position`` pixels.

        Args:
            x: the map.
            targets: in training label, label without one character, that character, its position ``[N]``.

        Returns:
            In training the logits ``[slots, N, classes]`` of the whole text and, but for ``LF_1``, of the text without
            one character and of that character. In evaluation the logits ``[slots, N, classes]`` and the tokens
            ``[N, n_position, n_dim]``, column after column. There is one slot more than characters.
        """
        tokens = x.transpose([0, 3, 2, 1]).flatten(1, 2)
        if not self.training:
            return self.MLM_VRM.read(tokens).transpose([1, 0, 2]), tokens
        if self.training_step == "LF_1":
            texts = (self.MLM_VRM.read(tokens),)
        else:
            _, _, _, places, *_ = targets
            texts = self.MLM_VRM.read_parts(tokens, places, hide=self.training_step == "LA")
        return tuple(text.transpose([1, 0, 2]) for text in texts)
